import Foundation
import Glibc
import ProcessTestKit
import Testing

/// Who is disturbed.
enum Victim: String, CaseIterable { case coordinator, worker }

/// What is done to it. An operator, or systemd, starts again what has ended.
enum Disturbance: String, CaseIterable {
    /// SIGKILL: a loss of power.
    case kill
    /// SIGSTOP for longer than a lease, then SIGCONT: a suspended machine.
    case stop
    /// SIGTERM: asked to end.
    case terminate
}

/// When: the moments in the life of a trial, each known by a line of the log.
enum Moment: String, CaseIterable {
    /// The workers are known, and there is nothing to do yet.
    case registered
    /// A lease is committed, and goes out.
    case assigned
    /// An epoch is committed, and its lease has more to train.
    case midEpoch = "in the middle of an epoch"
    /// An epoch is sent, and not read: the coordinator is held for so long.
    case reporting
    /// A trial is at its rung, and its checkpoint is offered.
    case pausing
    /// A trial that had paused goes on, from its checkpoint.
    case promoting
    /// A trial has trained all its epochs.
    case finishing
}

/// One cell of the matrix.
struct KillCell: CustomTestStringConvertible, Sendable {
    let victim: Victim
    let disturbance: Disturbance
    let moment: Moment

    var testDescription: String { "\(disturbance.rawValue) the \(victim.rawValue), \(moment.rawValue)" }

    static let all = Moment.allCases.flatMap { moment in
        Victim.allCases.flatMap { victim in
            Disturbance.allCases.map { KillCell(victim: victim, disturbance: $0, moment: moment) }
        }
    }

    /// Each victim at each moment, the three disturbances in turns: a third of the cells, for each run of the tests.
    static let some = all.enumerated().filter { index, _ in index % 3 == (index / 3 - index / 6) % 3 }.map(\.element)

    static let chosen = Program.environment("SWEEPD_KILL_MATRIX") == "all" ? all : some
}

extension RealProcesses {
    /// Each disturbance of each process at each moment of a trial: the sweep ends by itself with the undisturbed table.
    @Suite struct KillMatrixTests {
        /// Trials with rungs after 1, 3 and 9 epochs of a few hundredths of a second.
        private static func sweep(_ bench: Bench) throws -> String {
            try bench.sweep(
                "quick",
                [
                    "trials: 12": "trials: 16", "widths: [32]": "widths: [512, 512]",
                    "batch_size: {choice: [32, 64]}": "batch_size: {choice: [8, 16]}",
                    "search:": "prune: {method: asha}\nsearch:",
                ]
            )
        }

        @Test func `the cells that each run tries have every victim at every moment, and every disturbance of each`() {
            #expect(KillCell.all.count == 42 && KillCell.some.count == 14)
            for victim in Victim.allCases {
                let cells = KillCell.some.filter { $0.victim == victim }
                #expect(Set(cells.map(\.moment)).count == 7 && Set(cells.map(\.disturbance)).count == 3)
            }
        }

        @Test(.timeLimit(.minutes(5)), arguments: KillCell.chosen)
        func `a process is lost and the answer is not`(_ cell: KillCell) async throws {
            try await Bench.run { bench in
                let file = try Self.sweep(bench)
                let expected = try await Undisturbed.answer(to: file, named: "quick", bench)
                // A held coordinator is missed after three beats: an epoch must come to its end before.
                let heartbeat = cell.moment == .reporting ? 1 : 0.4
                let sweep = try await DisturbedSweep(bench, named: "quick", heartbeat: heartbeat)
                for name in ["red", "blue"] { try sweep.startWorker(name) }
                try await sweep.seen("both workers are registered") {
                    sweep.coordinatorLog.count { $0.message == "worker registered" } == 2 ? true : nil
                }
                if cell.moment != .registered { try await sweep.submit(file) }
                let worker = try await sweep.reach(cell.moment)
                // The coordinator was held so that a report is on its way: it goes on when the victim is hit.
                let release = { if cell.moment == .reporting { sweep.coordinator.child.suspend(false) } }
                switch (cell.victim, cell.disturbance) {
                case (.worker, .kill): try await sweep.end(worker: worker, by: SIGKILL, meanwhile: release)
                case (.worker, .stop): try await sweep.suspend(worker: worker, meanwhile: release)
                case (.worker, .terminate): try await sweep.end(worker: worker, by: SIGTERM, meanwhile: release)
                case (.coordinator, .kill): try await sweep.endCoordinator(by: SIGKILL)
                case (.coordinator, .stop): try await sweep.suspendCoordinator()
                case (.coordinator, .terminate): try await sweep.endCoordinator(by: SIGTERM, meanwhile: release)
                }
                if cell.moment == .registered { try await sweep.submit(file) }
                try await sweep.requireUndisturbedEnd(expected)
            }
        }
    }
}

extension DisturbedSweep {
    /// Waits for a moment; the worker that it concerns.
    func reach(_ moment: Moment) async throws -> String {
        switch moment {
        case .registered: return try #require(coordinatorLog.last { $0.message == "worker registered" }?["worker.id"])
        case .assigned:
            return try await seen("a lease is given") {
                coordinatorLog.last { $0.message == "lease given" }?["worker.id"]
            }
        case .midEpoch: return try await seen("a trial is in the middle") { trialInTheMiddle()?.worker }
        case .reporting:
            while true {
                let worker = try await seen("a trial is in the middle") { trialInTheMiddle()?.worker }
                let before = searches(of: worker)
                coordinator.child.suspend(true)
                let isSent = try await seen("a report is on its way") { () -> Bool? in
                    let kept = Set(
                        coordinatorLog.filter { $0.message == "epochs kept" }.map {
                            [$0["lease.id"], $0["lease.epoch"]]
                        }
                    )
                    if log(of: worker).contains(where: {
                        $0.message == "epochs sent" && !kept.contains([$0["lease.id"], $0["lease.epoch"]])
                    }) {
                        return true
                    }
                    // On a busy machine the epoch may take longer than the coordinator is waited for.
                    return searches(of: worker) > before ? false : nil
                }
                if isSent { return worker }
                coordinator.child.suspend(false)
            }
        case .pausing:
            return try await seen("a checkpoint is offered") {
                workerNames.first { log(of: $0).contains { $0.message == "checkpoint offered" } }
            }
        case .promoting:
            return try await seen("a trial is promoted") {
                coordinatorLog.last { $0.message == "lease given" && $0.number("lease.from") > 0 }?["worker.id"]
            }
        case .finishing:
            return try await seen("a trial has ended") {
                let ended = coordinatorLog.last { $0.message == "trial ended" && $0["trial.state"] == "completed" }
                return ended?["trial.id"].flatMap { trial in
                    coordinatorLog.last { $0["lease.id"]?.hasPrefix("\(trial)#") == true && $0["worker.id"] != nil }
                }?["worker.id"]
            }
        }
    }

    /// A lease whose last committed epoch is not its last one, and who has it.
    func trialInTheMiddle() -> (lease: String, worker: String)? {
        let entries = coordinatorLog
        guard let kept = entries.last, kept.message == "epochs kept" || kept.message == "messages kept" else {
            return nil
        }
        guard let epochs = entries.last(where: { $0.message == "epochs kept" }), let lease = epochs["lease.id"],
            let given = entries.last(where: { $0.message == "lease given" && $0["lease.id"] == lease }),
            epochs.number("lease.epoch") < given.number("lease.to"), let worker = given["worker.id"]
        else { return nil }
        return (lease, worker)
    }
}
