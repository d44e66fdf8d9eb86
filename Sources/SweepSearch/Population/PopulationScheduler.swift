package import SweepCore
import SweepNumerics

/// A trial that is to go on from the state of another one; in a population it replaces a member.
package struct MemberCopy: Hashable, Sendable {
    /// The trial that ends; nil: none does.
    package let replaced: Int?
    /// The trial whose state is copied, in a population with its settings.
    package let donor: Int
    /// The epoch after which that state is.
    package let epoch: Int
    /// The epoch to which the copy is trained first.
    package let to: Int

    package init(replaced: Int?, donor: Int, epoch: Int, to: Int) {
        self.replaced = replaced
        self.donor = donor
        self.epoch = epoch
        self.to = to
    }
}

/// Population-based training: at each level the worst members are replaced by copies of the best, and all others go on.
///
/// All members come to a level before anything is decided there. In virtual time, where an epoch costs the same for all, they come there at
/// the same moment, so that waiting costs nothing; each is compared at the same number of epochs with all others as they are; and whose
/// state is copied has not gone on. The paper's members decide by themselves, because theirs have no common clock.
///
/// By truncation: of P members the last k in the order of cost, ties by member, are replaced, k as `PopulationSpec.replaced(of:)` has it,
/// each by a copy of one of the first k, drawn evenly. A member that lost its numbers, or failed, is replaced whatever its place; one that is
/// no worse than the member drawn for it goes on. When no member has a number left, nothing goes on.
/// Source: Jaderberg et al. 2017, §4.1.1, "exploit": truncation selection.
package struct PopulationScheduler: FidelityScheduler {
    package let levels: [Int]
    private let population: PopulationSpec
    private let size: Int
    private let seed: UInt64
    /// The trial that each member is now, and the member that each trial is.
    private var members: [Int] = []
    private var places: [Int: Int] = [:]
    /// The place in `levels` that is under way, and the cost of each member there.
    private var level = 0
    private var costs: [Int: Double] = [:]
    private var copies: [(member: Int, copy: MemberCopy)] = []
    private var going: [Int] = []

    /// A population of `size` members of `epochs` epochs.
    package init(_ population: PopulationSpec, size: Int, epochs: Int, seed: UInt64) {
        self.population = population
        self.size = size
        self.seed = seed
        levels = population.levels(epochs: epochs)
    }

    package var ignoresResults: Bool { levels.count == 1 || population.replaced(of: size) == 0 }
    package var plansTrials: Bool { true }

    package mutating func started(trial: Int) {
        guard places[trial] == nil else { return }
        guard let (member, copy) = copies.first else {
            places[trial] = members.count
            members.append(trial)
            return
        }
        copies.removeFirst()
        if let replaced = copy.replaced { places[replaced] = nil }
        places[trial] = member
        members[member] = trial
    }

    package mutating func finished(trial: Int, epoch: Int, cost: Double) {
        guard let member = places[trial], epoch > (level > 0 ? levels[level - 1] : 0), epoch <= levels[level] else {
            return
        }
        result(of: member, cost)
    }

    package mutating func removed(trial: Int) {
        guard let member = places[trial], !copies.contains(where: { $0.copy.replaced == trial }) else { return }
        going.removeAll { $0 == trial }
        result(of: member, .infinity)
    }

    package mutating func promotion() -> (trial: Int, to: Int)? {
        // Whose state is copied waits until it is.
        guard copies.isEmpty, !going.isEmpty else { return nil }
        return (going.removeFirst(), levels[level])
    }

    package mutating func promoted(trial: Int, to: Int) { going.removeAll { $0 == trial } }

    package func hopeless(remaining newTrials: Int) -> [Int] { [] }

    package func copyDue() -> MemberCopy? { copies.first?.copy }

    private mutating func result(of member: Int, _ cost: Double) {
        guard costs[member] == nil else { return }
        costs[member] = cost.isNaN ? .infinity : cost
        if costs.count == size, level + 1 < levels.count { decide() }
    }

    private mutating func decide() {
        func cost(_ member: Int) -> Double { costs[member] ?? .infinity }
        let order = (0..<size).sorted { (cost($0), $0) < (cost($1), $1) }
        let count = population.replaced(of: size)
        let donors = order.prefix { cost($0) < .infinity }.prefix(max(1, count))
        guard !donors.isEmpty else { return }
        let last = Set(order.suffix(count))
        for member in 0..<size {
            let isLost = cost(member) == .infinity
            guard isLost || (last.contains(member) && !donors.contains(member)) else {
                going.append(members[member])
                continue
            }
            var hash = StableHash()
            hash.combine("pbt exploit")
            hash.combine(seed)
            hash.combine(UInt64(level))
            hash.combine(UInt64(member))
            var stream = RandomStream(key: hash.value)
            let donor = donors[donors.startIndex + stream.below(donors.count)]
            guard cost(member) > cost(donor) else {
                going.append(members[member])
                continue
            }
            let copy = MemberCopy(
                replaced: members[member],
                donor: members[donor],
                epoch: levels[level],
                to: levels[level + 1]
            )
            copies.append((member, copy))
        }
        level += 1
        costs = [:]
    }
}

extension PopulationSpec {
    /// The rule for people: which members go on.
    package var sentence: String {
        let share = "\(ParameterValue.real((quantile * 1000).rounded() / 10)) %"
        return
            "pbt, at each level the worst \(share) of the members, and all that lost their numbers, are replaced by copies of the "
            + "best \(share); all others go on"
    }
}
