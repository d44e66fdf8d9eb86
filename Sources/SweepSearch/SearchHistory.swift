package import SweepCore

/// What a searcher was told: proposals in their order, as points, and their results.
///
/// Rows are proposals in the order they were told. A row's results are kept for each epoch at which there is one, so that
/// trials can be compared at the same fidelity. Memory: 8 bytes for each parameter and some 100 for each row.
package struct SearchHistory: Sendable {
    /// The results of one configuration at one epoch.
    struct Result: Hashable, Sendable {
        var epoch: Int
        private var sum: Double
        /// Of the objectives after the first.
        private var further: [Double]
        private var count: Int

        init(epoch: Int, costs: [Double]) {
            self.epoch = epoch
            sum = costs.first ?? .infinity
            further = Array(costs.dropFirst())
            count = 1
        }

        /// The mean over repeats, of several objectives that of the first; infinite when one of them is.
        var cost: Double { sum / Double(count) }

        /// The means of all objectives.
        var costs: [Double] { [cost] + further.map { $0 / Double(count) } }

        mutating func add(_ costs: [Double]) {
            sum += costs.first ?? .infinity
            for (place, cost) in costs.dropFirst().enumerated() where place < further.count { further[place] += cost }
            count += 1
        }
    }

    let box: SearchBox
    /// For each axis the coordinates of all rows; NaN where inactive.
    package private(set) var columns: [[Double]]
    /// The results of each row, epochs ascending; empty while it is pending.
    private(set) var results: [[Result]] = []
    /// Rows with a result, in the order of their first results.
    private(set) var finished: [Int] = []
    private(set) var configurations: [Configuration] = []
    private var rows: [Int: Int] = [:]
    private var numbers: [Int] = []

    /// Nothing is known yet of configurations in `box`.
    package init(box: SearchBox) {
        self.box = box
        columns = Array(repeating: [], count: box.axes.count)
    }

    /// How many proposals there are.
    var count: Int { configurations.count }

    /// The row of proposal `number`; nil when it was not told.
    func row(_ number: Int) -> Int? { rows[number] }

    /// The proposal's number of a row.
    func number(_ row: Int) -> Int { numbers[row] }

    /// The configuration told for `number`.
    func configuration(number: Int) -> Configuration? { rows[number].map { configurations[$0] } }

    /// Adds a proposal; false when the number is known already.
    package mutating func add(number: Int, configuration: Configuration) -> Bool {
        guard rows[number] == nil else { return false }
        rows[number] = configurations.count
        numbers.append(number)
        configurations.append(configuration)
        results.append([])
        for (index, coordinate) in box.point(of: configuration).enumerated() { columns[index].append(coordinate) }
        return true
    }

    /// Adds a result; the row, or nil when the number is not known.
    mutating func add(number: Int, cost: Double, epoch: Int) -> Int? {
        add(number: number, costs: [cost], epoch: epoch)
    }

    /// The same with a cost of each objective: where one is not finite, all are infinite.
    mutating func add(number: Int, costs: [Double], epoch: Int) -> Int? {
        guard let row = rows[number] else { return nil }
        // Below everything, and never a number that a model would meet: what is not finite is the worst there is.
        let costs = costs.allSatisfy(\.isFinite) ? costs : costs.map { _ in .infinity }
        if results[row].isEmpty { finished.append(row) }
        if let place = results[row].firstIndex(where: { $0.epoch >= epoch }) {
            if results[row][place].epoch == epoch {
                results[row][place].add(costs)
            } else {
                results[row].insert(Result(epoch: epoch, costs: costs), at: place)
            }
        } else {
            results[row].append(Result(epoch: epoch, costs: costs))
        }
        return row
    }

    /// The point of a row.
    func point(_ row: Int) -> [Double] { columns.map { $0[row] } }

    /// The standing of a finished row, best first: finite before infinite, then the later epoch, then the lower cost, then
    /// the earlier row.
    ///
    /// The rule of a pruned sweep: what went further was better than what did not, at the epoch where they parted.
    func standing(_ row: Int) -> Standing {
        guard let last = results[row].last else { return Standing(epoch: 0, cost: .infinity, row: row) }
        return Standing(epoch: last.epoch, cost: last.cost, row: row)
    }

    /// Where a row stands; less is better.
    struct Standing: Comparable {
        let epoch: Int
        let cost: Double
        let row: Int

        static func < (a: Self, b: Self) -> Bool {
            if (a.cost < .infinity) != (b.cost < .infinity) { return a.cost < .infinity }
            if a.epoch != b.epoch { return a.epoch > b.epoch }
            if a.cost != b.cost { return a.cost < b.cost }
            return a.row < b.row
        }
    }

    /// The best `count` finished rows, best first: by their standing, or by their cost at one epoch among those that have
    /// one. O(n + count · improvements).
    func best(_ count: Int, at epoch: Int? = nil) -> [Int] {
        var best: [Standing] = []
        guard count > 0 else { return [] }
        for row in finished {
            let own: Standing
            if let epoch {
                guard let cost = cost(row, at: epoch) else { continue }
                own = Standing(epoch: epoch, cost: cost, row: row)
            } else {
                own = standing(row)
            }
            if best.count == count, let last = best.last, last < own { continue }
            var place = best.count
            while place > 0, own < best[place - 1] { place -= 1 }
            best.insert(own, at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map(\.row)
    }

    /// The best `count` finished rows where several objectives count: finite before infinite, then the later epoch, then by fronts; of
    /// the front that has more than are left, those that dominate the greatest volume together.
    ///
    /// With the rows their costs; of infinite ones the earlier row. Sources: Ozaki, Tanigaki, Watanabe and Onishi, "Multiobjective
    /// tree-structured Parzen estimator", GECCO 2020, section 4; `HypervolumeSubset.choose`.
    func bestByFronts(_ count: Int) -> [(row: Int, costs: [Double])] {
        var best: [(row: Int, costs: [Double])] = []
        for group in groups() {
            let left = count - best.count
            guard left > 0 else { break }
            if group.count <= left {
                best += group
            } else if group[0].costs[0] < .infinity {
                best += HypervolumeSubset.choose(group.map(\.costs), count: left).map { group[$0] }
            } else {
                best += group.prefix(left)
            }
        }
        return best
    }

    /// All finished rows in groups, each of which stands before the next: of one epoch and front; the infinite ones last.
    func groups() -> [[(row: Int, costs: [Double])]] {
        var byEpoch: [Int: [(row: Int, costs: [Double])]] = [:]
        var lost: [(row: Int, costs: [Double])] = []
        for row in finished.sorted() {
            guard let last = results[row].last else { continue }
            if last.cost < .infinity {
                byEpoch[last.epoch, default: []].append((row, last.costs))
            } else {
                lost.append((row, last.costs))
            }
        }
        var groups: [[(row: Int, costs: [Double])]] = []
        for epoch in byEpoch.keys.sorted(by: >) {
            let own = byEpoch[epoch] ?? []
            groups += ParetoFronts.groups(own.map(\.costs)).map { $0.map { own[$0] } }
        }
        return lost.isEmpty ? groups : groups + [lost]
    }

    /// What a row reached at `epoch`; nil when it has no result there.
    func cost(_ row: Int, at epoch: Int) -> Double? { results[row].first { $0.epoch == epoch }?.cost }

    /// The highest epoch with at least `enough` finite results; the lowest epoch there is, if none has; nil before any.
    func highestRung(with enough: Int) -> Int? {
        var counts: [(epoch: Int, count: Int)] = []
        for row in finished {
            for result in results[row] {
                let place = counts.firstIndex { $0.epoch >= result.epoch } ?? counts.count
                if place == counts.count || counts[place].epoch != result.epoch {
                    counts.insert((result.epoch, 0), at: place)
                }
                if result.cost < .infinity { counts[place].count += 1 }
            }
        }
        return (counts.last { $0.count >= enough } ?? counts.first)?.epoch
    }
}
