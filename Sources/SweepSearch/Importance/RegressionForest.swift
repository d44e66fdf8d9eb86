import SweepNumerics

/// Regression trees, each grown from a sample with replacement.
///
/// An inactive coordinate is drawn evenly, whatever is believed of its range, anew for each tree: where it is inactive it has no
/// effect, so that the function on the whole box is the one that ignores it there. Source: Breiman, "Random Forests", Machine
/// Learning 45(1), 2001.
struct RegressionForest: Sendable {
    let trees: [RegressionTree]
    /// The share of the costs' variance that trees explain of points they were not grown from, at most 1; nil when there is none.
    let explained: Double?

    init(_ sample: ImportanceSample, trees count: Int, _ stream: inout RandomStream) {
        let options = sample.axes.map(\.options)
        var trees: [RegressionTree] = []
        var outside = Array(repeating: (sum: 0.0, count: 0.0), count: sample.count)
        for _ in 0..<count {
            var columns = sample.columns
            for axis in columns.indices {
                for row in columns[axis].indices where columns[axis][row].isNaN {
                    columns[axis][row] = sample.axes[axis].drawEvenly(&stream)
                }
            }
            var weights = Array(repeating: 0, count: sample.count)
            for _ in 0..<sample.count { weights[stream.below(sample.count)] += 1 }
            let tree = RegressionTree(
                columns: columns,
                options: options,
                costs: sample.costs,
                weights: weights,
                &stream
            )
            for row in weights.indices where weights[row] == 0 {
                outside[row].sum += tree.value(columns, row: row)
                outside[row].count += 1
            }
            trees.append(tree)
        }
        self.trees = trees
        var errors = 0.0
        var known = Moments()
        for (row, guess) in outside.enumerated() where guess.count > 0 {
            let error = sample.costs[row] - guess.sum / guess.count
            errors += error * error
            known.add(sample.costs[row])
        }
        let whole = known.populationVariance * Double(known.count)
        explained = whole > 0 ? 1 - errors / whole : nil
    }
}
