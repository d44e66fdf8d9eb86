package import SweepCore
import SweepNumerics

/// Points that fill the space evenly: configuration n is a pure function of (space, seed, n).
///
/// Where something is believed of a parameter its coordinates are those below which such shares of the belief lie: the points are dense
/// where it is, and fill it evenly.
/// Each parameter with something to choose is a dimension of the sequence; those of branches not taken are left out of the
/// configuration. Parameters beyond the sequence's greatest dimension (256) are drawn independently.
///
/// A point whose configuration came before is passed over; where that happens too often, the next new configuration in the
/// order of the enumeration is taken. What was proposed before n belongs to the answer for n; it is made again in order
/// when it is not there. Memory: none where a parameter that always counts is a real without a step, so that nothing can
/// come twice; 8 bytes a proposal and `Novelty`'s elsewhere.
package struct SequenceSearcher<Sequence: PointSequence>: Searcher {
    /// Points passed over in a row before the enumeration is walked.
    private static var pointsBeforeWalk: Int { 1024 }

    private let box: SearchBox
    private let seed: UInt64
    private let sequence: Sequence
    /// The dimension of each axis; nil for those with nothing to choose, or beyond the sequence.
    private let dimensions: [Int?]
    private let neverRepeats: Bool
    private var novelty: Novelty
    /// What each number is, where points can repeat.
    private var kept: [Proposal] = []
    private var nextPoint = 0

    private enum Proposal: Sendable {
        case point(Int)
        case configuration(Configuration)
    }

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`.
    package init(space: SearchSpace, seed: UInt64, constraints: [Constraint] = []) {
        let box = SearchBox(space)
        self.box = box
        self.seed = seed
        var next = 0
        dimensions = box.axes.map { axis in
            guard axis.isFree, next < Sequence.greatestDimensions else { return nil }
            next += 1
            return next - 1
        }
        sequence = Sequence(dimensions: next, seed: seed)
        novelty = Novelty(space: space, box: box, constraints: constraints)
        neverRepeats = constraints.isEmpty && box.axes.contains { $0.parent == nil && $0.count == nil }
    }

    package var ignoresResults: Bool { true }

    package var total: Int? { novelty.total }

    package func counts(_ configuration: Configuration) -> Bool { novelty.counts(configuration) }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        if neverRepeats { return configuration(number) }
        while kept.count <= number {
            guard keepNext() else { return nil }
        }
        switch kept[number] {
        case .point(let index): return configuration(index)
        case .configuration(let configuration): return configuration
        }
    }

    private mutating func keepNext() -> Bool {
        if novelty.isExhausted { return false }
        for _ in 0..<Self.pointsBeforeWalk {
            let configuration = configuration(nextPoint)
            nextPoint += 1
            guard novelty.admits(configuration) else { continue }
            novelty.add(configuration)
            kept.append(.point(nextPoint - 1))
            return true
        }
        var stream = RandomStream(key: proposalKey(seed: seed, number: kept.count))
        guard let configuration = novelty.draw(&stream) else { return false }
        novelty.add(configuration)
        kept.append(.configuration(configuration))
        return true
    }

    private func configuration(_ index: Int) -> Configuration {
        let axes = box.axes
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, axes.count)) { taken in
            var entries: [Configuration.Entry] = []
            entries.reserveCapacity(axes.count)
            for (place, axis) in axes.enumerated() {
                if let parent = axis.parent, taken[parent.axis] != Double(parent.option) {
                    taken[place] = -1
                    continue
                }
                var coordinate: Double
                if let dimension = dimensions[place] {
                    coordinate = sequence.coordinate(dimension, of: index)
                } else {
                    var hash = StableHash()
                    hash.combine(proposalKey(seed: seed, number: index))
                    hash.combine(UInt64(place))
                    var stream = RandomStream(key: hash.value)
                    coordinate = stream.uniform()
                }
                if let prior = axis.prior { coordinate = prior.coordinate(below: coordinate) }
                if let prior = axis.optionPrior {
                    coordinate = Double(prior.option(below: coordinate))
                } else if axis.isCategorical {
                    coordinate = (coordinate * Double(axis.count ?? 1)).rounded(.down)
                }
                taken[place] = coordinate
                entries.append(.init(path: axis.path, value: axis.value(at: coordinate)))
            }
            return Configuration(entries)
        }
    }
}
