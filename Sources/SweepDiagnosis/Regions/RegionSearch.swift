package import SweepCore
import SweepNumerics

/// Looks for the parts of a search space in which trials are sick of the same thing.
///
/// Subgroup discovery (Klösgen, Explora, 1996) over boxes of one or two parameters, as few as a person can act on: every box whose
/// bounds are values of trials, or quantiles of them, is tried, and the one is kept that is least likely by chance (Fisher's exact
/// test, which is the hypergeometric tail). What was found after so much trying is believed only if it holds after Bonferroni's
/// correction for every box that was tried, and a second parameter only if it adds to the first by a test of its own (both: Webb,
/// Discovering significant patterns, Machine Learning 68, 2007). Then its trials are set aside, and the rest is looked at again.
package enum RegionSearch {
    /// Bounds that are tried on a parameter in each direction; of more values evenly spread ones.
    private static let boundsPerParameter = 24
    /// Sick trials that a region must have: fewer are named one by one anyway.
    private static let leastSick = 4
    /// The share of a region's trials that must be sick: below it "this part is sick" would be wrong too often.
    private static let leastShare = 0.75
    /// The greatest probability by chance, after correction.
    private static let greatestChance = 0.01
    /// Regions of one symptom.
    private static let mostRegions = 3

    /// The regions of these trials, the surest first; `symptom` nil: the trial shows none.
    ///
    /// A loss that rises, one that leaves and one that is no number any more are stages of one thing: all three count as
    /// diverging. The same trials give the same regions in whatever order they stand.
    package static func regions(of trials: [(configuration: Configuration, symptom: Symptom?)]) -> [SickRegion] {
        let trials = trials.map { (configuration: $0.configuration, symptom: $0.symptom.map(sickness)) }
        let candidates = Candidate.all(trials.map(\.configuration))
        guard !candidates.isEmpty else { return [] }
        let sicknesses = Symptom.allCases.filter { symptom in
            trials.count { $0.symptom == symptom } >= leastSick
        }
        let singles = Double(candidates.count)
        // Every pair, whether it can be met or not, for each symptom and each round.
        let tried = (singles + singles * (singles - 1) / 2) * Double(sicknesses.count * mostRegions)
        let correction = Elementary.log(max(1, tried))
        let chances = ExactTest(upTo: trials.count)
        var found: [SickRegion] = []
        for symptom in sicknesses {
            var open = TrialSet(trials.count) { _ in true }
            let sick = TrialSet(trials.count) { trials[$0].symptom == symptom }
            for _ in 0..<mostRegions {
                guard let best = best(candidates, sick, open, chances) else { break }
                let box = best.members
                let chance = best.chance + correction
                guard chance <= Elementary.log(greatestChance) else { break }
                found.append(
                    SickRegion(
                        symptom: symptom,
                        conditions: best.conditions,
                        inside: box.count,
                        sick: box.count(with: sick),
                        sickInAll: sick.count(with: open),
                        all: open.count,
                        chance: min(1, Elementary.exp(chance))
                    )
                )
                open.subtract(box)
            }
        }
        let order = Dictionary(uniqueKeysWithValues: Symptom.allCases.enumerated().map { ($1, $0) })
        return found.enumerated().sorted { a, b in
            a.element.chance != b.element.chance
                ? a.element.chance < b.element.chance
                : (order[a.element.symptom] ?? 0, a.offset) < (order[b.element.symptom] ?? 0, b.offset)
        }.map(\.element)
    }

    private static func sickness(_ symptom: Symptom) -> Symptom {
        switch symptom {
        case .nonFinite, .diverging, .rising: .diverging
        default: symptom
        }
    }

    private struct Box {
        let conditions: [SickRegion.Condition]
        /// Trials in it that are still open.
        let members: TrialSet
        /// The logarithm of its probability by chance, before correction.
        let chance: Double
    }

    /// The box that is least likely by chance among those that are sick enough.
    private static func best(_ candidates: [Candidate], _ sick: TrialSet, _ open: TrialSet, _ test: ExactTest) -> Box? {
        let all = open.count
        let sickInAll = sick.count(with: open)
        guard sickInAll >= leastSick, sickInAll < all else { return nil }
        let members = candidates.map { $0.members.intersection(open) }
        let hits = members.map { $0.count(with: sick) }
        let counts = members.map(\.count)
        var best: Box?
        func consider(
            _ conditions: [SickRegion.Condition],
            _ members: @autoclosure () -> TrialSet,
            _ hit: Int,
            _ count: Int
        ) {
            guard hit >= leastSick, Double(hit) >= leastShare * Double(count) else { return }
            let chance = test.logTail(hit, of: count, sick: sickInAll, all: all)
            guard chance < best?.chance ?? 0 else { return }
            best = Box(conditions: conditions, members: members(), chance: chance)
        }
        for index in candidates.indices {
            consider([candidates[index].condition], members[index], hits[index], counts[index])
        }
        for first in candidates.indices where hits[first] >= leastSick {
            for second in candidates.indices.dropFirst(first + 1)
            where hits[second] >= leastSick && candidates[first].path != candidates[second].path {
                let (count, hit) = members[first].count(with: members[second], and: sick)
                guard hit >= leastSick, count < counts[first], count < counts[second] else { continue }
                // Each of the two must add to the other: sicker inside of it than in what it takes away.
                let level = Elementary.log(0.01 / Double(candidates.count))
                guard test.logTail(hit, of: count, sick: hits[first], all: counts[first]) < level,
                    test.logTail(hit, of: count, sick: hits[second], all: counts[second]) < level
                else { continue }
                consider(
                    [candidates[first].condition, candidates[second].condition],
                    members[first].intersection(members[second]),
                    hit,
                    count
                )
            }
        }
        return best
    }

    /// One condition and who meets it.
    private struct Candidate {
        let condition: SickRegion.Condition
        /// Two of one parameter are no pair: they are nested, or an interval, which is not looked for.
        let path: String
        let members: TrialSet

        static func all(_ configurations: [Configuration]) -> [Candidate] {
            var paths: [String] = []
            var known: Set<String> = []
            for configuration in configurations {
                for entry in configuration.entries where known.insert(entry.path).inserted { paths.append(entry.path) }
            }
            // The order of the trials must not matter.
            paths.sort()
            return paths.flatMap { path -> [Candidate] in
                let values = configurations.map { $0[path] }
                let numbers = values.map { $0?.number }
                return bounds(values.compactMap { $0 }).compactMap { bound in
                    let members =
                        switch bound {
                        case .equal(let wanted): TrialSet(values.count) { values[$0] == wanted }
                        case .atLeast(let least):
                            TrialSet(values.count, numbers, least.number) { $0 >= $1 }
                        case .atMost(let most):
                            TrialSet(values.count, numbers, most.number) { $0 <= $1 }
                        }
                    // What all trials meet says nothing.
                    guard members.count < values.count, members.count >= leastSick else { return nil }
                    return Candidate(
                        condition: SickRegion.Condition(path: path, bound: bound),
                        path: path,
                        members: members
                    )
                }
            }
        }

        private static func bounds(_ values: [ParameterValue]) -> [SickRegion.Bound] {
            var distinct: Set<ParameterValue> = []
            for value in values { distinct.insert(value) }
            let numbers = distinct.compactMap { value in value.number.map { (value, $0) } }
            guard numbers.count == distinct.count else {
                return distinct.sorted { "\($0)" < "\($1)" }.map { .equal($0) }
            }
            let sorted = numbers.sorted { $0.1 < $1.1 }.map(\.0)
            guard sorted.count > 1 else { return sorted.map { .equal($0) } }
            // The first value is no lower bound and the last no upper one, as every trial meets them, unless others lack the parameter.
            let count = min(sorted.count, boundsPerParameter)
            let places = (0..<count).map { place in count == 1 ? 0 : place * (sorted.count - 1) / (count - 1) }
            return places.map { .atLeast(sorted[$0]) } + places.map { .atMost(sorted[$0]) }
        }
    }
}

