import SweepCore
import SweepNodes
import SweepReports
import Testing

@Suite struct AllocationKeeperTests {
    private static func at(_ seconds: Int) -> Instant { Instant(nanoseconds: Int64(seconds) * 1_000_000_000) }
    private static func jobs(_ states: [String: String]) -> [SlurmJob] {
        states.sorted { $0.key < $1.key }.map { SlurmJob(id: $0.key, state: $0.value) }
    }

    @Test func `what is missing is submitted, once it is there nothing more`() {
        var keeper = AllocationKeeper(wanted: 3)
        #expect(keeper.actions(jobs: [], phase: .open(trials: nil), at: Self.at(0)) == [.submit(3)])
        let two = Self.jobs(["1": "PENDING", "2": "RUNNING"])
        #expect(keeper.actions(jobs: two, phase: .open(trials: nil), at: Self.at(5)) == [.submit(1)])
        let three = Self.jobs(["1": "PENDING", "2": "RUNNING", "3": "SUSPENDED"])
        #expect(keeper.actions(jobs: three, phase: .open(trials: nil), at: Self.at(10)) == [])
    }

    @Test func `an allocation that is at its wall time is replaced while it ends`() {
        var keeper = AllocationKeeper(wanted: 1)
        _ = keeper.actions(jobs: Self.jobs(["1": "RUNNING"]), phase: .open(trials: nil), at: Self.at(0))
        let ending = Self.jobs(["1": "COMPLETING"])
        #expect(keeper.actions(jobs: ending, phase: .open(trials: nil), at: Self.at(3600)) == [.submit(1)])
    }

    @Test func `no more allocations than trials that are left`() {
        var keeper = AllocationKeeper(wanted: 8)
        #expect(keeper.actions(jobs: [], phase: .open(trials: 2), at: Self.at(0)) == [.submit(2)])
        let one = Self.jobs(["1": "RUNNING"])
        #expect(keeper.actions(jobs: one, phase: .open(trials: 1), at: Self.at(60)) == [])
    }

    @Test func `a sweep that rests keeps what it has and gets nothing new`() {
        var keeper = AllocationKeeper(wanted: 3)
        #expect(keeper.actions(jobs: Self.jobs(["1": "RUNNING"]), phase: .resting, at: Self.at(0)) == [])
    }

    @Test func `at the end everything is cancelled, and then it is done`() {
        var keeper = AllocationKeeper(wanted: 2)
        let two = Self.jobs(["1": "RUNNING", "2": "PENDING"])
        #expect(keeper.actions(jobs: two, phase: .over, at: Self.at(0)) == [.cancel(["1", "2"])])
        #expect(keeper.actions(jobs: Self.jobs(["1": "COMPLETING"]), phase: .over, at: Self.at(5)) == [])
        #expect(keeper.actions(jobs: Self.jobs(["1": "COMPLETED"]), phase: .over, at: Self.at(9)) == [.finish])
    }

    @Test func `a finished sweep is over when the experiments on it are`() {
        func phase(_ state: String, experiments: String? = nil) -> AllocationKeeper.Phase {
            AllocationKeeper.Phase(
                StatusDocument(
                    sweep: "digits",
                    state: state,
                    trials: TrialCounts(Array(repeating: .completed, count: 3)),
                    trialsPlanned: 10,
                    epochs: 0,
                    experiments: experiments.map {
                        .init(state: $0, reason: nil, sweeps: [], epochs: 0, allowed: 9)
                    },
                    workers: []
                )
            )
        }
        #expect(phase("running") == .open(trials: 7) && phase("running", experiments: "waiting") == .open(trials: 7))
        #expect(phase("paused") == .resting && phase("halted", experiments: "waiting") == .resting)
        #expect(phase("finished") == .over && phase("finished", experiments: "over") == .over)
        #expect(phase("cancelled") == .over && phase("cancelled", experiments: "over") == .over)
        #expect(phase("finished", experiments: "under_way") == .open(trials: nil))
        #expect(phase("finished", experiments: "halted") == .resting)
        // What is allocated stays, and what is missing is asked for.
        var keeper = AllocationKeeper(wanted: 2)
        let one = Self.jobs(["1": "RUNNING"])
        let experimenting = phase("finished", experiments: "under_way")
        #expect(keeper.actions(jobs: one, phase: experimenting, at: Self.at(0)) == [.submit(1)])
        #expect(keeper.actions(jobs: one, phase: phase("finished"), at: Self.at(9)) == [.cancel(["1"])])
    }

