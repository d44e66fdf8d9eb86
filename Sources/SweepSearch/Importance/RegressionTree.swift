import SweepNumerics

/// A regression tree on the unit box, grown to pure leaves.
///
/// An option's coordinate is the middle of its cell, cells being in the order of the options' mean costs in the sample the tree
/// grows from: then every leaf is a box. Source: Breiman, Friedman, Olshen & Stone, "Classification and Regression Trees",
/// 1984, §8 and Theorem 4.5 (the order of options).
struct RegressionTree: Sendable {
    /// A box with one value; its sides are `lows[axis]..<highs[axis]`.
    struct Leaf: Sendable {
        let lows: [Double]
        let highs: [Double]
        let value: Double
        let volume: Double
    }

    private struct Node: Sendable {
        var axis = -1
        var threshold = 0.0
        var below = 0
        var above = 0
        var value: Double
    }

    private(set) var leaves: [Leaf] = []
    private var nodes: [Node] = []
    /// For an axis of options the cell of each; empty for one of numbers.
    private let cells: [[Int]]

    /// Deeper than any tree of a sample this small becomes by itself.
    private static let greatestDepth = 64

    /// Grows a tree.
    ///
    /// - Parameters:
    ///   - columns: for each axis the coordinate of each row: a number from 0 to 1, or the index of an option.
    ///   - options: for each axis the number of its options; nil for numbers.
    ///   - weights: how often each row counts; 0 leaves it out.
    ///   - stream: draws the order in which axes are tried, which decides between splits that are equally good.
    init(columns: [[Double]], options: [Int?], costs: [Double], weights: [Int], _ stream: inout RandomStream) {
        let rows = weights.indices.filter { weights[$0] > 0 }
        cells = columns.indices.map { axis in
            options[axis].map { Self.cells($0, columns[axis], costs, weights, rows) } ?? []
        }
        let placed = columns.indices.map { axis in
            guard let count = options[axis] else { return columns[axis] }
            return columns[axis].map { (Double(cells[axis][Int($0)]) + 0.5) / Double(count) }
        }
        let orders = placed.map { column in rows.sorted { (column[$0], $0) < (column[$1], $1) } }
        var axes = Array(columns.indices)
        var goesBelow = Array(repeating: false, count: costs.count)
        let unit = (lows: columns.map { _ in 0.0 }, highs: columns.map { _ in 1.0 })
        nodes = [Node(value: 0)]
        var open = [(node: 0, orders: orders, lows: unit.lows, highs: unit.highs, depth: 0)]
        while let part = open.popLast() {
            let members = part.orders.first ?? rows
            var weight = 0.0
            var sum = 0.0
            for row in members {
                weight += Double(weights[row])
                sum += Double(weights[row]) * costs[row]
            }
            nodes[part.node].value = weight > 0 ? sum / weight : 0
            var split: (axis: Int, place: Int, gain: Double)?
            if part.depth < Self.greatestDepth, let first = members.first,
                members.contains(where: { costs[$0] != costs[first] })
            {
                stream.shuffle(&axes)
                // What a split gains is the fall of the sum of squares; a rounding is no gain.
                let whole = sum * sum / weight
                for axis in axes {
                    let order = part.orders[axis]
                    let column = placed[axis]
                    var left = (weight: 0.0, sum: 0.0)
                    for place in 0..<(order.count - 1) {
                        let row = order[place]
                        left.weight += Double(weights[row])
                        left.sum += Double(weights[row]) * costs[row]
                        guard column[row] < column[order[place + 1]] else { continue }
                        let right = (weight: weight - left.weight, sum: sum - left.sum)
                        let gain = left.sum * left.sum / left.weight + right.sum * right.sum / right.weight - whole
                        guard gain > split?.gain ?? 0 else { continue }
                        // Neighbours among numbers have no middle.
                        let next = column[order[place + 1]]
                        if 0.5 * (column[row] + next) > column[row] { split = (axis, place, gain) }
                    }
                }
            }
            guard let split else {
                var volume = 1.0
                for axis in part.lows.indices { volume *= part.highs[axis] - part.lows[axis] }
                leaves.append(
                    Leaf(lows: part.lows, highs: part.highs, value: nodes[part.node].value, volume: volume)
                )
                continue
            }
            let column = placed[split.axis]
            let order = part.orders[split.axis]
            var threshold = 0.5 * (column[order[split.place]] + column[order[split.place + 1]])
            // Between two options of which others lie between: at a border, so that each option is on one side.
            if let count = options[split.axis] {
                threshold = (threshold * Double(count) + 1e-9).rounded(.down) / Double(count)
            }
            for (place, row) in order.enumerated() { goesBelow[row] = place <= split.place }
            nodes[part.node].axis = split.axis
            nodes[part.node].threshold = threshold
            nodes[part.node].below = nodes.count
            nodes[part.node].above = nodes.count + 1
            nodes += [Node(value: 0), Node(value: 0)]
            var highs = part.highs
            var lows = part.lows
            highs[split.axis] = threshold
            lows[split.axis] = threshold
            let below = part.orders.map { $0.filter { goesBelow[$0] } }
            let above = part.orders.map { $0.filter { !goesBelow[$0] } }
            open.append((nodes.count - 2, below, part.lows, highs, part.depth + 1))
            open.append((nodes.count - 1, above, lows, part.highs, part.depth + 1))
        }
    }

    /// Where `coordinate` of an axis lies in the unit box of this tree.
    func place(_ coordinate: Double, on axis: Int) -> Double {
        cells[axis].isEmpty ? coordinate : (Double(cells[axis][Int(coordinate)]) + 0.5) / Double(cells[axis].count)
    }

    /// The value at a row of `columns`.
    func value(_ columns: [[Double]], row: Int) -> Double {
        var node = nodes[0]
        while node.axis >= 0 {
            node = nodes[place(columns[node.axis][row], on: node.axis) < node.threshold ? node.below : node.above]
        }
        return node.value
    }

    /// For each option its place in the order of mean costs; those that no row has come last, in their own order.
    private static func cells(
        _ count: Int,
        _ column: [Double],
        _ costs: [Double],
        _ weights: [Int],
        _ rows: [Int]
    ) -> [Int] {
        var sums = Array(repeating: (weight: 0.0, sum: 0.0), count: count)
        for row in rows {
            sums[Int(column[row])].weight += Double(weights[row])
            sums[Int(column[row])].sum += Double(weights[row]) * costs[row]
        }
        let means = sums.map { $0.weight > 0 ? $0.sum / $0.weight : .infinity }
        var cells = Array(repeating: 0, count: count)
        for (cell, option) in means.indices.sorted(by: { (means[$0], $0) < (means[$1], $1) }).enumerated() {
            cells[option] = cell
        }
        return cells
    }
}
