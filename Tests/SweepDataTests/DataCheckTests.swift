import SweepCore
import SweepData
import SweepNumerics
import Testing

/// Each check of the data: rows that show what it looks for, and rows near them that must not.
@Suite struct DataCheckTests {
    /// Two classes told apart by `a` with noise; `b` and `c` are noise.
    private struct Table {
        var rows: [[Double]]
        var labels: [String]
        var names = ["a", "b", "c"]

        init(_ count: Int = 400, seed: UInt64 = 1, classes: Int = 2) {
            var stream = RandomStream(key: seed)
            labels = (0..<count).map { "k\($0 % classes)" }
            rows = (0..<count).map { row in
                [2.0 * Double(row % classes) + stream.normal(), stream.normal(), 0.5 * stream.normal()]
            }
        }

        func text(_ cell: (Int, Int) -> String? = { _, _ in nil }) -> String {
            var lines = [(names + ["label"]).joined(separator: ",")]
            for (index, row) in rows.enumerated() {
                lines.append(
                    (row.enumerated().map { cell(index, $0.offset) ?? "\($0.element)" } + [labels[index]]).joined(
                        separator: ","
                    )
                )
            }
            return lines.joined(separator: "\n")
        }

        func findings(
            validation: SplitPart = .fraction(0.25),
            steps: [PreprocessStep] = [],
            _ cell: (Int, Int) -> String? = { _, _ in nil }
        ) throws -> [DataFinding] {
            let data = try load(text(cell), task: .classification, validation: validation, preprocess: [.impute]).get()
            return DataChecks.findings(data, steps: steps)
        }
    }

    private func checks(_ findings: [DataFinding], least: DataFinding.Severity = .warning) -> [DataCheck] {
        findings.filter { $0.severity >= least }.map(\.check)
    }

    @Test func `sound tables raise nothing, whatever the seed`() throws {
        for seed in 0..<20 as Range<UInt64> {
            let found = try Table(seed: seed).findings()
            #expect(checks(found).isEmpty, "seed \(seed): \(found)")
        }
    }

    // covers: C7 R18
    @Test func `missing values are counted, many are a warning`() throws {
        let few = try Table().findings { row, column in column == 1 && row == 7 ? "" : nil }
        #expect(few.first { $0.check == .missing }?.severity == .note)
        let many = try Table().findings { row, column in column == 1 && row % 10 == 0 ? "?" : nil }
        let finding = try #require(many.first { $0.check == .missing })
        #expect(finding.severity == .warning && finding.text.contains("'b'"), "\(finding)")
    }

