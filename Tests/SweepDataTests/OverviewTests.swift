import SweepCore
import SweepData
import Testing

/// What a data set looks like, made small.
@Suite struct OverviewTests {
    private typealias Bin = DataOverview.Bin

    // MARK: Bins

    @Test func `a constant has one bin with its value`() {
        #expect(ValueBins.bins([2.5, 2.5, 2.5]) == [Bin(from: 2.5, to: 2.5, count: 3)])
        #expect(ValueBins.bins([]).isEmpty)
    }

    @Test func `few whole numbers have a bin each, the absent ones too`() {
        let bins = ValueBins.bins([1, 1, 2, 4])
        #expect(
            bins == [
                Bin(from: 1, to: 1, count: 2), Bin(from: 2, to: 2, count: 1), Bin(from: 3, to: 3, count: 0),
                Bin(from: 4, to: 4, count: 1),
            ]
        )
    }

    @Test func `many whole numbers have bins of whole width, both ends included`() {
        let bins = ValueBins.bins((0..<100).map { Double($0) })
        // 100 numbers in at most 16 bins: 7 in each, the last two in a fifteenth.
        #expect(bins.count == 15)
        #expect(bins.first == Bin(from: 0, to: 6, count: 7))
        #expect(bins.last == Bin(from: 98, to: 99, count: 2))
        #expect(bins.reduce(0) { $0 + $1.count } == 100)
    }

    @Test func `other numbers have sixteen bins, the greatest in the last`() {
        let bins = ValueBins.bins([0, 0.5, 1.5, 8])
        #expect(bins.count == 16)
        // Half a unit wide: 0.5 begins the second bin.
        #expect(bins[0] == Bin(from: 0, to: 0.5, count: 1))
        #expect(bins[1] == Bin(from: 0.5, to: 1, count: 1))
        #expect(bins[3] == Bin(from: 1.5, to: 2, count: 1))
        #expect(bins[15] == Bin(from: 7.5, to: 8, count: 1))
    }

    // MARK: Columns

    private func overview(_ text: String) throws -> DataOverview {
        DataOverview(try load(text, header: .true, preprocess: [.impute]).get())
    }

    private func distribution(_ column: DataOverview.Column) -> DataOverview.Numbers? {
        if case .numbers(let numbers) = column.values { numbers } else { nil }
    }

    @Test func `missing values are counted, and are in no bin`() throws {
        let rows = (0..<40).map { "\($0 < 4 ? "" : "\($0 % 3)"),\($0 % 2 == 0 ? "yes" : "no")" }
        let overview = try overview((["a,label"] + rows).joined(separator: "\n"))
        let column = try #require(overview.columns.first)
        #expect(column.name == "a" && column.kind == .number && column.missing == 4)
        let numbers = try #require(distribution(column))
        // Of 4…39 twelve of each remainder.
        #expect(numbers.bins.map(\.count) == [12, 12, 12] && numbers.outliers == nil)
        #expect(overview.columnsTotal == 1 && overview.judgedRows == 40 && overview.pictures == nil)
    }

    @Test func `far values are told apart by the rule of the checks, and squeeze no bin`() throws {
        func rows(_ last: String) -> String {
            let rows = (0..<100).map { "\($0 == 99 ? last : "\(Double($0 % 10) / 4)"),\($0 % 2 == 0 ? "yes" : "no")" }
            return (["a,label"] + rows).joined(separator: "\n")
        }
        let far = try overview(rows("1000"))
        let numbers = try #require(distribution(far.columns[0]))
        #expect(numbers.outliers == DataOverview.Outliers(count: 1, least: 1000, greatest: 1000))
        #expect(numbers.bins.last?.to == 2.25)
        #expect(far.findings.contains { $0.check == .outlier })
        let near = try overview(rows("2.5"))
        #expect(distribution(near.columns[0])?.outliers == nil)
        #expect(!near.findings.contains { $0.check == .outlier })
    }

    @Test func `of categories the six most frequent are named, the others are counted`() throws {
        // Category i stands 10 − i times.
        let cells = (0..<8).flatMap { kind in Array(repeating: "kind\(kind)", count: 10 - kind) }
        let rows = cells.enumerated().map { "\($1),\($0 % 2 == 0 ? "yes" : "no")" }
        let overview = try overview((["a,label"] + rows).joined(separator: "\n"))
        guard case .categories(let categories) = overview.columns[0].values else {
            Issue.record("\(overview.columns[0])")
            return
        }
        #expect(overview.columns[0].kind == .category)
        #expect(categories.frequent.map(\.label) == (0..<6).map { "kind\($0)" })
        #expect(categories.frequent.map(\.count) == [10, 9, 8, 7, 6, 5])
        #expect(categories.others.kinds == 2 && categories.others.count == 7)
        #expect(categories.none == 0)
    }

    // MARK: Targets

    @Test func `classes are counted in each part`() throws {
        let rows = (0..<40).map { "\($0),\($0 % 5 == 0 ? "rare" : "often")" }
        let data = try load((["a,label"] + rows).joined(separator: "\n"), validation: .fraction(0.25)).get()
        guard case .classes(let name, let classes, let others, let total) = DataOverview(data).target else {
            Issue.record("no classes")
            return
        }
        #expect(name == "label" && others == nil && total == 2)
        // The split is stratified.
        let byLabel = Dictionary(uniqueKeysWithValues: classes.map { ($0.label, $0) })
        #expect(byLabel["rare"].map { [$0.training, $0.validation, $0.test] } == [6, 2, 0])
        #expect(byLabel["often"].map { [$0.training, $0.validation, $0.test] } == [24, 8, 0])
    }

    @Test func `of more classes than are listed the rest is told together`() throws {
        let rows = (0..<300).map { "\($0),c\($0 % 150)" }
        let data = try load((["a,label"] + rows).joined(separator: "\n"), task: .classification).get()
        guard case .classes(_, let classes, let others, let total) = DataOverview(data).target else {
            Issue.record("no classes")
            return
        }
        #expect(classes.count == DataOverview.classLimit && total == 150)
        #expect(others?.training == 100)
    }

    @Test func `numbers to be predicted have a histogram, and far ones by the rule for targets`() throws {
        // 0, 1, 2 and 3 ten times each, and 60: more than ten robust deviations (1.4826) from their median, 2.
        let rows = (0..<41).map { "\($0),\($0 == 40 ? 60 : $0 % 4)" }
        let data = try load((["a,label"] + rows).joined(separator: "\n"), task: .regression).get()
        guard case .numbers("label", let numbers) = DataOverview(data).target else {
            Issue.record("no numbers")
            return
        }
        #expect(numbers.bins.map(\.count) == [10, 10, 10, 10])
        #expect(numbers.outliers == DataOverview.Outliers(count: 1, least: 60, greatest: 60))
    }

    // MARK: Pictures

    /// Rows of `height` × `width` values, each the row's class times 10, of these classes.
    private func pictures(_ classes: [Int32], count: Int, side: Int = 2, channels: Int = 1) -> DataSet {
        let size = side * side * channels
        return DataSet(
            columns: (0..<size).map { DataColumn(name: "p\($0)") },
            image: ImageShape(height: side, width: side, channels: channels),
            targetName: "digit",
            features: classes.flatMap { Array(repeating: Float($0) * 10, count: size) },
            targets: .classes(classes),
            classes: (0..<count).map { "c\($0)" },
            split: RowSplit(training: classes.indices.map { Int32($0) }, validation: [], test: [])
        )
    }

    @Test func `pictures are equally many of each class that has rows`() throws {
        // Class 2 has no row, class 1 has three, class 0 five.
        let data = pictures([0, 1, 0, 0, 1, 0, 1, 0], count: 3)
        let shown = try #require(DataOverview(data).pictures)
        #expect(shown.groups.map(\.label) == ["c0", "c1"] && shown.classesTotal == 2)
        #expect(shown.groups.map(\.pictures.count) == [3, 3])
        // Of the rows 1, 3, 4, 6, 8 the first, the middle and the last.
        #expect(shown.groups[0].pictures.map(\.row) == [1, 4, 8])
        #expect(shown.groups[1].pictures.map(\.row) == [2, 5, 7])
        // The values are 0 and 10: of 0…255.
        #expect(shown.black == 0 && shown.white == 255)
        #expect(shown.groups[1].pictures[0].bytes == [10, 10, 10, 10])
        let columns = DataOverview(data).columns
        #expect(columns.count == 1 && columns[0].kind == .pixel)
    }

    @Test func `of many classes the first twenty-four are shown`() throws {
        let shown = try #require(DataOverview(pictures((0..<26).map { $0 }, count: 26)).pictures)
        #expect(shown.groups.count == 24 && shown.classesTotal == 26)
        #expect(shown.groups.allSatisfy { $0.pictures.count == 1 })
    }

    @Test func `large pictures are made smaller by means, and all together stay small`() throws {
        let shown = try #require(
            DataOverview(pictures((0..<24).map { $0 }, count: 24, side: 112, channels: 3)).pictures
        )
        #expect(shown.original.height == 112 && shown.shown == ImageShape(height: 56, width: 56, channels: 3))
        let bytes = shown.groups.flatMap(\.pictures).reduce(0) { $0 + $1.bytes.count }
        #expect(bytes == 24 * 56 * 56 * 3)
        #expect(shown.groups[7].pictures[0].bytes.allSatisfy { $0 == 70 })
    }
}
