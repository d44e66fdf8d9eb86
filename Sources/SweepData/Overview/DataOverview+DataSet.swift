package import SweepCore

extension DataOverview {
    /// Looks through a data set; `steps` and `targetScale` are what will be done to it, for its checks.
    ///
    /// Distributions are of the training rows that the checks judge columns on. The same data give the same overview. It costs what
    /// `sweepd data` costs.
    package init(_ data: DataSet, steps: [PreprocessStep] = [], targetScale: TargetScale = .none) {
        let sample = CheckSample(data)
        let columns =
            data.schema.image == nil
            ? data.columns.indices.prefix(Self.columnLimit).map { Self.column($0, of: data, sample.rows) }
            : [Self.pixels(of: data, sample.rows)]
        self.init(
            schema: data.schema,
            findings: DataChecks.findings(data, steps: steps, targetScale: targetScale),
            target: Self.target(of: data, sample.rows),
            columns: columns,
            columnsTotal: data.featureCount,
            judgedRows: sample.rows.count,
            pictures: PictureSample.pictures(data)
        )
    }

    private static func target(of data: DataSet, _ rows: [Int32]) -> Target {
        switch data.targets {
        case .values(let values):
            .numbers(name: data.targetName, ValueBins.numbers(rows.map { Double(values[Int($0)]) }, areTargets: true))
        case .classes(let classes): classRows(data, classes)
        }
    }

    private static func classRows(_ data: DataSet, _ classes: [Int32]) -> Target {
        let labels = data.schema.classes
        func counts(_ rows: [Int32]) -> [Int] {
            var counts = [Int](repeating: 0, count: labels.count)
            for row in rows { counts[Int(classes[Int(row)])] += 1 }
            return counts
        }
        let parts = [data.split.training, data.split.validation, data.split.test].map(counts)
        func rows(_ label: String, _ range: Range<Int>) -> ClassRows {
            let sums = parts.map { $0[range].reduce(0, +) }
            return ClassRows(label: label, training: sums[0], validation: sums[1], test: sums[2])
        }
        let shown = min(labels.count, classLimit)
        return .classes(
            name: data.targetName,
            (0..<shown).map { rows(labels[$0], $0..<$0 + 1) },
            others: shown < labels.count ? rows("", shown..<labels.count) : nil,
            total: labels.count
        )
    }

    private static func column(_ index: Int, of data: DataSet, _ rows: [Int32]) -> Column {
        let column = data.columns[index]
        let width = data.featureCount
        let cells = data.features.withUnsafeBufferPointer { cells in rows.map { cells[Int($0) * width + index] } }
        switch column.kind {
        case .number, .day, .secondOfDay:
            let present = cells.filter { !$0.isNaN }.map { Double($0) }
            let kind: Column.Kind = column.kind == .day ? .day : column.kind == .secondOfDay ? .second : .number
            return Column(
                name: column.name,
                kind: kind,
                missing: cells.count - present.count,
                values: .numbers(ValueBins.numbers(present))
            )
        case .oneHot(let labels), .ordinal(let labels):
            return categories(column.name, .category, cells, count: labels.count) { labels[$0] }
        case .buckets(let count):
            return categories(column.name, .bucket, cells, count: count) { "bucket \($0 + 1)" }
        }
    }

    private static let frequentLimit = 6

    private static func categories(
        _ name: String,
        _ kind: Column.Kind,
        _ cells: [Float],
        count: Int,
        label: (Int) -> String
    ) -> Column {
        var counts = [Int](repeating: 0, count: count)
        var none = 0
        for cell in cells { if cell >= 0 { counts[Int(cell)] += 1 } else { none += 1 } }
        // The category of a missing value is called "".
        let absent = kind == .category ? counts.indices.first { label($0).isEmpty } : nil
        let order = counts.indices.filter { $0 != absent && counts[$0] > 0 }.sorted {
            counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1
        }
        let rest = order.dropFirst(frequentLimit)
        return Column(
            name: name,
            kind: kind,
            missing: absent.map { counts[$0] } ?? 0,
            values: .categories(
                Categories(
                    frequent: order.prefix(frequentLimit).map { Share(label: label($0), count: counts[$0]) },
                    others: (kinds: rest.count, count: rest.reduce(0) { $0 + counts[$1] }),
                    none: none
                )
            )
        )
    }

    /// Values of so many pictures are looked at, or of fewer where these are large: no more values, but of one picture all.
    private static let pixelRows = 500
    private static let pixelValues = 4_000_000

    private static func pixels(of data: DataSet, _ rows: [Int32]) -> Column {
        let width = data.featureCount
        let some = CheckSample.draw(rows, max(1, min(pixelRows, pixelValues / max(1, width))))
        var missing = 0
        var values: [Double] = []
        data.features.withUnsafeBufferPointer { cells in
            for row in some {
                for index in 0..<width {
                    let value = cells[Int(row) * width + index]
                    if value.isNaN { missing += 1 } else { values.append(Double(value)) }
                }
            }
        }
        // That some pixels are far from most is what pictures are.
        let numbers = Numbers(bins: ValueBins.bins(values), outliers: nil)
        return Column(
            name: "values of \(some.count) pictures",
            kind: .pixel,
            missing: missing,
            values: .numbers(numbers)
        )
    }
}
