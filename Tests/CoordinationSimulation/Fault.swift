/// A process of the simulation.
package enum SimulatedProcess: Hashable, Sendable {
    case coordinator
    /// The worker at this place of the scenario.
    case worker(Int)
}

/// A stretch of virtual time, in seconds from the start of the simulation.
package struct Window: Hashable, Sendable {
    package var from: Double
    package var to: Double

    package init(_ from: Double, _ to: Double) {
        self.from = from
        self.to = to
    }

    package func contains(_ seconds: Double) -> Bool { seconds >= from && seconds < to }
}

/// Where in a turn the coordinator falls.
package enum CommitMoment: Hashable, Sendable {
    /// The transaction is not on the disk: nothing of the turn ever was.
    case before
    /// It is on the disk, and nothing of what it decided is said.
    case after
    /// It is on the disk, and so many of its messages are sent.
    case sending(Int)
}

/// Which way of a connection is meant.
package enum Direction: Hashable, Sendable {
    case up, down, both
}

/// What a network does to messages; each figure is a probability for each message.
package struct Noise: Hashable, Sendable {
    package var drop: Double
    package var duplicate: Double
    /// It may overtake others of its connection; a real connection never lets it.
    package var reorder: Double
    /// Bytes at its end, or a whole frame, are missing.
    package var truncate: Double
    /// Some of its bits are others.
    package var corrupt: Double
    /// The longest way, in milliseconds; the shortest is 0.1.
    package var delay: Double

    package init(
        drop: Double = 0,
        duplicate: Double = 0,
        reorder: Double = 0,
        truncate: Double = 0,
        corrupt: Double = 0,
        delay: Double = 2
    ) {
        self.drop = drop
        self.duplicate = duplicate
        self.reorder = reorder
        self.truncate = truncate
        self.corrupt = corrupt
        self.delay = delay
    }

    /// Two kinds of noise at once: the worse of each.
    package func and(_ other: Noise) -> Noise {
        Noise(
            drop: max(drop, other.drop),
            duplicate: max(duplicate, other.duplicate),
            reorder: max(reorder, other.reorder),
            truncate: max(truncate, other.truncate),
            corrupt: max(corrupt, other.corrupt),
            delay: max(delay, other.delay)
        )
    }
}

/// One thing that the adversary does. Times are virtual seconds; workers are named by their place in the scenario.
///
/// The whole adversary is a list of these, so that a failing run can be made smaller by leaving some out: nothing that
/// one fault draws depends on another one.
package enum Fault: Hashable, Sendable {
    case noise(Window, Noise)
    /// What is sent over the worker's connection in this time is lost; neither side is told.
    case cut(worker: Int, Window, Direction)
    /// The worker process is killed, and comes back as another one.
    case crashWorker(Int, at: Double, down: Double)
    /// The coordinator is killed at some moment; whether a commit that is under way reaches the disk.
    case crashCoordinator(at: Double, down: Double, commitSurvives: Bool)
    /// The coordinator is killed in the turn of its commit with this number, from 1.
    case crashAtCommit(Int, CommitMoment, down: Double)
    /// Stopped and continued: nothing happens in the process, and then everything that was due.
    case pause(SimulatedProcess, Window)
    /// The process's clock jumps, forwards or back.
    case clockJump(SimulatedProcess, at: Double, by: Double)
    /// Nothing can be written: every commit fails and ends the process, which starts again.
    case fullDisk(Window)
    /// A commit takes up to so many seconds.
    case slowDisk(Window, seconds: Double)
    /// Epochs take so many times as long.
    case slow(worker: Int, Window, factor: Double)
    /// Trainers get nowhere, while the worker beats on.
    case stuck(worker: Int, Window)
    /// The worker is asked to drain, and comes back as another process.
    case drain(worker: Int, at: Double)
}

extension Fault: CustomStringConvertible {
    /// The fault as it is written in the source, for a table of named scenarios.
    package var description: String {
        switch self {
        case .noise(let window, let noise): ".noise(\(window.source), \(noise.source))"
        case .cut(let worker, let window, let way): ".cut(worker: \(worker), \(window.source), .\(way))"
        case .crashWorker(let worker, let at, let down): ".crashWorker(\(worker), at: \(at), down: \(down))"
        case .crashCoordinator(let at, let down, let survives):
            ".crashCoordinator(at: \(at), down: \(down), commitSurvives: \(survives))"
        case .crashAtCommit(let number, let moment, let down):
            ".crashAtCommit(\(number), .\(moment), down: \(down))"
        case .pause(let process, let window): ".pause(.\(process), \(window.source))"
        case .clockJump(let process, let at, let by): ".clockJump(.\(process), at: \(at), by: \(by))"
        case .fullDisk(let window): ".fullDisk(\(window.source))"
        case .slowDisk(let window, let seconds): ".slowDisk(\(window.source), seconds: \(seconds))"
        case .slow(let worker, let window, let factor):
            ".slow(worker: \(worker), \(window.source), factor: \(factor))"
        case .stuck(let worker, let window): ".stuck(worker: \(worker), \(window.source))"
        case .drain(let worker, let at): ".drain(worker: \(worker), at: \(at))"
        }
    }

    /// When nothing of it goes on any more; 0 for one that is bound to a commit and not to a time.
    package var end: Double {
        switch self {
        case .noise(let window, _), .cut(_, let window, _), .pause(_, let window), .fullDisk(let window),
            .slowDisk(let window, _), .slow(_, let window, _), .stuck(_, let window):
            window.to
        case .crashWorker(_, let at, let down), .crashCoordinator(let at, let down, _): at + down
        case .crashAtCommit: 0
        case .clockJump(_, let at, let by): at + max(0, -by)
        case .drain(_, let at): at
        }
    }
}

extension Window {
    var source: String { "Window(\(from), \(to))" }
}

extension Noise {
    var source: String {
        let parts = [
            ("drop", drop, 0.0), ("duplicate", duplicate, 0), ("reorder", reorder, 0), ("truncate", truncate, 0),
            ("corrupt", corrupt, 0), ("delay", delay, 2),
        ]
        return "Noise(\(parts.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1)" }.joined(separator: ", ")))"
    }
}
