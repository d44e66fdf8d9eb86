import Foundation
import Glibc
import ProcessTestKit
import Testing

/// A sweep with a coordinator and workers of one slot, for a test that disturbs them and follows what they log.
///
/// Every process logs at level debug. What the coordinator says there, it has committed; what a worker says that it sent, it
/// has handed to its socket.
final class DisturbedSweep {
    let bench: Bench
    let name: String
    private let options: [String]
    private let heartbeat: Double
    private(set) var coordinator: Coordinator
    private var workers: [String: (child: Child, log: FollowedLog)] = [:]
    private var coordinatorLogs: [FollowedLog]
    private var formerWorkerLogs: [FollowedLog] = []

    /// Starts the coordinator, without a sweep; `name` is that of the sweep to come.
    init(
        _ bench: Bench,
        named name: String,
        options: [String] = [],
        heartbeat: Double = 0.2
    ) async throws {
        self.bench = bench
        self.name = name
        self.options = options + ["--log-level", "debug"]
        self.heartbeat = heartbeat
        coordinator = try await bench.coordinator(self.options, heartbeat: heartbeat)
        coordinatorLogs = [coordinator.child.log]
    }

    func submit(_ file: String) async throws { _ = try await coordinator.text(["submit", file]) }

    /// Starts a worker, or another one in the place of the one that ended.
    func startWorker(_ name: String) throws {
        if let former = workers[name]?.log { formerWorkerLogs.append(former) }
        let child = try bench.worker(name, of: coordinator, ["--log-level", "debug"])
        workers[name] = (child, child.log)
    }

    /// Starts a coordinator on the directory of the one that ended.
    func startCoordinator() async throws {
        let port = coordinator.endpoint.worker
        coordinator = try await bench.coordinator(options, heartbeat: heartbeat)
        coordinatorLogs.append(coordinator.child.log)
        try #require(coordinator.endpoint.worker == port)
    }

