import Foundation
import Glibc
import SweepCore
import SweepProgram
import Testing

/// Processes that serve one trial after another (`train.reuse`): real ones, on one slot unless a test says otherwise.
@Suite(.timeLimit(.minutes(5))) struct ProgramReuseTests {
    /// What a run came to.
    private struct Outcome {
        let epoch: Int
        let end: ProgramEnd
        let observations: [Observation]
        /// What was noted beside it.
        let notes: [String]

        /// The numbers that were reported as the loss: the scripts here report the number of their process.
        var processes: Set<Double> { Set(observations.map { $0.values[0] }) }
    }

    /// A slot's worth of idle processes, with a folder of its own.
    private struct Slot {
        let folder: String
        let idle: IdlePrograms

        /// Runs a trial of a program.
        func run(
            _ spec: CommandSpec,
            trial: Int = 1,
            sweep: Int = 1,
            from: Int = 0,
            to: Int = 3,
            state: FileBundle? = nil,
            files: [FileBundle.Entry] = [],
            stopWhen: @escaping (_ epochs: Int) -> Bool = { _ in false },
            drains: Bool = false
        ) throws -> Outcome {
            var (observations, notes): ([Observation], [String]) = ([], [])
            let hash = try #require(ContentHash(hex: String(repeating: "ab", count: 32)))
            let job = ProgramJob(
                spec: spec,
                metrics: [.custom("loss")],
                from: from,
                to: to,
                keepsCheckpoint: to < spec.epochs,
                sweep: "s",
                trial: trial,
                seed: UInt64(trial),
                files: try FileBundle(files),
                checkpoint: state,
                kind: ProgramKind(spec, sweep: SweepID(rawValue: UInt32(sweep)), name: "s", files: hash)
            )
            let (epoch, end) = ProgramRun(job, at: "\(folder)/\(sweep)-\(trial)-\(UInt32.random(in: 0 ... .max))").run(
                ProgramControl(
                    shouldStop: { stopWhen(observations.count) },
                    isDraining: { drains },
                    observed: { observations.append($0) },
                    noted: { notes.append($0) }
                ),
                among: idle
            )
            return Outcome(epoch: epoch, end: end, observations: observations, notes: notes)
        }

        /// Ends what waits; nothing of it may be left.
        func clear() throws {
            idle.clear(isAwaited: { false })
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [], "a process's folder is left")
        }
    }

    private func withSlot(_ slots: Int = 1, patience: Double = 60, _ body: (Slot) throws -> Void) throws {
        try withFolder { folder in
            let slot = Slot(folder: folder, idle: IdlePrograms(slots: slots, patience: patience))
            try body(slot)
            try slot.clear()
        }
    }

    /// A script that reports its process's number as the loss of each epoch, and asks for the next trial when it is told to stop or
    /// to pause. `first` is done at the begin of each trial, `$trial` is its number there; `last` just before it asks.
    private func server(
        _ first: String = "",
        last: String = "",
        limits: CommandLimits = CommandLimits(grace: 1),
        reuse: Int = .max
    )
        -> CommandSpec
    {
        let script = """
            trial=$SWEEPD_TRIAL; used=no
            while :; do
              i=0
              \(first)
              while :; do
                i=$((i+1)); echo "{\\"epoch\\": $i, \\"loss\\": $$, \\"wait\\": true}" >&3
                read -r verdict <&4 || exit 0
                case $verdict in *continue*) ;; *) break;; esac
              done
              \(last)
              echo '{"next": true}' >&3
              read -r line <&4 || exit 0
              trial=${line#*\\"trial\\": }; trial=${trial%%,*}; used=yes
            done
            """
        return CommandSpec(
            words: ["/bin/sh", "-c", script].map { CommandTemplate(text: $0) },
            parameters: [SpecEntry("rate", .real(0.5))],
            epochs: 3,
            limits: limits,
            reuse: reuse
        )
    }

    @Test func `one process serves every trial of a slot`() throws {
        try withSlot { slot in
            let spec = server()
            var processes: Set<Double> = []
            for trial in 1...5 {
                let outcome = try slot.run(spec, trial: trial)
                #expect(outcome.end == .reached(checkpoint: nil) && outcome.epoch == 3 && outcome.notes == [])
                #expect(outcome.observations.map(\.epoch) == [1, 2, 3])
                processes.formUnion(outcome.processes)
            }
            #expect(processes.count == 1)
            let process = try #require(processes.first)
            #expect(kill(pid_t(process), 0) == 0 && !slot.idle.isEmpty)
            try slot.clear()
            #expect(kill(pid_t(process), 0) != 0 && slot.idle.isEmpty)
        }
    }

    @Test func `after so many runs a process is taken out, and other parameters make no other kind`() throws {
        try withSlot { slot in
            var spec = server(reuse: 2)
            var processes: [Double] = []
            for trial in 1...4 {
                spec.parameters = [SpecEntry("rate", .real(Double(trial)))]
                processes += try slot.run(spec, trial: trial).processes
            }
            #expect(processes.count == 4 && processes[0] == processes[1] && processes[2] == processes[3])
            #expect(processes[1] != processes[2])
        }
    }

    @Test func `a program that knows nothing of it ends with its trial, as ever`() throws {
        try withSlot { slot in
            let script =
                "i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo \"{\\\"epoch\\\": $i, \\\"loss\\\": $$}\" >&3; done"
            let spec = CommandSpec(
                words: ["/bin/sh", "-c", script].map { CommandTemplate(text: $0) },
                epochs: 3,
                limits: CommandLimits(grace: 1),
                reuse: .max
            )
            var processes: [Double] = []
            for trial in 1...2 {
                let outcome = try slot.run(spec, trial: trial)
                #expect(outcome.end == .reached(checkpoint: nil) && outcome.notes == [])
                processes += outcome.processes
            }
            #expect(processes.count == 2 && processes[0] != processes[1] && slot.idle.isEmpty)
        }
    }

    @Test func `one that was not told that it may and asks for another trial has failed`() throws {
        try withSlot { slot in
            guard case .failed(let reason, _) = try slot.run(server("echo '{\"next\": true}' >&3")).end else {
                Issue.record("a trial without an epoch")
                return
            }
            #expect(reason.hasPrefix("the program asked for another trial and reported no epoch"))
            #expect(slot.idle.isEmpty)
            let script = "test -z \"$SWEEPD_REUSE\" && echo '{\"next\": true}' >&3; sleep 100"
            let alone = CommandSpec(
                words: ["/bin/sh", "-c", script].map { CommandTemplate(text: $0) },
                epochs: 3,
                limits: CommandLimits(grace: 1)
            )
            guard case .failed(let refused, _) = try slot.run(alone).end else {
                Issue.record("not refused")
                return
            }
            #expect(refused == "the program asked for another trial, which only train.reuse allows")
        }
    }

    @Test func `a crash fails its own trial alone, with its own output`() throws {
        try withSlot { slot in
            let spec = server("echo output of $trial; test $trial = 2 && exit 7")
            let first = try slot.run(spec, trial: 1)
            let second = try slot.run(spec, trial: 2)
            #expect(
                second.end
                    == .died("the program ended with exit code 7 before its first report", log: "output of 2\n")
            )
            // In the process that had served another it was not held against the trial.
            #expect(second.notes.count == 1)
            #expect(
                second.notes.first?.hasPrefix(
                    "in a process that had served 1 run: the program ended with exit code 7"
                ) == true
            )
            let third = try slot.run(spec, trial: 3)
            #expect(third.end == .reached(checkpoint: nil) && third.notes == [])
            #expect(first.processes != third.processes)
        }
    }

    @Test func `what goes wrong only in a process that served others is run again, and no epoch is told twice`() throws
    {
        try withSlot { slot in
            // In its second trial it reports nonsense after two epochs.
            let spec = server(
                """
                if [ $used = yes ]; then
                  echo '{"epoch": 1, "loss": 0}' >&3; echo '{"epoch": 2, "loss": 0}' >&3; echo noise >&3; sleep 100
                fi
                """
            )
            _ = try slot.run(spec, trial: 1)
            let second = try slot.run(spec, trial: 2)
            #expect(second.end == .reached(checkpoint: nil) && second.epoch == 3)
            #expect(second.observations.map(\.epoch) == [1, 2, 3] && second.observations[1].values == [0])
            #expect(second.notes.first?.contains("the program reported a line that is not JSON") == true)
            // The fresh one serves on.
            #expect(!slot.idle.isEmpty)
        }
    }

    @Test func `limits of time are of each trial`() throws {
        try withSlot { slot in
            let limits = CommandLimits(time: 1.5, grace: 0.2)
            let spec = server("test $trial = 4 && sleep 100; sleep 0.6", limits: limits)
            // Together they take longer than one may.
            for trial in 1...3 { #expect(try slot.run(spec, trial: trial).end == .reached(checkpoint: nil)) }
            guard case .failed(let reason, _) = try slot.run(spec, trial: 4).end else {
                Issue.record("no limit")
                return
            }
            #expect(reason.hasPrefix("the program ran for longer than limits.time, 1.5 s"))
        }
    }

    @Test func `one that does not come back in its grace is ended, and its trial is sound`() throws {
        try withSlot { slot in
            let spec = server(last: "test $trial = 1 && sleep 600", limits: CommandLimits(grace: 0.3))
            let first = try slot.run(spec, trial: 1)
            #expect(first.end == .reached(checkpoint: nil) && slot.idle.isEmpty)
            let second = try slot.run(spec, trial: 2)
            #expect(second.end == .reached(checkpoint: nil) && second.processes != first.processes)
        }
    }

    @Test(arguments: [
        // At once with its wish, while it is idle, half a line, and its end.
        "echo '{\"next\": true}\n{\"epoch\": 4, \"loss\": 1}' >&3",
        "echo '{\"next\": true}' >&3; echo noise >&3",
        "printf '{\"next\": true}\\nnoi' >&3",
        "echo '{\"next\": true}' >&3; exit 3",
    ])
    func `what comes between trials is nobody's, and the process is used no more`(last: String) throws {
        try withSlot { slot in
            let spec = server(last: "test $trial = 1 && { \(last); sleep 600; }")
            let first = try slot.run(spec, trial: 1)
            #expect(first.end == .reached(checkpoint: nil) && first.notes == [])
            let process = try #require(first.processes.first)
            // It has surely said it.
            var tries = 0
            while !slot.idle.isEmpty, tries < 500 {
                slot.idle.tidy(isAwaited: { false })
                usleep(10_000)
                tries += 1
            }
            #expect(slot.idle.isEmpty && kill(pid_t(process), 0) != 0)
            let second = try slot.run(spec, trial: 2)
            #expect(
                second.end == .reached(checkpoint: nil) && second.notes == [] && second.processes != first.processes
            )
        }
    }

    @Test func `a trial that is taken away ends its process, and one that drains saves first`() throws {
        try withSlot { slot in
            let endless = server("test $trial = 2 && { echo '{\"epoch\": 1, \"loss\": 1}' >&3; sleep 600; }")
            let first = try slot.run(endless, trial: 1)
            let process = try #require(first.processes.first)
            let second = try slot.run(endless, trial: 2, stopWhen: { $0 == 1 })
            #expect(second.end == .cancelled(checkpoint: nil) && second.notes == [] && slot.idle.isEmpty)
            #expect(kill(pid_t(process), 0) != 0)
            let saving = server(last: "echo $i > \"$SWEEPD_CHECKPOINT/state\"; echo '{\"checkpoint\": 1}' >&3")
            let third = try slot.run(saving, trial: 3, drains: true)
            guard case .cancelled(let state?) = third.end else {
                Issue.record("no state: \(third.end)")
                return
            }
            #expect(state.entries[0].bytes == Array("1\n".utf8) && third.epoch == 1)
            #expect(slot.idle.isEmpty && kill(pid_t(third.processes.first ?? 1), 0) != 0)
        }
    }

    @Test func `no more processes wait than slots are free, none of another sweep is used, and none waits for ever`()
        throws
    {
        try withSlot(patience: 30) { slot in
            let spec = server()
            let first = try slot.run(spec, trial: 1)
            let other = try slot.run(spec, trial: 1, sweep: 2)
            #expect(other.processes != first.processes)
            #expect(kill(pid_t(first.processes.first ?? 1), 0) != 0, "the one slot is the other sweep's")
            #expect(!slot.idle.isEmpty)
            slot.idle.tidy(isAwaited: { false })
            #expect(!slot.idle.isEmpty, "it may wait a while")
            slot.idle.tidy(at: ProgramRun.now + 60, isAwaited: { false })
            #expect(slot.idle.isEmpty && kill(pid_t(other.processes.first ?? 1), 0) != 0)
            // A job that is no program's needs the slot too.
            let third = try slot.run(spec, trial: 3)
            slot.idle.begin(shouldStop: { false })
            #expect(slot.idle.isEmpty && kill(pid_t(third.processes.first ?? 1), 0) != 0)
            slot.idle.end()
        }
        try withSlot(2) { slot in
            let first = try slot.run(server(), trial: 1)
            _ = try slot.run(server(), trial: 1, sweep: 2)
            #expect(try slot.run(server(), trial: 2).processes == first.processes, "both may wait on two slots")
        }
    }

    @Test func `a job does not wait for the grace of a process that is in its way`() throws {
        try withSlot { slot in
            // It does not read that nothing more comes, and has half a minute.
            let spec = server(last: "echo '{\"next\": true}' >&3; exec sleep 600", limits: CommandLimits(grace: 30))
            func seconds(_ body: () throws -> Void) rethrows -> Double {
                let begun = ContinuousClock.now
                try body()
                return (ContinuousClock.now - begun) / .seconds(1)
            }
            for stops in [false, true] {
                let process = try #require(try slot.run(spec).processes.first)
                #expect(!slot.idle.isEmpty && kill(pid_t(process), 0) == 0)
                #expect(seconds { slot.idle.begin(shouldStop: { stops }) } < 15)
                #expect(slot.idle.isEmpty && kill(pid_t(process), 0) != 0)
                slot.idle.end()
            }
            _ = try slot.run(spec)
            #expect(seconds { slot.idle.clear(isAwaited: { true }) } < 15)
        }
        // One that waited for too long has its grace until a job waits.
        try withSlot(patience: -1) { slot in
            let spec = server(last: "echo '{\"next\": true}' >&3; exec sleep 600", limits: CommandLimits(grace: 30))
            _ = try slot.run(spec)
            let begun = ContinuousClock.now
            slot.idle.tidy(isAwaited: { true })
            #expect(slot.idle.isEmpty && ContinuousClock.now - begun < .seconds(15))
        }
    }

    @Test func `one that takes too much memory while it is idle is ended, and one within its limit is not`() throws {
        try withSlot { slot in
            let limits = CommandLimits(memory: 60_000_000, grace: 1)
            // Once it has asked for another trial. Each process stays below the limit, which the system holds it to; it is their sum
            // that does not.
            let greedy = server(
                last: """
                    echo '{"next": true}' >&3
                    for part in 1 2 3 4; do
                      ( x=$(head -c 24000000 /dev/zero | tr '\\0' a); sleep 600; : ) &
                    done
                    sleep 600
                    """,
                limits: limits
            )
            let process = try #require(try slot.run(greedy).processes.first)
            var tries = 0
            while !slot.idle.isEmpty, tries < 3000 {
                slot.idle.tidy(isAwaited: { false })
                usleep(10_000)
                tries += 1
            }
            #expect(slot.idle.isEmpty && kill(pid_t(process), 0) != 0)
            let modest = server(limits: limits)
            let first = try slot.run(modest, trial: 1)
            slot.idle.tidy(isAwaited: { false })
            #expect(!slot.idle.isEmpty)
            #expect(try slot.run(modest, trial: 2).processes == first.processes)
        }
    }

    // MARK: Python

    /// Sums up the rate; says how often its process was called.
    private static let script = """
        import os, sys
        import sweepd
        calls = 0
        sweepd.defaults({"bias": 1.0})

        def train():
            global calls
            calls += 1
            values = sweepd.parameters
            total = float((sweepd.checkpoint / "total").read_text()) if sweepd.start_epoch else values["bias"]
            print("trial", sweepd.trial, "seed", sweepd.seed)
            if values["rate"] < 0:
                raise ValueError("rate")
            for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
                total += values["rate"]
                sweepd.report(
                    epoch, {"loss": total, "calls": calls, "pid": os.getpid()},
                    save=lambda folder: (folder / "total").write_text(str(total)),
                )
            raise RuntimeError("went on")

        sweepd.run(train)
        """

    @Test func `a Python function is called for each trial with its own values and state`() throws {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin"
        try #require(
            folders.split(separator: ":").contains { access("\($0)/python3", X_OK) == 0 },
            "python3 is not installed"
        )
        let files = [FileBundle.Entry(path: "script.py", kind: .file, bytes: Array(Self.script.utf8))]
        func spec(_ rate: Double, reuse: Int = .max) -> CommandSpec {
            CommandSpec(
                words: ["python3", "script.py"].map { CommandTemplate(text: $0) },
                parameters: [SpecEntry("rate", .real(rate))],
                epochs: 9,
                limits: CommandLimits(grace: 5),
                reuse: reuse
            )
        }
        try withSlot { slot in
            let first = try slot.run(spec(0.5), trial: 1, to: 3, files: files)
            #expect(first.observations.map { $0.values[0] } == [1.5, 2, 2.5])
            guard case .reached(let state?) = first.end else {
                Issue.record("no state: \(first.end)")
                return
            }
            let second = try slot.run(spec(2), trial: 2, to: 3, files: files)
            #expect(second.observations.map { $0.values[0] } == [3, 5, 7])
            // What was saved goes on in the process that has served another meanwhile.
            let third = try slot.run(spec(0.5), trial: 1, from: 3, to: 9, state: state, files: files)
            #expect(third.observations.map(\.epoch) == Array(4...9) && third.observations.last?.values == [5.5])
            #expect(third.end == .reached(checkpoint: nil) && third.notes == [])
            let wrong = try slot.run(spec(-1), trial: 4, to: 3, files: files)
            guard case .died(let reason, let log) = wrong.end else {
                Issue.record("not died: \(wrong.end)")
                return
            }
            #expect(reason == "the program ended with exit code 1 before its first report")
            #expect(log.hasPrefix("trial 4 seed 4\n") && log.contains("ValueError: rate") && !log.contains("trial 1"))
            #expect(wrong.notes.first?.hasPrefix("in a process that had served 3 runs: ") == true)
            // Without reuse the same program ends with its trial.
            let alone = try slot.run(spec(0.5, reuse: 1), trial: 5, to: 3, files: files)
            #expect(alone.observations.map { $0.values[0] } == [1.5, 2, 2.5] && slot.idle.isEmpty)
        }
    }
}
