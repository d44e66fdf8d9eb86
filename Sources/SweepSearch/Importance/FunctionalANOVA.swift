import SweepNumerics

/// The functional analysis of variance of a forest: how much of what it says varies with each parameter, and with each pair.
///
/// A tree is constant on boxes, so that every marginal of it is a sum over leaves, without sampling. Shares are of the variance of
/// the tree over the whole box, and are means over trees. Source: Hutter, Hoos & Leyton-Brown, "An Efficient Approach for
/// Assessing Hyperparameter Importance", ICML 2014, algorithms 1 and 2.
struct FunctionalANOVA: Sendable {
    /// Something's share of the variance: the mean over trees and their standard deviation.
    struct Share: Hashable, Sendable {
        let mean: Double
        let deviation: Double
    }

    /// What trees say of one axis, the others averaged over.
    struct Point: Hashable, Sendable {
        let coordinate: Double
        let mean: Double
        let deviation: Double
    }

    /// One for each axis.
    let shares: [Share]
    /// For each pair of axes, the first before the second, what they do together beyond what each does alone.
    let pairs: [(first: Int, second: Int, share: Share)]

    private let trees: [RegressionTree]
    /// `marginals[tree][axis]`.
    private let marginals: [[Marginal]]

    /// A function of one coordinate, constant from each border to the next; the last border is 1.
    private struct Marginal {
        let borders: [Double]
        let heights: [Double]

        /// Of `axis`, the mean over all others.
        init(_ leaves: [RegressionTree.Leaf], axis: Int) {
            let borders = Self.borders(leaves, axis)
            var steps = Array(repeating: 0.0, count: borders.count)
            for leaf in leaves {
                let height = leaf.value * leaf.volume / (leaf.highs[axis] - leaf.lows[axis])
                steps[Self.place(of: leaf.lows[axis], in: borders)] += height
                steps[Self.place(of: leaf.highs[axis], in: borders)] -= height
            }
            var height = 0.0
            heights = steps.dropLast().map {
                height += $0
                return height
            }
            self.borders = borders
        }

        /// The heights at which leaves begin and end, and 1.
        static func borders(_ leaves: [RegressionTree.Leaf], _ axis: Int) -> [Double] {
            var borders: [Double] = []
            for border in leaves.map({ $0.lows[axis] }).sorted() where borders.last != border { borders.append(border) }
            return borders + [1]
        }

        /// The place of the last border that is not above `coordinate`.
        static func place(of coordinate: Double, in borders: [Double]) -> Int {
            var low = 0
            var high = borders.count
            while high - low > 1 {
                let middle = (low + high) / 2
                if borders[middle] <= coordinate { low = middle } else { high = middle }
            }
            return low
        }

        func height(at coordinate: Double) -> Double {
            heights[min(Self.place(of: coordinate, in: borders), heights.count - 1)]
        }

        func variance(around mean: Double) -> Double {
            var sum = 0.0
            for (place, height) in heights.enumerated() {
                sum += (borders[place + 1] - borders[place]) * (height - mean) * (height - mean)
            }
            return sum
        }
    }

    /// The analysis of `forest`, whose trees have `axes` axes.
    init(_ forest: RegressionForest, axes: Int) {
        let indices = Array(0..<axes)
        let together = indices.flatMap { first in indices.dropFirst(first + 1).map { (first, $0) } }
        var single = Array(repeating: Moments(), count: axes)
        var double = Array(repeating: Moments(), count: together.count)
        trees = forest.trees
        var marginals: [[Marginal]] = []
        for tree in forest.trees {
            let mean = tree.leaves.reduce(0) { $0 + $1.value * $1.volume }
            let whole = tree.leaves.reduce(0) { $0 + $1.volume * ($1.value - mean) * ($1.value - mean) }
            let own = indices.map { Marginal(tree.leaves, axis: $0) }
            marginals.append(own)
            // One that is the same everywhere has no variance to share.
            guard whole > 0 else { continue }
            let variances = own.map { $0.variance(around: mean) }
            for axis in indices { single[axis].add(variances[axis] / whole) }
            for (place, pair) in together.enumerated() {
                let both = Self.variance(
                    tree.leaves,
                    pair.0,
                    pair.1,
                    own[pair.0].borders,
                    own[pair.1].borders,
                    around: mean
                )
                double[place].add(max(0, both - variances[pair.0] - variances[pair.1]) / whole)
            }
        }
        self.marginals = marginals
        shares = single.map(Share.init)
        pairs = together.indices.map { (together[$0].0, together[$0].1, Share(double[$0])) }
    }

    /// The marginal of `axis` at `coordinates`.
    func curve(of axis: Int, at coordinates: [Double]) -> [Point] {
        coordinates.map { coordinate in
            let said = Moments(
                of: trees.indices.map {
                    marginals[$0][axis].height(at: trees[$0].place(coordinate, on: axis))
                }
            )
            return Point(
                coordinate: coordinate,
                mean: said.mean,
                deviation: said.populationVariance.squareRoot()
            )
        }
    }

    /// The variance of the marginal of two axes; `firsts` and `seconds` are their borders.
    private static func variance(
        _ leaves: [RegressionTree.Leaf],
        _ first: Int,
        _ second: Int,
        _ firsts: [Double],
        _ seconds: [Double],
        around mean: Double
    ) -> Double {
        let width = seconds.count
        // Each leaf adds a rectangle: its four corners are noted, and summed up along both ways.
        var steps = Array(repeating: 0.0, count: firsts.count * width)
        for leaf in leaves {
            let area = (leaf.highs[first] - leaf.lows[first]) * (leaf.highs[second] - leaf.lows[second])
            let height = leaf.value * leaf.volume / area
            let top = Marginal.place(of: leaf.lows[first], in: firsts) * width
            let bottom = Marginal.place(of: leaf.highs[first], in: firsts) * width
            let left = Marginal.place(of: leaf.lows[second], in: seconds)
            let right = Marginal.place(of: leaf.highs[second], in: seconds)
            steps[top + left] += height
            steps[top + right] -= height
            steps[bottom + left] -= height
            steps[bottom + right] += height
        }
        var sum = 0.0
        var above = Array(repeating: 0.0, count: width)
        for row in 0..<(firsts.count - 1) {
            var along = 0.0
            let side = firsts[row + 1] - firsts[row]
            for column in 0..<(width - 1) {
                along += steps[row * width + column]
                above[column] += along
                let difference = above[column] - mean
                sum += side * (seconds[column + 1] - seconds[column]) * difference * difference
            }
        }
        return sum
    }
}

extension FunctionalANOVA.Share {
    fileprivate init(_ moments: Moments) {
        mean = moments.mean
        deviation = moments.populationVariance.squareRoot()
    }
}
