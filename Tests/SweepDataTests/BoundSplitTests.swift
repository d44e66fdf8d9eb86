import SweepCore
import SweepData
import SweepNumerics
import Testing

/// Folds, groups and times.
@Suite struct `Bound splits` {
    private func load(
        _ text: String,
        _ validation: SplitPart,
        test: SplitPart = .none,
        rule: RowRule = .independent,
        seed: UInt64 = 0
    ) -> Result<DataSet, DataProblems> {
        let folder = Folder()
        folder.write("t.csv", text)
        return DataSet.load(
            DataSpec(
                source: .table("t.csv"),
                header: .true,
                validation: validation,
                test: test,
                seed: seed,
                rowRule: rule
            ),
            relativeTo: folder.path
        )
    }

    private func table(_ rows: Int) -> String {
        "x,y,label\n" + (0..<rows).map { "\($0),\($0 * $0),\($0 % 4 == 0 ? "a" : "b")\n" }.joined()
    }

    // covers: R22
    @Test(arguments: [true, false])
    func `folds part the rows that test leaves`(_ isStratified: Bool) throws {
        var seen: [Int32] = []
        var tests: Set<[Int32]> = []
        for number in 1...5 {
            let fold = SplitPart.fold(number, of: 5, isStratified: isStratified)
            let split = try load(table(103), fold, test: .fraction(0.2), seed: 9).get().split
            seen += split.validation
            tests.insert(split.test)
            #expect((16...17).contains(split.validation.count))
            let rare = split.validation.count { $0 % 4 == 0 }
            if isStratified { #expect((4...5).contains(rare)) }
            #expect((split.training + split.validation + split.test).sorted() == (0..<103).map { Int32($0) })
        }
        #expect(tests.count == 1)
        #expect((seen + (tests.first ?? [])).sorted() == (0..<103).map { Int32($0) })
    }

    @Test func `folds without rows are refused`() {
        #expect(lines(load(table(8), .fold(9, of: 9))).count == 1)
        #expect(lines(load(table(8), .fold(8, of: 8))) == [])
    }

    @Test func `a share may be drawn without classes`() throws {
        let rows = 400
        let stratified = try load(table(rows), .fraction(0.25)).get().split.validation
        let plain = try load(table(rows), .fraction(0.25, isStratified: false)).get().split.validation
        #expect(stratified.count == 100 && stratified.count { $0 % 4 == 0 } == 25)
        #expect(plain.count == 100 && plain != stratified)
        // Different strata for the two parts: the totals hold.
        let split = try load(table(rows), .fraction(0.25), test: .fraction(0.25, isStratified: false)).get().split
        #expect(split.validation.count == 100 && split.test.count == 100 && split.training.count == 200)
    }

    @Test func `rows of a group are in one part, and the group is no feature`() throws {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        for _ in 0..<50 {
            let groups = (0..<120).map { _ in stream.below(12) }
            let text =
                "x,patient,label\n" + groups.enumerated().map { "\($0),p\($1),\($0 % 2)\n" }.joined()
            let data = try load(
                text,
                .fraction(0.2),
                test: .fraction(0.2),
                rule: .group(.name("patient")),
                seed: stream.next()
            ).get()
            #expect(data.schema.features == ["x"])
            let parts = [data.split.training, data.split.validation, data.split.test]
            let sets = parts.map { Set($0.map { groups[Int($0)] }) }
            #expect(sets[0].isDisjoint(with: sets[1]) && sets[0].isDisjoint(with: sets[2]), "seed \(seed)")
            #expect(sets[1].isDisjoint(with: sets[2]) && sets.allSatisfy { !$0.isEmpty }, "seed \(seed)")
            let largest = (0..<12).map { group in groups.count { $0 == group } }.max() ?? 0
            for part in parts[1...] { #expect(abs(part.count - 24) <= largest, "seed \(seed)") }
        }
    }

    @Test func `folds of groups have about as many rows, and part them`() throws {
        let text = "g,x,label\n" + (0..<90).map { "\($0 / 3),\($0),\($0 % 2)\n" }.joined()
        var seen: [Int32] = []
        for number in 1...4 {
            let split = try load(text, .fold(number, of: 4), rule: .group(.index(0))).get().split
            #expect((21...24).contains(split.validation.count))
            #expect(Set(split.validation.map { $0 / 3 }).isDisjoint(with: split.training.map { $0 / 3 }))
            seen += split.validation
        }
        #expect(seen.sorted() == (0..<90).map { Int32($0) })
        #expect(lines(load(text, .fold(1, of: 31), rule: .group(.index(0)))).count == 1)
    }

    @Test func `a group that two parts would share is refused`() {
        let text = "g,x,label\n" + (0..<20).map { "\($0 / 4),\($0),\($0 % 2)\n" }.joined()
        #expect(
            lines(load(text, .last(6), rule: .group(.name("g")))) == [
                "t.csv: a group has rows in two parts; found row 14 in validation, others in training; allowed: whole groups; "
                    + "take a share instead of {last: ROWS}, or files without common groups (data.group)"
            ]
        )
        #expect(lines(load(text, .last(8), rule: .group(.name("g")))) == [])
        let one = "g,x,label\n" + (0..<20).map { "one,\($0),\($0 % 2)\n" }.joined()
        #expect(lines(load(one, .fraction(0.2), rule: .group(.name("g")))).count == 1)
    }

    @Test(arguments: ["number", "date", "moment"])
    func `shares take the latest rows by time`(_ kind: String) throws {
        var stream = RandomStream(key: 5)
        var order = Array(0..<40)
        stream.shuffle(&order)
        let cells = order.map { time in
            switch kind {
            case "number": return "\(Double(time) * 1.5 - 10)"
            case "date": return "20\(10 + time / 4)-0\(1 + time % 4)-15"
            default: return "2024-01-\(10 + time / 4)T0\(1 + time % 4):00:00"
            }
        }
        let text = "x,when,label\n" + cells.enumerated().map { "\($0),\($1),\($0 % 2)\n" }.joined()
        let data = try load(text, .fraction(0.25), test: .last(4), rule: .time(.name("when"))).get()
        #expect(data.schema.features == ["x"])
        #expect(Set(data.split.test.map { order[Int($0)] }) == Set(36..<40))
        #expect(Set(data.split.validation.map { order[Int($0)] }) == Set(26..<36))
    }

    @Test func `columns that cannot group or order are told`() {
        let text = "x,when,label\n1,2024-01-01,a\n2,,b\n3,x,a\n4,03/04/2024,b\n"
        #expect(
            lines(load(text, .last(1), rule: .time(.name("when")))) == [
                "t.csv:3: the time of the row is missing; allowed: a value in each row (data.time)"
            ]
        )
        let odd = "x,when,label\n1,2024-01-01,a\n2,2024-01-02,b\n3,03/04/2024,a\n4,2024-01-05,b\n"
        #expect(
            lines(load(odd, .last(1), rule: .time(.name("when")))) == [
                "t.csv:4: the time is neither a number nor an ISO date; found '03/04/2024'; allowed: numbers in all rows, "
                    + "or dates as 2024-01-31 or 2024-01-31T12:00:00 in all rows (data.time)"
            ]
        )
        #expect(
            lines(load(odd, .last(1), rule: .group(.name("whom"))))[0].hasPrefix(
                "t.csv: there is no such column; found whom"
            )
        )
        #expect(
            lines(load(odd, .last(1), rule: .group(.name("label"))))[0].hasPrefix("t.csv: this column is the target")
        )
        let generated = DataSource.generated(GeneratorSpec(.moons(noise: 0), rows: 20))
        #expect(
            lines(DataSet.load(DataSpec(source: generated, rowRule: .group(.index(0))), relativeTo: "")) == [
                "generated moons: this source has no columns to choose a group from; allowed: a table (data.group)"
            ]
        )
    }
}
