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
    private let constraints: [Constraint]
    private var seen: Set<ConfigurationID> = []
    /// Whether a walk went through the whole space and found nothing new, so that no other one will.
    private var isUsedUp = false
    /// How many distinct configurations there are, at most; nil when there is no end of them.
    let total: Int?

    init(space: SearchSpace, box: SearchBox, constraints: [Constraint]) {
        self.box = box
        self.constraints = constraints
        enumeration = SpaceEnumeration(space) { $0.allValues }
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
    /// In a space without end whose continuous branches are all but never taken, a repetition is the better answer.
    mutating func draw(_ stream: inout RandomStream) -> Configuration? {
        if isExhausted { return nil }
        var repetition: Configuration?
        let isFinite = enumeration != nil && constraints.isEmpty
        let draws = isFinite ? Self.drawsBeforeWalk : Self.greatestDraws
        for draw in 0..<draws {
            // What is believed of options may leave nothing new: the last quarter of the draws does without.
            let isEven = draw >= draws - draws / 4 && box.weighsOptions
            let configuration = box.configuration(at: box.randomPoint(&stream, evenly: isEven))
            if admits(configuration) { return configuration }
            if constraints.allSatisfy({ $0.holds(configuration) }) { repetition = configuration }
        }
        guard let enumeration else { return repetition }
        guard let total = enumeration.finiteCount else { return nil }
        var index = stream.below(total)
        for _ in 0..<min(total, SpaceEnumeration.greatestWalk) {
            if let configuration = enumeration.configuration(at: index), admits(configuration) { return configuration }
            index = (index + 1) % total
        }
        isUsedUp = total <= SpaceEnumeration.greatestWalk
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
