package import SweepCore
package import SweepReports

/// A job as `squeue` shows it.
package struct SlurmJob: Hashable, Sendable {
    /// Its number, with `_N` behind it in an array.
    package let id: String
    /// Slurm's word, such as `RUNNING`.
    package let state: String

    package init(id: String, state: String) {
        self.id = id
        self.state = state
    }

    /// Reads lines of `squeue --noheader --format '%i %T'`; what is no such line is passed over.
    package static func read(_ text: String) -> [SlurmJob] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, words[0].first?.isNumber == true else { return nil }
            return SlurmJob(id: String(words[0]), state: String(words[1]))
        }
    }

    /// Whether it trains, or will: one that is ending does not count as an allocation any more.
    package var isAlive: Bool { state != "COMPLETING" && !hasEnded }
    /// Slurm shows jobs that have ended for some minutes.
    private var hasEnded: Bool {
        [
            "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
            "TIMEOUT",
        ].contains(state)
    }
    /// Whether it has begun.
    var isRunning: Bool { state == "RUNNING" }
}

/// Keeps so many allocations alive until a sweep ends: what to submit and what to cancel, seen from the queue.
///
/// The queue is the truth: whoever keeps allocations can be killed and started again, and takes up those it finds by their name.
/// Jobs that end soon after they began are held against it: each in a row doubles a pause, and too many end it, for they fail
/// for a reason that the next one would have too.
package struct AllocationKeeper: Sendable {
    /// What a sweep wants.
    package enum Phase: Hashable, Sendable {
        /// It has so many trials that have not ended; nil when it does not say.
        case open(trials: Int?)
        /// It waits for its user: what is allocated stays, nothing new is asked for.
        case resting
        case over
    }

    /// What is to be done.
    package enum Action: Hashable, Sendable {
        case submit(Int)
        case cancel([String])
        /// The sweep is over and no job is left.
        case finish
        /// Jobs end as soon as they begin.
        case giveUp(ends: Int)
    }

    /// A worker that joins has begun to train within this: who ended before had something wrong.
    private static let usualShortLife: Duration = .seconds(30)
    /// Ends in a row after which the next would be the same.
    static let endsToGiveUp = 5
    private static let firstPause: Duration = .seconds(10)
    private static let longestPause: Duration = .seconds(600)

    private let wanted: Int
    private let shortLife: Duration
    /// When each job was first seen to run; jobs that wait are not in it.
    private var running: [String: Instant] = [:]
    /// Jobs that were there at the last look.
    private var known: Set<String> = []
    private var earlyEnds = 0
    private var pausesUntil: Instant?

    /// A keeper of at most `wanted` allocations, of so much wall time each; nil when it is not known.
    package init(wanted: Int, wallTime: Duration? = nil) {
        self.wanted = wanted
        // What lives to its wall time has not ended early, however short that is.
        shortLife = wallTime.map { min(Self.usualShortLife, $0 / 4) } ?? Self.usualShortLife
    }

    /// What to do about the queue as it is now.
    package mutating func actions(jobs: [SlurmJob], phase: Phase, at now: Instant) -> [Action] {
        let alive = jobs.filter(\.isAlive)
        note(alive, at: now)
        guard phase != .over else {
            return jobs.contains { $0.isAlive || $0.state == "COMPLETING" }
                ? (alive.isEmpty ? [] : [.cancel(alive.map(\.id))]) : [.finish]
        }
        if earlyEnds >= Self.endsToGiveUp { return [.giveUp(ends: earlyEnds)] }
        guard case .open(let trials) = phase else { return [] }
        if let until = pausesUntil, now < until { return [] }
        // An allocation for which there is no trial would begin and find nothing to do.
        let useful = min(wanted, trials ?? wanted)
        return alive.count < useful ? [.submit(useful - alive.count)] : []
    }

    /// Learns from what was there at the last look and is not any more.
    private mutating func note(_ alive: [SlurmJob], at now: Instant) {
        let names = Set(alive.map(\.id))
        for id in known.subtracting(names).sorted() {
            let life = running.removeValue(forKey: id).map { $0.duration(to: now) } ?? .zero
            if life < shortLife {
                earlyEnds += 1
                let pause = Self.firstPause * (1 << min(earlyEnds - 1, 6))
                pausesUntil = now.advanced(by: min(pause, Self.longestPause))
            } else {
                earlyEnds = 0
                pausesUntil = nil
            }
        }
        for job in alive {
            if job.isRunning {
                if let since = running[job.id] {
                    if since.duration(to: now) >= shortLife { earlyEnds = 0 }
                } else {
                    running[job.id] = now
                }
            } else {
                // Requeued, it begins anew.
                running[job.id] = nil
            }
        }
        known = names
    }
}

extension AllocationKeeper.Phase {
    /// What a sweep wants, as its status tells.
    ///
    /// A finished one wants workers while experiments on it go on: how many trials they will have nobody knows beforehand. One that
    /// waits for a person rests, as a halted sweep does.
    package init(_ status: StatusDocument) {
        self =
            switch status.state {
            case "finished" where status.isExperimenting: .open(trials: nil)
            case "finished" where status.hasExperimentsLeft: .resting
            case "finished", "cancelled": .over
            case "paused", "halted": .resting
            default: .open(trials: status.trialsPlanned.map { max(0, $0 - status.trials.ended) })
            }
    }
}