    @Test func `jobs that end as soon as they begin are asked for ever later, and then not any more`() {
        var keeper = AllocationKeeper(wanted: 1)
        var time = 0
        var pauses: [Int] = []
        var last: [AllocationKeeper.Action] = []
        for number in 1...6 {
            let asked = time
            repeat {
                last = keeper.actions(jobs: [], phase: .open(trials: nil), at: Self.at(time))
                time += 1
            } while last.isEmpty
            pauses.append(time - 1 - asked)
            guard last == [.submit(1)] else { break }
            _ = keeper.actions(jobs: Self.jobs(["\(number)": "RUNNING"]), phase: .open(trials: nil), at: Self.at(time))
            time += 1
        }
        #expect(last == [.giveUp(ends: 5)])
        #expect(pauses == [0, 10, 20, 40, 80, 0])
    }

    @Test func `a job that lives ends the row of early ends, and one lost late is replaced at once`() {
        var keeper = AllocationKeeper(wanted: 1)
        for number in 1...12 {
            let begin = number * 1000
            let job = Self.jobs(["\(number)": "RUNNING"])
            #expect(keeper.actions(jobs: [], phase: .open(trials: nil), at: Self.at(begin)) == [.submit(1)])
            _ = keeper.actions(jobs: job, phase: .open(trials: nil), at: Self.at(begin + 1))
            // Every second one ends after a second, the others live.
            let end = number.isMultiple(of: 2) ? begin + 40 : begin + 2
            if end == begin + 40 { _ = keeper.actions(jobs: job, phase: .open(trials: nil), at: Self.at(end)) }
            let after = keeper.actions(jobs: [], phase: .open(trials: nil), at: Self.at(end + 1))
            #expect(after == (number.isMultiple(of: 2) ? [.submit(1)] : []))
        }
    }

    @Test func `a requeued job begins anew`() {
        var keeper = AllocationKeeper(wanted: 1)
        for (state, second) in [("RUNNING", 0), ("PENDING", 100), ("RUNNING", 200)] {
            #expect(
                keeper.actions(jobs: Self.jobs(["1": state]), phase: .open(trials: nil), at: Self.at(second)) == []
            )
        }
        // Ended two seconds after its second beginning, it is held against.
        #expect(keeper.actions(jobs: [], phase: .open(trials: nil), at: Self.at(202)) == [])
    }

    @Test func `a life to a short wall time is no early end`() {
        var keeper = AllocationKeeper(wanted: 1, wallTime: .seconds(20))
        _ = keeper.actions(jobs: Self.jobs(["1": "RUNNING"]), phase: .open(trials: nil), at: Self.at(0))
        #expect(keeper.actions(jobs: [], phase: .open(trials: nil), at: Self.at(8)) == [.submit(1)])
    }

    @Test func `spans as Slurm writes them`() {
        for (text, seconds) in [
            ("60", 3600), ("0:20", 20), ("90:30", 5430), ("1:00:00", 3600), ("2-0", 172_800), ("1-12:30", 131_400),
            ("1-0:0:5", 86_405),
        ] { #expect(SlurmTime.seconds(text) == seconds, "\(text)") }
        for text in ["", "x", "1:", ":1", "1:2:3:4", "1-", "-1", "1-2-3", "9999999999", "1.5"] {
            #expect(SlurmTime.seconds(text) == nil, "\(text)")
        }
    }

    @Test func `lines of the queue are read, others passed over`() {
        let text = "12 RUNNING\n13_4 PENDING\n\nslurm_load_jobs error: x\n  14   COMPLETING  \n15\n"
        #expect(
            SlurmJob.read(text) == [
                SlurmJob(id: "12", state: "RUNNING"), SlurmJob(id: "13_4", state: "PENDING"),
                SlurmJob(id: "14", state: "COMPLETING"),
            ]
        )
    }
}