/// Some of the trials, a bit for each.
private struct TrialSet {
    private var words: [UInt64]

    init(_ count: Int, _ holds: (Int) -> Bool) {
        words = Array(repeating: 0, count: (count + 63) / 64)
        for trial in 0..<count where holds(trial) { words[trial / 64] |= 1 << UInt64(trial % 64) }
    }

    /// The trials whose number, where they have one, is on the right side of `bound`.
    init(_ count: Int, _ numbers: [Double?], _ bound: Double?, _ holds: (Double, Double) -> Bool) {
        self.init(count) { trial in
            guard let number = numbers[trial], let bound else { return false }
            return holds(number, bound)
        }
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func count(with other: TrialSet) -> Int {
        var sum = 0
        for index in words.indices { sum += (words[index] & other.words[index]).nonzeroBitCount }
        return sum
    }

    /// How many are in both sets, and how many of those in `marked` too.
    func count(with other: TrialSet, and marked: TrialSet) -> (both: Int, marked: Int) {
        var both = 0
        var all = 0
        for index in words.indices {
            let common = words[index] & other.words[index]
            both += common.nonzeroBitCount
            all += (common & marked.words[index]).nonzeroBitCount
        }
        return (both, all)
    }

    func intersection(_ other: TrialSet) -> TrialSet {
        var result = self
        for index in words.indices { result.words[index] &= other.words[index] }
        return result
    }

    mutating func subtract(_ other: TrialSet) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }
}

/// Fisher's exact test in one direction: sums of hypergeometric probabilities.
struct ExactTest {
    /// ln n!
    private let factorials: [Double]

    init(upTo count: Int) {
        var sums = [0.0]
        sums.reserveCapacity(count + 1)
        for number in 0..<max(0, count) { sums.append((sums.last ?? 0) + Elementary.log(Double(number + 1))) }
        factorials = sums
    }

    /// The logarithm of the probability of at least `hits` sick ones among `count` drawn from `all`, of which `sick` are.
    func logTail(_ hits: Int, of count: Int, sick: Int, all: Int) -> Double {
        let most = min(count, sick)
        guard hits > max(0, count + sick - all) else { return 0 }
        guard hits <= most else { return -.infinity }
        func choose(_ n: Int, _ k: Int) -> Double { factorials[n] - factorials[k] - factorials[n - k] }
        let first = choose(sick, hits) + choose(all - sick, count - hits) - choose(all, count)
        // Each term by the one before it.
        var term = 1.0
        var sum = 1.0
        var hit = hits
        while hit < most, term > 1e-17 * sum {
            term *= Double(sick - hit) / Double(hit + 1) * Double(count - hit) / Double(all - sick - count + hit + 1)
            sum += term
            hit += 1
        }
        return min(0, first + Elementary.log(sum))
    }
}
