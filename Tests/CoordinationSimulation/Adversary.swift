package import SweepNumerics

/// Draws what goes wrong.
package enum Adversary {
    /// A list of faults among `workers` workers, all over after `horizon` virtual seconds; at most `limit` of them beside the
    /// noise of the network.
    package static func drawn(
        _ random: inout RandomStream,
        workers: Int,
        horizon: Double,
        limit: Int = 24
    ) -> [Fault] {
        var faults: [Fault] = []
        // Some networks are bad all the time, some for a while.
        if random.below(3) > 0 { faults.append(.noise(Window(0, horizon), noise(&random))) }
        for _ in 0..<random.below(3) { faults.append(.noise(window(&random, horizon, longest: 20), noise(&random))) }
        // Some seeds bring one kind of fault many times, most bring a little of each.
        let favourite = random.below(3) == 0 ? random.below(kinds) : nil
        for _ in 0..<random.below(limit + 1) {
            faults.append(fault(&random, favourite ?? random.below(kinds), workers: workers, horizon: horizon))
        }
        return faults
    }

    private static let kinds = 13

    private static func fault(_ random: inout RandomStream, _ kind: Int, workers: Int, horizon: Double) -> Fault {
        let worker = random.below(workers)
        let at = rounded(horizon * random.uniform())
        let down = rounded(0.1 + 9 * random.uniform() * random.uniform())
        let process: SimulatedProcess = random.below(3) == 0 ? .coordinator : .worker(worker)
        switch kind {
        case 0: return .crashWorker(worker, at: at, down: down)
        case 1: return .crashCoordinator(at: at, down: down, commitSurvives: random.below(2) == 0)
        // Commits are most frequent at the beginning.
        case 2, 3: return .crashAtCommit(1 + random.below(120), moment(&random), down: down)
        case 4:
            let way: Direction = [.both, .both, .up, .down][random.below(4)]
            return .cut(worker: worker, window(&random, horizon, longest: 20), way)
        case 5: return .pause(process, window(&random, horizon, longest: 15))
        case 6: return .clockJump(process, at: at, by: rounded(20 * random.uniform()))
        case 7: return .clockJump(process, at: at, by: rounded(-10 * random.uniform()))
        case 8: return .fullDisk(window(&random, horizon, longest: 10))
        case 9: return .slowDisk(window(&random, horizon, longest: 20), seconds: rounded(3 * random.uniform()))
        case 10:
            return .slow(worker: worker, window(&random, horizon, longest: 60), factor: Double(2 + random.below(30)))
        case 11: return .stuck(worker: worker, window(&random, horizon, longest: 60))
        default: return .drain(worker: worker, at: at)
        }
    }

    private static func moment(_ random: inout RandomStream) -> CommitMoment {
        switch random.below(3) {
        case 0: .before
        case 1: .after
        default: .sending(1 + random.below(4))
        }
    }

    private static func noise(_ random: inout RandomStream) -> Noise {
        Noise(
            drop: [0, 0.02, 0.1, 0.3][random.below(4)],
            duplicate: [0, 0.05, 0.3][random.below(3)],
            reorder: [0, 0, 0.2][random.below(3)],
            truncate: [0, 0, 0.05][random.below(3)],
            corrupt: [0, 0, 0.05][random.below(3)],
            delay: [2, 400, 3_000][random.below(3)]
        )
    }

    private static func window(_ random: inout RandomStream, _ horizon: Double, longest: Double) -> Window {
        let from = rounded(horizon * random.uniform())
        return Window(from, min(horizon, rounded(from + longest * random.uniform())))
    }

    /// To a thousandth, so that a fault is easily read and written.
    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
