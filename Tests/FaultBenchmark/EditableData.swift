import SweepCore
import SweepData
import SweepNumerics

/// A data set whose rows can be spoilt.
///
/// Test rows stay as they are unless an edit says that it is of all rows: they are what a run is judged by.
package struct EditableData {
    var columns: [DataColumn]
    /// Row after row.
    var features: [[Float]]
    var targets: DataTargets
    var split: RowSplit
    private let image: ImageShape?
    private let targetName: String
    private let classes: [String]

    init(_ data: DataSet) {
        columns = data.columns
        let count = data.featureCount
        features = (0..<data.rowCount).map { Array(data.features[$0 * count..<($0 + 1) * count]) }
        targets = data.targets
        split = data.split
        image = data.schema.image
        targetName = data.targetName
        classes = data.schema.classes
    }

    var dataSet: DataSet {
        DataSet(
            columns: columns,
            image: image,
            targetName: targetName,
            features: features.flatMap { $0 },
            targets: targets,
            classes: classes,
            split: split
        )
    }

    /// Rows that a run sees.
    var seen: [Int] { (split.training + split.validation).map(Int.init).sorted() }
    var all: [Int] { Array(features.indices) }

    /// Some of `rows`, drawn.
    func draw(_ share: Double, of rows: [Int], _ stream: inout RandomStream) -> [Int] {
        var rows = rows
        stream.shuffle(&rows)
        return Array(rows.prefix(max(1, Int((share * Double(rows.count)).rounded()))))
    }

    /// Mean and standard deviation of a column over training rows.
    func moments(_ column: Int) -> (mean: Double, deviation: Double) {
        let moments = Moments(of: split.training.lazy.map { Double(features[Int($0)][column]) })
        return (moments.mean, moments.populationVariance.squareRoot())
    }

    // MARK: Edits

    /// Multiplies a column by a factor, in all rows: another unit.
    mutating func rescale(_ column: Int, by factor: Float) {
        for row in features.indices { features[row][column] *= factor }
    }

    /// Exponentials of `sharpness` deviations: a long tail, in all rows.
    mutating func skew(_ sharpness: Double) {
        for column in columns.indices {
            let (mean, deviation) = moments(column)
            guard deviation > 0 else { continue }
            for row in features.indices {
                let z = (Double(features[row][column]) - mean) / deviation
                features[row][column] = Float(Elementary.exp(sharpness * min(max(z, -4), 4)))
            }
        }
    }

    /// Far values in one column of a share of the seen rows.
    mutating func addOutliers(_ share: Double, deviations: Double, _ stream: inout RandomStream) {
        let rows = draw(share, of: seen, &stream)
        let spread = columns.indices.map { moments($0) }
        for row in rows {
            let column = stream.below(columns.count)
            let sign: Double = stream.uniform() < 0.5 ? -1 : 1
            features[row][column] = Float(
                spread[column].mean + sign * deviations * max(spread[column].deviation, 0.01)
            )
        }
    }

    /// Far targets in a share of the seen rows.
    mutating func addFarTargets(_ share: Double, deviations: Double, _ stream: inout RandomStream) {
        guard case .values(var values) = targets else { return }
        let moments = Moments(of: split.training.lazy.map { Double(values[Int($0)]) })
        for row in draw(share, of: seen, &stream) {
            values[row] = Float(moments.mean + deviations * moments.populationVariance.squareRoot())
        }
        targets = .values(values)
    }

    /// Targets in another unit, in all rows.
    mutating func rescaleTargets(by factor: Float, shift: Float = 0) {
        guard case .values(let values) = targets else { return }
        targets = .values(values.map { $0 * factor + shift })
    }

    /// Other labels, or targets of other rows, in a share of the seen rows.
    mutating func spoilLabels(_ share: Double, _ stream: inout RandomStream) {
        let rows = draw(share, of: seen, &stream)
        switch targets {
        case .classes(var labels):
            let count = Int32((labels.max() ?? 0) + 1)
            for row in rows { labels[row] = (labels[row] + 1 + Int32(stream.below(Int(count) - 1))) % count }
            targets = .classes(labels)
        case .values(var values):
            let source = values
            for row in rows { values[row] = source[seen[stream.below(seen.count)]] }
            targets = .values(values)
        }
    }

    /// Targets of the seen rows in another order: nothing is left to learn.
    mutating func shuffleLabels(_ stream: inout RandomStream) {
        let rows = seen
        var order = rows
        stream.shuffle(&order)
        switch targets {
        case .classes(let labels):
            var changed = labels
            for (row, other) in zip(rows, order) { changed[row] = labels[other] }
            targets = .classes(changed)
        case .values(let values):
            var changed = values
            for (row, other) in zip(rows, order) { changed[row] = values[other] }
            targets = .values(changed)
        }
    }

    /// Leaves of the seen rows of every class but the first one in `rareness`, at least two in each part.
    mutating func unbalance(_ rareness: Int) {
        guard case .classes(let labels) = targets else { return }
        func thinned(_ rows: [Int32]) -> [Int32] {
            var kept: [Int32: Int] = [:]
            var count: [Int32: Int] = [:]
            return rows.filter { row in
                let label = labels[Int(row)]
                guard label > 0 else { return true }
                let index = count[label, default: 0]
                count[label] = index + 1
                guard index % rareness == 0 || kept[label, default: 0] < 2 else { return false }
                kept[label, default: 0] += 1
                return true
            }
        }
        split.training = thinned(split.training)
        split.validation = thinned(split.validation)
        keepSplitRows()
    }

    /// Leaves `count` rows of a part, drawn.
    mutating func keep(_ count: Int, of part: WritableKeyPath<RowSplit, [Int32]>, _ stream: inout RandomStream) {
        var rows = split[keyPath: part]
        stream.shuffle(&rows)
        split[keyPath: part] = rows.prefix(count).sorted()
        keepSplitRows()
    }

    /// Takes rows of no part out: every row of a data set is in one.
    private mutating func keepSplitRows() {
        let kept = (split.training + split.validation + split.test).sorted()
        var place: [Int32: Int32] = [:]
        for (index, row) in kept.enumerated() { place[row] = Int32(index) }
        features = kept.map { features[Int($0)] }
        switch targets {
        case .classes(let labels): targets = .classes(kept.map { labels[Int($0)] })
        case .values(let values): targets = .values(kept.map { values[Int($0)] })
        }
        func moved(_ rows: [Int32]) -> [Int32] { rows.compactMap { place[$0] }.sorted() }
        split = RowSplit(
            training: moved(split.training),
            validation: moved(split.validation),
            test: moved(split.test)
        )
    }

    /// Puts `value` in the place of a share of the numbers, in all rows.
    mutating func replace(_ share: Double, by value: Float, _ stream: inout RandomStream) {
        for row in features.indices {
            for column in columns.indices where stream.uniform() < share { features[row][column] = value }
        }
    }

    /// Normal noise of `deviations` of each column, in the seen rows.
    mutating func addNoise(_ deviations: Double, _ stream: inout RandomStream) {
        let spread = columns.indices.map { moments($0).deviation }
        for row in seen {
            for column in columns.indices {
                features[row][column] += Float(deviations * spread[column] * stream.normal())
            }
        }
    }

    /// Copies of training rows in the place of a share of the validation rows.
    mutating func leakRows(_ share: Double, _ stream: inout RandomStream) {
        let rows = draw(share, of: split.validation.map(Int.init), &stream)
        let training = split.training.map(Int.init)
        for row in rows {
            let source = training[stream.below(training.count)]
            features[row] = features[source]
            switch targets {
            case .classes(var labels):
                labels[row] = labels[source]
                targets = .classes(labels)
            case .values(var values):
                values[row] = values[source]
                targets = .values(values)
            }
        }
    }

    /// A feature that is the target, with noise of `deviation`; in test rows that of another row.
    mutating func leakTarget(deviation: Double, _ stream: inout RandomStream) {
        columns.append(DataColumn(name: "leak"))
        var others = split.test.map(Int.init)
        let test = others
        stream.shuffle(&others)
        var source = Array(features.indices)
        for (row, other) in zip(test, others) { source[row] = other }
        let numbers: [Double] =
            switch targets {
            case .classes(let labels): labels.map(Double.init)
            case .values(let values): values.map(Double.init)
            }
        let spread = Moments(of: numbers).populationVariance.squareRoot()
        for row in features.indices {
            features[row].append(Float(numbers[source[row]] + deviation * spread * stream.normal()))
        }
    }

    /// Takes a column out; what `data.columns.NAME=ignore` does.
    mutating func drop(_ name: String) {
        guard let column = columns.firstIndex(where: { $0.name == name }) else { return }
        columns.remove(at: column)
        for row in features.indices { features[row].remove(at: column) }
    }
}