    func worker(_ name: String) throws -> Child { try #require(workers[name]?.child) }

    var workerNames: [String] { workers.keys.sorted() }

    // MARK: What is logged

    /// What the coordinator that runs now has logged.
    var coordinatorLog: [LogEntry] { coordinatorLogs.last?.entries ?? [] }

    /// What all coordinators of the sweep have logged.
    var journalLog: [LogEntry] { coordinatorLogs.flatMap(\.entries) }

    /// What the present process of a worker has logged.
    func log(of worker: String) -> [LogEntry] { workers[worker]?.log.entries ?? [] }

    /// Waits for something in the logs, looking often: what is seen is a millisecond or two old.
    @discardableResult
    func seen<Value>(_ what: String, within seconds: Double = 60, _ look: () -> Value?) async throws -> Value {
        try await bench.value(what, within: seconds, every: .milliseconds(1)) { look() }
    }

    /// Who holds a lease, by all that was logged.
    func holder(of lease: String) -> String? {
        journalLog.last { $0.message == "lease given" && $0["lease.id"] == lease }?["worker.id"]
    }

    // MARK: Loss and return

    /// Ends a worker as a loss of power would, or asks it to end, and starts another one in its place.
    func end(worker name: String, by signal: Int32, meanwhile: () -> Void = {}) async throws {
        let child = try worker(name)
        child.signal(signal)
        meanwhile()
        try await bench.ended(child, within: 30)
        if signal == SIGTERM { try #require(child.status == 0, "\(child.errors)") }
        try startWorker(name)
    }

    /// Suspends a worker until the coordinator has given it up.
    func suspend(worker name: String, meanwhile: () -> Void = {}) async throws {
        func losses() -> Int {
            coordinatorLog.count { $0.message == "worker lost" && $0["worker.id"] == name }
        }
        let (child, before) = (try worker(name), losses())
        child.suspend(true)
        meanwhile()
        try await seen("\(name) is given up") { losses() > before ? true : nil }
        child.suspend(false)
    }

    /// Ends the coordinator, looks at what it has kept, and starts it again.
    func endCoordinator(by signal: Int32, meanwhile: () -> Void = {}) async throws {
        coordinator.child.signal(signal)
        meanwhile()
        try await bench.ended(coordinator.child, within: 30)
        if signal == SIGTERM { try #require(coordinator.child.status == 0, "\(coordinator.child.errors)") }
        if journalLog.contains(where: { $0.message == "sweep kept" }) {
            let curves = try await bench.run(
                ["sweepd", "curves", name, "--directory", coordinator.directory, "--format", "json"],
                exits: 0
            )
            try requireAcknowledged(in: Curves.read(curves.output))
        }
        try await startCoordinator()
    }

    /// Suspends the coordinator until every worker has missed it.
    func suspendCoordinator() async throws {
        let before = workerNames.map { searches(of: $0) }
        coordinator.child.suspend(true)
        try await seen("the workers miss the coordinator") {
            zip(workerNames, before).allSatisfy { searches(of: $0) > $1 } ? true : nil
        }
        coordinator.child.suspend(false)
    }

    /// How often a worker has missed its coordinator.
    func searches(of worker: String) -> Int {
        log(of: worker).count { $0.message == "looks for the coordinator again" }
    }

    // MARK: What must hold

    /// Every epoch whose acknowledgement reached a worker is in these curves, unless its lease was given away before.
    func requireAcknowledged(in curves: Curves) throws {
        let given = Set(
            journalLog.filter { $0.message == "lease ended" && $0["lease.end"] != "superseded" }
                .compactMap { $0["lease.id"] }
        )
        var kept: [Int: Int] = [:]
        for trial in curves.trials { kept[trial.trial] = trial.points.count }
        // The numbers of messages are those of one training process.
        let processes = (formerWorkerLogs + workers.values.map(\.log)).flatMap { log in
            log.entries.split { $0.message.contains("its training process ended with") }
        }
        for entries in processes {
            let last =
                entries.filter { $0.message == "acknowledged" || $0.message == "registered" }
                .map { $0.number("message.sequence") }.max() ?? 0
            for sent in entries where sent.message == "epochs sent" && sent.number("message.sequence") <= last {
                guard let lease = sent["lease.id"], !given.contains(lease), let trial = Self.trial(of: lease) else {
                    continue
                }
                let epoch = sent.number("lease.epoch")
                try #require(kept[trial] ?? 0 >= epoch, "epoch \(epoch) of \(lease) was acknowledged and is not kept")
            }
        }
    }

    /// The sweep ends by itself as if nothing had happened.
    func requireUndisturbedEnd(_ expected: Undisturbed, within seconds: Double = 90) async throws {
        try await coordinator.finished(name, within: seconds)
        try #require(try await coordinator.stableRank(name) == expected.rank)
        let curves = try await coordinator.curves(name)
        try #require(curves.trials == expected.curves.trials)
        try requireAcknowledged(in: curves)
        let journal = journalLog
        let ends = Dictionary(grouping: journal.filter { $0.message == "trial ended" }) { $0["trial.id"] }
        for (trial, entries) in ends { try #require(entries.count == 1, "\(trial ?? "") ended \(entries.count) times") }
        try #require(!journal.contains { $0.message == "an epoch trained again has other numbers" })
        try await bench.run(["sweepd", "store", "check", "--directory", coordinator.directory], exits: 0)
    }

    /// The number of a trial in `SWEEP/TRIAL#ATTEMPT`.
    static func trial(of lease: String) -> Int? {
        lease.split(separator: "#").first?.split(separator: "/").last.flatMap { Int($0.drop { !$0.isNumber }) }
    }
}

/// What a sweep says when nothing disturbs it; each sweep is asked once.
struct Undisturbed: Sendable {
    let rank: String
    let curves: Curves

    static func answer(
        to file: String,
        named name: String,
        within seconds: Double = 120,
        _ bench: Bench
    ) async throws -> Undisturbed {
        try await Answers.given.answer(to: file, named: name, within: seconds, bench)
    }

    /// The answers so far, by the text of the sweep.
    private actor Answers {
        static let given = Answers()
        private var answers: [String: Undisturbed] = [:]

        func answer(to file: String, named name: String, within seconds: Double, _ bench: Bench) async throws
            -> Undisturbed
        {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            if let answer = answers[text] { return answer }
            let (rank, curves) = try await bench.undisturbed(file, named: name, within: seconds)
            let answer = Undisturbed(rank: rank, curves: curves)
            answers[text] = answer
            return answer
        }
    }
}