    // covers: C7
    @Test func `a number that stands for missing is found, a common value among others is not`() throws {
        let found = try Table().findings { row, column in column == 2 && row % 25 == 0 ? "-999" : nil }
        let finding = try #require(found.first { $0.check == .sentinel })
        #expect(finding.examples.first?.hasPrefix("c: -999 in row ") ?? false, "\(finding)")
        #expect(
            !checks(try Table().findings { row, column in column == 2 && row % 25 == 0 ? "1" : nil }).contains(
                .sentinel
            )
        )
    }

    // covers: C7
    @Test func `the end of a scale stands for nothing, however rare and far out it is`() throws {
        // A pixel of 0 … 16 that is nearly always dark.
        func pixel(_ row: Int) -> Int { row % 25 == 0 ? 16 : row % 40 == 7 ? 15 : row % 3 }
        #expect(
            !checks(try Table().findings { row, column in column == 2 ? "\(pixel(row))" : nil }).contains(.sentinel)
        )
        #expect(
            checks(
                try Table().findings { row, column in column == 2 ? "\(row % 25 == 0 ? 99 : pixel(row))" : nil }
            ).contains(.sentinel)
        )
        // Two of them, for "do not know" and "no answer".
        #expect(
            checks(
                try Table().findings { row, column in
                    column == 2 ? "\(row % 25 == 0 ? 99 : row % 25 == 1 ? 98 : row % 11)" : nil
                }
            ).contains(.sentinel)
        )
    }

    @Test func `constant columns are named`() throws {
        let found = try Table().findings { _, column in column == 1 ? "3" : nil }
        #expect(found.first { $0.check == .constant }?.examples == ["b = 3"])
    }

    // covers: C8
    @Test func `sizes that differ are a fault, unless preprocessing scales them`() throws {
        var table = Table()
        for row in table.rows.indices { table.rows[row][1] *= 1000 }
        let found = try table.findings()
        #expect(found.first { $0.check == .scale }?.severity == .fault)
        let scaled = try table.findings(steps: [.standardize])
        #expect(scaled.first { $0.check == .scale }?.severity == .note)
        // Standardised columns leave [-1, 1], and that is no finding.
        #expect(!(try Table().findings().contains { $0.check == .scale }))
    }

    // covers: C6 R18 T4
    @Test func `one far value is found by the median, though its own deviation hides it`() throws {
        let found = try Table(100).findings(validation: .none) { row, column in row == 0 && column == 0 ? "100" : nil }
        let finding = try #require(found.first { $0.check == .outlier })
        #expect(finding.severity == .warning && finding.examples == ["row 1 (a = 100)"], "\(finding)")
        let bounded = try Table(100).findings(validation: .none, steps: [.winsorize(.deviations(5)), .standardize]) {
            $0 == 0 && $1 == 0 ? "100" : nil
        }
        #expect(bounded.first { $0.check == .outlier }?.severity == .note)
    }

    @Test func `long tails are skew, not outliers`() throws {
        var table = Table()
        for row in table.rows.indices { table.rows[row][1] = Elementary.exp(2 * table.rows[row][1]) }
        let found = try table.findings()
        #expect(found.contains { $0.check == .skew })
        #expect(!checks(found).contains(.outlier))
        // Even numbers from e⁻³ to e³ of a logarithm are cut off before they are skewed by 3, and span two decades; their roots do not.
        for (power, isTold) in [(1.0, true), (0.5, false)] {
            var wide = Table()
            for row in wide.rows.indices {
                let place: Double = Double(row * 7 % 400) / 400
                wide.rows[row][1] = Elementary.exp(power * (6 * place - 3))
            }
            #expect(try wide.findings().contains { $0.check == .skew } == isTold, "\(power)")
        }
    }

    @Test func `copies, conflicts and rows in two parts are found by hash`() throws {
        var table = Table()
        for row in 0..<100 { table.rows[200 + row] = table.rows[row] }
        for row in 0..<100 { table.labels[200 + row] = table.labels[row] }
        let found = try table.findings()
        #expect(checks(found).contains(.duplicate))
        #expect(found.first { $0.check == .overlap }.map { $0.count > 20 } ?? false, "\(found)")
        #expect(!found.contains { $0.check == .conflict })
        for row in 0..<50 { table.labels[200 + row] = table.labels[row] == "k0" ? "k1" : "k0" }
        #expect(try table.findings().contains { $0.check == .conflict })
    }

    // covers: Y10 C12
    @Test func `validation rows that stand in training are a fault when training rows do not repeat`() throws {
        let training = Table(300)
        var validation = Table(100, seed: 2)
        for row in 0..<30 { validation.rows[row] = training.rows[row] }
        let finding = try #require(try Self.overlap(training, validation))
        #expect(finding.severity == .fault && finding.count == 30, "\(finding)")
    }

    /// Of two copies drawn apart one is in validation: a row of either part finds its like in training equally often.
    @Test func `pairs of copies that a split parted are no fault`() throws {
        var training = Table(300)
        var validation = Table(100, seed: 2)
        for row in 0..<40 {
            (training.rows[40 + row], training.labels[40 + row]) = (training.rows[row], training.labels[row])
        }
        for row in 0..<28 {
            (validation.rows[row], validation.labels[row]) = (training.rows[row], training.labels[row])
        }
        // 80 of 300 training rows have a like there, 27 %, and 28 of 100 validation rows.
        let finding = try #require(try Self.overlap(training, validation))
        #expect(finding.severity == .warning && finding.count == 28, "\(finding)")
        #expect(finding.text.hasSuffix("; as often as training rows repeat each other"))
        for row in 28..<60 { validation.rows[row] = training.rows[row] }
        #expect(try Self.overlap(training, validation)?.severity == .fault)
    }

    private static func overlap(_ training: Table, _ validation: Table) throws -> DataFinding? {
        let folder = Folder()
        folder.write("training.csv", training.text())
        folder.write("validation.csv", validation.text())
        let data = try DataSet.load(
            DataSpec(source: .table("training.csv"), validation: .source(.table("validation.csv"))),
            relativeTo: folder.path
        ).get()
        return DataChecks.findings(data).first { $0.check == .overlap }
    }

    // covers: Y10 C12
    @Test func `a column that tells the target is a leak, one that helps is not`() throws {
        var table = Table()
        for row in table.rows.indices { table.rows[row][1] = table.labels[row] == "k0" ? 1 : 2 }
        let finding = try #require(try table.findings().first { $0.check == .featureLeak })
        #expect(finding.severity == .fault && finding.examples == ["b"], "\(finding)")
        // Negative correlation too, with numbers for targets.
        var stream = RandomStream(key: 4)
        let numbers = (0..<200).map { _ -> String in
            let target = stream.normal()
            return "\(-3 * target + 0.01 * stream.normal()),\(stream.normal()),\(stream.normal()),\(target)"
        }
        let regression = try load("p,q,r,y\n" + numbers.joined(separator: "\n"), task: .regression).get()
        #expect(DataChecks.findings(regression).first { $0.check == .featureLeak }?.examples == ["p"])
    }

    // covers: C4
    @Test func `unequal classes are told by shares that fall with their number`() throws {
        var table = Table()
        for row in table.rows.indices { table.labels[row] = row % 25 == 0 ? "k1" : "k0" }
        #expect(checks(try table.findings()).contains(.imbalance))
        for row in table.rows.indices { table.labels[row] = row % 5 == 0 ? "k1" : "k0" }
        #expect(!checks(try table.findings()).contains(.imbalance))
    }

    // covers: C9
    @Test func `targets of large size and offset are told, scaled ones are a note`() throws {
        var stream = RandomStream(key: 6)
        let text =
            "x,y\n"
            + (0..<200).map { _ in
                let x = stream.normal()
                return "\(x),\(100_000 + 5000 * (x + 0.5 * stream.normal()))"
            }.joined(separator: "\n")
        let data = try load(text, task: .regression, validation: .fraction(0.3)).get()
        #expect(DataChecks.findings(data).first { $0.check == .target }?.severity == .warning)
        #expect(DataChecks.findings(data, targetScale: .standardize).first { $0.check == .target }?.severity == .note)
    }

    // covers: C5 R18
    @Test func `flipped labels are doubted, overlapping classes are not`() throws {
        var table = Table(600, classes: 3)
        for row in table.rows.indices { table.rows[row][0] += 4 * Double(row % 3) }
        #expect(!checks(try table.findings()).contains(.labelNoise))
        for row in stride(from: 0, to: 600, by: 10) { table.labels[row] = table.labels[row] == "k0" ? "k2" : "k0" }
        let finding = try #require(try table.findings().first { $0.check == .labelNoise })
        #expect(finding.severity == .warning && finding.measure > 0.05, "\(finding)")
        // Beside classes whose edges overlap, so that many neighbours are undecided.
        var near = Table(600, classes: 3)
        for row in near.rows.indices { near.rows[row][0] += 2 * Double(row % 3) }
        #expect(!checks(try near.findings()).contains(.labelNoise))
        for row in stride(from: 0, to: 600, by: 7) { near.labels[row] = "k\((row + 1) % 3)" }
        #expect(checks(try near.findings()).contains(.labelNoise))
        // A rare class that next to nothing tells from the frequent one: all neighbours agree, and nobody is wrong.
        var rare = Table(1000)
        for row in rare.rows.indices {
            rare.rows[row][0] -= 2 * Double(row % 2)
            rare.labels[row] = row % 5 == 0 ? "k1" : "k0"
        }
        #expect(!checks(try rare.findings()).contains(.labelNoise))
        // Classes that lie in each other: nobody is wrong.
        #expect(!checks(try Table(600).findings()).contains(.labelNoise))
    }

    // covers: C5
    @Test func `labels that are wrong in the hearts of their classes are doubted, weak inputs are not`() throws {
        // Two classes four deviations apart, and 5 of 16 labels of each the other one: hardly any ten neighbours agree.
        var table = Table(2000)
        for row in table.rows.indices { table.rows[row][0] += 2 * Double(row % 2) }
        #expect(!checks(try table.findings()).contains(.labelNoise))
        for row in table.rows.indices where (row / 2) % 16 < 5 { table.labels[row] = "k\((row + 1) % 2)" }
        let finding = try #require(try table.findings().first { $0.check == .labelNoise })
        #expect(finding.severity == .warning && finding.text.contains("agree most"), "\(finding)")
        // Two classes 1.2 deviations apart lie in each other, and nobody is wrong.
        var weak = Table(2000)
        for row in weak.rows.indices { weak.rows[row][0] -= 0.8 * Double(row % 2) }
        #expect(!checks(try weak.findings()).contains(.labelNoise))
    }

    // covers: C5
    @Test func `targets of other rows are told by the tails they leave, normal noise has none`() throws {
        for seed in 0..<3 as Range<UInt64> {
            var stream = RandomStream(key: seed)
            let rows = (0..<600).map { _ -> (Double, Double, Double) in
                let (a, b) = (stream.normal(), stream.normal())
                return (a, b, 3 * a - 2 * b + stream.normal())
            }
            func findings(_ share: Double) throws -> [DataFinding] {
                var stream = RandomStream(key: 70 + seed)
                let targets = rows.map { stream.uniform() < share ? rows[stream.below(600)].2 : $0.2 }
                let text =
                    "a,b,y\n" + zip(rows, targets).map { "\($0.0),\($0.1),\($1)" }.joined(separator: "\n")
                return DataChecks.findings(
                    try load(text, task: .regression, validation: .fraction(0.25)).get(),
                    targetScale: .standardize
                )
            }
            #expect(!checks(try findings(0)).contains(.labelNoise), "seed \(seed)")
            #expect(checks(try findings(0.15)).contains(.labelNoise), "seed \(seed)")
        }
    }

    // covers: T3 P5
    @Test func `a target that knows nothing of the inputs cannot be learnt`() throws {
        var stream = RandomStream(key: 7)
        var table = Table()
        table.labels = table.labels.map { _ in stream.normal() > 0 ? "k0" : "k1" }
        #expect(try table.findings().first { $0.check == .learnability }.map { $0.severity >= .warning } ?? false)
        #expect(try Table().findings().first { $0.check == .learnability }?.severity == .note)
    }

    @Test func `validation rows of another distribution have drifted`() throws {
        let folder = Folder()
        folder.write("training.csv", Table(300).text())
        var moved = Table(200, seed: 2)
        for row in moved.rows.indices { moved.rows[row][2] += 0.6 }
        folder.write("moved.csv", moved.text())
        folder.write("same.csv", Table(200, seed: 3).text())
        func findings(_ file: String) throws -> [DataFinding] {
            DataChecks.findings(
                try DataSet.load(
                    DataSpec(source: .table("training.csv"), validation: .source(.table(file))),
                    relativeTo: folder.path
                ).get()
            )
        }
        #expect(try findings("moved.csv").first { $0.check == .drift }?.examples.first?.hasPrefix("c: ") ?? false)
        #expect(!(try findings("same.csv").contains { $0.check == .drift }))
    }

    // covers: C12 T4
    @Test func `columns standardised before the split are told`() throws {
        var table = Table()
        for column in 0..<3 {
            let moments = Moments(of: table.rows.map { $0[column] })
            for row in table.rows.indices {
                table.rows[row][column] =
                    (table.rows[row][column] - moments.mean) / moments.populationVariance.squareRoot()
            }
        }
        #expect(checks(try table.findings()).contains(.prescaled))
        #expect(!checks(try Table().findings()).contains(.prescaled))
    }

    @Test func `a file sorted by class is a note`() throws {
        var table = Table()
        let order = table.labels.indices.sorted { (table.labels[$0], $0) < (table.labels[$1], $1) }
        table = {
            var sorted = table; sorted.rows = order.map { table.rows[$0] };
            sorted.labels = order.map { table.labels[$0] }; return sorted
        }()
        #expect(try table.findings().first { $0.check == .order }?.severity == .note)
    }

    // covers: C8 C10 P7 R12
    @Test func `images from 0 to 255 are a fault until they are scaled, and uneven light is told`() throws {
        func findings(_ uneven: Double, steps: [PreprocessStep] = []) throws -> [DataFinding] {
            let kind = GeneratorKind.glyphs(classes: 10, jitter: 1, unevenIllumination: uneven, noise: 0.05)
            let data = try DataSet.load(
                DataSpec(source: .generated(GeneratorSpec(kind, rows: 300, seed: 2))),
                relativeTo: ""
            ).get()
            return DataChecks.findings(data, steps: steps)
        }
        #expect(try findings(0).first { $0.check == .imageRange }?.severity == .fault)
        #expect(!(try findings(0, steps: [.scale(1 / 255)]).contains { $0.check == .imageRange }))
        #expect(!(try findings(0).contains { $0.check == .light }))
        #expect(try findings(0.8).contains { $0.check == .light })
    }

    @Test func `the same data give the same findings`() throws {
        let first = try Table(seed: 11).findings()
        for _ in 0..<3 { #expect(try Table(seed: 11).findings() == first) }
    }
}
