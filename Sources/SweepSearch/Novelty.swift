import SweepCore
import SweepNumerics

/// Which configurations may be proposed: those that meet the sweep's conditions and were not proposed already.
///
/// Equal configurations have equal seeds, so a repetition would train the same bits again. Memory: 16 to 32 bytes a
/// proposal.
struct Novelty: Sendable {
    /// Draws before the enumeration is walked; see `RandomSearcher`.
    private static let drawsBeforeWalk = 64
    /// Draws where nothing can be walked, or most of a space may be forbidden.
    private static let greatestDraws = 4096

    private let box: SearchBox
    private let enumeration: SpaceEnumeration?
    /// The configurations without an option of weight 0, where there are such options and an end of the others.
    private let possible: SpaceEnumeration?
    private let constraints: [Constraint]
    private var seen: Set<ConfigurationID> = []
    /// Whether a walk went through the whole space and found nothing new, so that no other one will.
    private var isUsedUp = false
    /// Whether one went through all of `possible` and found nothing new.
    private var isPossibleUsedUp = false
    /// How many distinct configurations there are, at most; nil when there is no end of them.
    let total: Int?

    init(space: SearchSpace, box: SearchBox, constraints: [Constraint]) {
        self.box = box
        self.constraints = constraints
        enumeration = SpaceEnumeration(space) { $0.allValues }
        possible = box.hasRuledOut ? SpaceEnumeration(space, withoutRuledOut: true) { $0.allValues } : nil
        total = enumeration.flatMap { $0.count(meeting: constraints) }
    }

    /// Whether every configuration was proposed.
    var isExhausted: Bool { isUsedUp || total.map { seen.count >= $0 } ?? false }

    /// Whether `configuration` is one of those that `total` counts.
    func counts(_ configuration: Configuration) -> Bool {
        enumeration?.contains(configuration, meeting: constraints) ?? false
    }

    /// Whether `configuration` meets the conditions and was not proposed yet.
    func admits(_ configuration: Configuration) -> Bool {
        constraints.allSatisfy { $0.holds(configuration) } && !seen.contains(configuration.id)
    }

    /// Takes notice of a proposal.
    mutating func add(_ configuration: Configuration) { seen.insert(configuration.id) }

    /// Takes notice of proposals by their names.
    mutating func add(_ names: Set<ConfigurationID>) { seen.formUnion(names) }

    /// A new configuration drawn by what is believed, or evenly; where draws fail, the next one in the enumeration's order. Nil when none is found.
    ///
    /// An option of weight 0 comes when nothing else is found. In a space without end whose continuous branches are all but never taken, a
    /// repetition is the better answer.
    mutating func draw(_ stream: inout RandomStream) -> Configuration? {
        if isExhausted { return nil }
        var repetition: Configuration?
        let isFinite = enumeration != nil && constraints.isEmpty
        let draws = isFinite ? Self.drawsBeforeWalk : Self.greatestDraws
        for draw in 0..<draws {
            // What is believed of options may leave nothing new: the last quarter of the draws does without.
            let isEven = draw >= draws - draws / 4 && box.weighsOptions
            let point = box.randomPoint(&stream, evenly: isEven, withoutRuledOut: true)
            let configuration = box.configuration(at: point)
            if admits(configuration) { return configuration }
            if constraints.allSatisfy({ $0.holds(configuration) }) { repetition = configuration }
        }
        if let possible, let count = possible.finiteCount {
            // Drawn in every case: a searcher that is made anew does not know that nothing is left there.
            let start = stream.below(count)
            if !isPossibleUsedUp {
                if let configuration = walk(possible, of: count, from: start) { return configuration }
                isPossibleUsedUp = count <= SpaceEnumeration.greatestWalk
            }
        }
        guard let enumeration, let total = enumeration.finiteCount else {
            for _ in 0..<(box.hasRuledOut ? draws / 4 : 0) {
                let configuration = box.configuration(at: box.randomPoint(&stream, evenly: true))
                if admits(configuration) { return configuration }
            }
            return enumeration == nil ? repetition : nil
        }
        if let configuration = walk(enumeration, of: total, from: stream.below(total)) { return configuration }
        isUsedUp = total <= SpaceEnumeration.greatestWalk
        return nil
    }

    /// The first new configuration from a place on; nil when none is found.
    private func walk(_ enumeration: SpaceEnumeration, of total: Int, from start: Int) -> Configuration? {
        var index = start
        for _ in 0..<min(total, SpaceEnumeration.greatestWalk) {
            if let configuration = enumeration.configuration(at: index), admits(configuration) { return configuration }
            index = (index + 1) % total
        }
        return nil
    }
}

extension SpaceEnumeration {
    /// Steps of a walk that looks for a configuration which meets conditions: a second or two.
    static let greatestWalk = 10_000_000
    /// Configurations up to which those that meet conditions are counted one by one: some 50 ms.
    private static let greatestCounted = 65_536

    /// How many configurations there are; nil when there are more than can be counted.
    var finiteCount: Int? { count < Int.max ? count : nil }

    /// Whether `configuration` is one of them and meets `constraints`.
    func contains(_ configuration: Configuration, meeting constraints: [Constraint]) -> Bool {
        contains(configuration) && constraints.allSatisfy { $0.holds(configuration) }
    }

    /// How many configurations meet `constraints`; of a large space how many there are in all. Nil without a count.
    func count(meeting constraints: [Constraint]) -> Int? {
        guard let total = finiteCount else { return nil }
        guard !constraints.isEmpty, total <= Self.greatestCounted else { return total }
        return (0..<total).count { index in
            configuration(at: index).map { configuration in constraints.allSatisfy { $0.holds(configuration) } }
                ?? false
        }
    }
}
