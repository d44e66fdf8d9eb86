import SweepCore

/// The faults of a scenario, sorted by what asks for them.
struct FaultIndex {
    /// What happens by itself at a moment.
    private(set) var timed: [(Instant, Simulation.Event)] = []
    private var noises: [(Window, Noise)] = []
    private var cuts: [(Int, Window, Direction)] = []
    private var pauses: [(SimulatedProcess, Window)] = []
    private var fullDisks: [Window] = []
    private var slowDisks: [(Window, Double)] = []
    private var slows: [(Int, Window, Double)] = []
    private var stucks: [(Int, Window)] = []
    private var commits: [Int: (CommitMoment, down: Double)] = [:]

    init(_ faults: [Fault]) {
        for fault in faults {
            switch fault {
            case .noise(let window, let noise): noises.append((window, noise))
            case .cut(let worker, let window, let way): cuts.append((worker, window, way))
            case .crashWorker(let worker, let at, let down):
                timed.append((moment(at), .crashWorker(worker, nil, down: down)))
            case .crashCoordinator(let at, let down, let survives):
                timed.append((moment(at), .crashCoordinator(down: down, commitSurvives: survives)))
            case .crashAtCommit(let number, let moment, let down): commits[number] = (moment, down)
            case .pause(let process, let window): pauses.append((process, window))
            case .clockJump(let process, let at, let by): timed.append((moment(at), .jump(process, by)))
            case .fullDisk(let window): fullDisks.append(window)
            case .slowDisk(let window, let seconds): slowDisks.append((window, seconds))
            case .slow(let worker, let window, let factor): slows.append((worker, window, factor))
            case .stuck(let worker, let window): stucks.append((worker, window))
            case .drain(let worker, let at): timed.append((moment(at), .drain(worker)))
            }
        }
    }

    private func moment(_ seconds: Double) -> Instant {
        Instant.zero.advanced(by: .nanoseconds(Int64(seconds * 1e9)))
    }

    /// What the network does to a message now.
    func noise(at seconds: Double) -> Noise {
        noises.reduce(Noise()) { $1.0.contains(seconds) ? $0.and($1.1) : $0 }
    }

    /// Whether what is sent this way over the worker's connection is lost.
    func isCut(_ worker: Int, _ way: Direction, at seconds: Double) -> Bool {
        cuts.contains { $0.0 == worker && $0.1.contains(seconds) && ($0.2 == .both || $0.2 == way) }
    }

    /// Until when the process is stopped; nil when it runs.
    func pause(of process: SimulatedProcess, at seconds: Double) -> Double? {
        pauses.filter { $0.0 == process && $0.1.contains(seconds) }.map(\.1.to).max()
    }

    func diskIsFull(at seconds: Double) -> Bool { fullDisks.contains { $0.contains(seconds) } }

    /// How many seconds a commit may take beside its milliseconds.
    func diskDelay(at seconds: Double) -> Double {
        slowDisks.filter { $0.0.contains(seconds) }.map(\.1).max() ?? 0
    }

    /// How many times as long the worker's epochs take.
    func slowness(of worker: Int, at seconds: Double) -> Double {
        slows.filter { $0.0 == worker && $0.1.contains(seconds) }.map(\.2).max() ?? 1
    }

    /// Until when the worker's trainers get nowhere; nil when they work.
    func stuck(_ worker: Int, at seconds: Double) -> Double? {
        stucks.filter { $0.0 == worker && $0.1.contains(seconds) }.map(\.1.to).max()
    }

    /// Where in the commit with this number the coordinator falls.
    func crash(atCommit number: Int) -> (CommitMoment, down: Double)? { commits[number] }
}
