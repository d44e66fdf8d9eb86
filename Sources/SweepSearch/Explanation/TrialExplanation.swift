package import SweepCore

/// Why a trial was proposed, and what was decided of it at each level.
package struct TrialExplanation: Hashable, Sendable {
    package let trial: Int
    package let configuration: Configuration
    /// Why its configuration was proposed; nil when the searcher, told the same facts again, proposes another one: the store
    /// was written by another version.
    package let reason: ProposalReason?
    /// The first trial of its configuration: that is the one which was proposed.
    package let firstRun: Int
    /// Results, and proposals without one, that the searcher knew then.
    package let results: Int
    package let pending: Int
    /// The trials with a result that were nearest to it then, the nearest first.
    package let neighbours: [Neighbour]
    /// At each level that it came to.
    package let standings: [Standing]
    /// What is believed of its values, where the sweep file says so and the searcher proposed it.
    package let beliefs: [Belief]
    /// Why it was stopped as one that cannot recover; nil where it was not.
    package let hopelessness: Hopelessness?

    package init(
        trial: Int,
        configuration: Configuration,
        reason: ProposalReason?,
        firstRun: Int,
        results: Int,
        pending: Int,
        neighbours: [Neighbour],
        standings: [Standing],
        beliefs: [Belief] = [],
        hopelessness: Hopelessness? = nil
    ) {
        self.trial = trial
        self.configuration = configuration
        self.reason = reason
        self.firstRun = firstRun
        self.results = results
        self.pending = pending
        self.neighbours = neighbours
        self.standings = standings
        self.beliefs = beliefs
        self.hopelessness = hopelessness
    }

    /// How likely a value is by what is believed of its range.
    package struct Belief: Hashable, Sendable {
        package let path: String
        /// log of the believed density there over that of an even draw, on the range's own scale; of an option's probability over
        /// that of an even draw, -∞ where its weight is 0.
        package let logDensity: Double

        package init(path: String, logDensity: Double) {
            self.path = path
            self.logDensity = logDensity
        }

        /// Those of the values of `configuration` of `space`, in the space's order.
        package static func all(of configuration: Configuration, in space: SearchSpace) -> [Belief] {
            let box = SearchBox(space)
            let point = box.point(of: configuration)
            return box.believed.compactMap { index in
                guard !point[index].isNaN, let log = box.axes[index].logPrior(at: point[index]) else { return nil }
                return Belief(path: box.axes[index].path, logDensity: log)
            }
        }
    }

    /// A trial near by, with what it had reached.
    package struct Neighbour: Hashable, Sendable {
        package let trial: Int
        /// See `Neighbourhood.distance(to:)`.
        package let distance: Double
        package let epoch: Int
        /// The objective; not finite when it lost its numbers.
        package let objective: Double

        package init(trial: Int, distance: Double, epoch: Int, objective: Double) {
            self.trial = trial
            self.distance = distance
            self.epoch = epoch
            self.objective = objective
        }
    }

    /// What became of a trial at a level.
    package enum Verdict: Hashable, Sendable {
        case promoted(to: Int)
        /// The scheduler stopped it, or the sweep ended before it could go on.
        case stopped
        /// It was at its last level.
        case completed
        /// Nothing is decided yet.
        case waits
        /// It has no number here, so that nothing promotes it.
        case lost
        /// Its curve ended it before, though its losses were numbers.
        case hopeless
    }

    /// A trial among the results that were known at its level when it was decided, itself one of them.
    package struct Standing: Hashable, Sendable {
        package let epoch: Int
        /// Its objective; not finite when it lost its numbers.
        package let objective: Double
        /// From 1, by objective, equal ones by trial; and of how many.
        package let place: Int
        package let of: Int
        /// The best result and the middle one.
        package let best: Double
        package let median: Double
        /// How many had gone on from here before.
        package let wentOn: Int
        package let verdict: Verdict

        package init(
            epoch: Int,
            objective: Double,
            place: Int,
            of: Int,
            best: Double,
            median: Double,
            wentOn: Int,
            verdict: Verdict
        ) {
            self.epoch = epoch
            self.objective = objective
            self.place = place
            self.of = of
            self.best = best
            self.median = median
            self.wentOn = wentOn
            self.verdict = verdict
        }
    }
}

/// How far configurations are from one.
package struct Neighbourhood: Sendable {
    private let box: SearchBox
    private let free: [Int]
    private let point: [Double]

    /// Distances in `space` from `configuration`.
    package init(space: SearchSpace, around configuration: Configuration) {
        box = SearchBox(space)
        free = box.free
        point = box.point(of: configuration)
    }

    /// The mean over the parameters that either has: of a number the part of its range, on its own scale, that lies between;
    /// 1 for another option, and for a parameter that only one of them has. From 0 to 1.
    package func distance(to configuration: Configuration) -> Double {
        let other = box.point(of: configuration)
        var sum = 0.0
        var count = 0.0
        for axis in free {
            let (a, b) = (point[axis], other[axis])
            if a.isNaN && b.isNaN { continue }
            count += 1
            if a.isNaN || b.isNaN {
                sum += 1
            } else {
                sum += box.axes[axis].isCategorical ? (a == b ? 0 : 1) : abs(a - b)
            }
        }
        return count > 0 ? sum / count : 0
    }
}
