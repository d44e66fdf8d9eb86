import Foundation
import Glibc
import SweepCore
import SweepProgram
import Synchronization
import Testing

/// Programs that are run: what they are given, how they end, and that nothing of them is left.
@Suite struct ProgramRunTests {
    /// What a run came to.
    private struct Outcome {
        let epoch: Int
        let end: ProgramEnd
        let observations: [Observation]
    }

    private func spec(_ words: [String], _ limits: CommandLimits = CommandLimits(grace: 1)) -> CommandSpec {
        CommandSpec(
            words: words.map { CommandTemplate(text: $0) },
            parameters: [SpecEntry("rate", .real(0.5))],
            epochs: 9,
            limits: limits
        )
    }

    /// Runs a program in a fresh folder; `to` nil: a whole run.
    private func run(
        _ spec: CommandSpec,
        from: Int = 0,
        to: Int? = nil,
        state: FileBundle? = nil,
        files: [FileBundle.Entry] = [],
        stopWhen: @escaping (_ epochs: Int) -> Bool = { _ in false },
        closesWhen: @escaping (_ epochs: Int) -> Bool = { _ in false },
        drains: Bool = false
    ) throws -> Outcome {
        var observations: [Observation] = []
        var outcome: (epoch: Int, end: ProgramEnd)?
        try withFolder { folder in
            let job = ProgramJob(
                spec: spec,
                metrics: [.custom("loss")],
                from: from,
                to: to ?? spec.epochs,
                keepsCheckpoint: to != nil,
                sweep: "s",
                trial: 7,
                seed: .max,
                files: try FileBundle(files),
                checkpoint: state
            )
            outcome = ProgramRun(job, at: folder + "/trial").run(
                ProgramControl(
                    shouldStop: { stopWhen(observations.count) || closesWhen(observations.count) },
                    isClosing: { closesWhen(observations.count) },
                    isDraining: { drains },
                    observed: { observations.append($0) }
                )
            )
            #expect(access(folder + "/trial", F_OK) != 0, "the run's folder is left")
        }
        let ended = try #require(outcome)
        return Outcome(epoch: ended.epoch, end: ended.end, observations: observations)
    }

    private func shell(_ script: String, _ limits: CommandLimits = CommandLimits(grace: 1)) -> CommandSpec {
        spec(["/bin/sh", "-c", script], limits)
    }

    private static let count =
        "i=0; while [ $i -lt 9 ]; do i=$((i+1)); echo \"{\\\"epoch\\\": $i, \\\"loss\\\": $i}\" >&3; done"

    @Test func `a whole run is taken, epoch by epoch`() throws {
        let outcome = try run(shell(Self.count))
        #expect(outcome.end == .reached(checkpoint: nil) && outcome.epoch == 9)
        #expect(outcome.observations.map(\.values) == (1...9).map { [Double($0)] })
    }

    @Test func `a program is told its trial in the environment, and its files are with it`() throws {
        let script = """
            test "$SWEEPD_TRIAL-$SWEEPD_SWEEP-$SWEEPD_EPOCHS-$SWEEPD_START_EPOCH" = 7-s-9-0 || exit 11
            test "$SWEEPD_SEED" = 9223372036854775807 || exit 12
            grep -q '"rate": 0.5' "$SWEEPD_PARAMETERS_FILE" || exit 13
            test -d "$SWEEPD_CHECKPOINT" || exit 14
            test "$(cat lib/words)" = hello || exit 15
            ./tool || exit 16
            test -z "$SWEEPD_BINARY" || exit 17
            \(Self.count)
            """
        let files = [
            FileBundle.Entry(path: "lib/words", kind: .file, bytes: Array("hello".utf8)),
            FileBundle.Entry(path: "tool", kind: .program, bytes: Array("#!/bin/sh\nexit 0\n".utf8)),
        ]
        #expect(try run(shell(script), files: files).end == .reached(checkpoint: nil))
    }

    /// How a run ended, in words.
    private func sentence(_ end: ProgramEnd) -> String {
        switch end {
        case .failed(let text, _): "failed: " + text
        case .died(let text, _): "died: " + text
        default: "\(end)"
        }
    }

    @Test func `each end is told in a sentence`() throws {
        let one = "echo '{\"epoch\": 1, \"loss\": 1}' >&3; "
        let limits = CommandLimits(report: 0.3, grace: 0.2)
        #expect(
            try sentence(run(shell(one + "exit 7")).end) == "died: the program ended with exit code 7 after epoch 1"
        )
        #expect(
            try sentence(run(shell("kill -SEGV $$")).end)
                == "died: the program ended with signal 11 (SIGSEGV) before its first report"
        )
        #expect(try sentence(run(shell("exit 0")).end).contains("reported no epoch"))
        #expect(try sentence(run(shell("echo loss=1 >&3; sleep 100")).end).contains("not JSON at byte 0"))
        #expect(
            try sentence(run(shell(one + "sleep 100", limits)).end)
                == "failed: the program reported nothing for longer than limits.report, 0.3 s after epoch 1"
        )
        #expect(
            try sentence(run(shell(Self.count + "; sleep 100", CommandLimits(time: 0.2, grace: 0.2))).end)
                == "reached(checkpoint: nil)"
        )
        #expect(
            try sentence(run(shell(one + "sleep 100", CommandLimits(time: 0.2, grace: 0.2))).end)
                == "failed: the program ran for longer than limits.time, 0.2 s after epoch 1"
        )
        #expect(
            try sentence(run(spec(["no-such-program"])).end).hasPrefix(
                "died: the program cannot be started: there is no program no-such-program in "
            )
        )
        // One that is there and may not be executed is not one that is missing.
        let plain = FileBundle.Entry(path: "go.sh", kind: .file, bytes: Array("#!/bin/sh\n".utf8))
        let refused = try sentence(run(spec(["./go.sh"]), files: [plain]).end)
        #expect(refused.hasPrefix("died: the program cannot be started: ./go.sh in "), "\(refused)")
        #expect(refused.hasSuffix("/trial/run may not be executed (chmod +x)"), "\(refused)")
        #expect(try run(shell(one + "exit 0")).end == .stoppedEarly)
        #expect(try run(shell("echo '{\"epoch\": 1, \"loss\": NaN}' >&3; sleep 100")).end == .notFinite)
    }

    @Test func `the end of what it writes is kept`() throws {
        guard case .died(_, let log) = try run(shell("yes line | head -n 100000; echo boom >&2; exit 1")).end else {
            Issue.record("did not die")
            return
        }
        #expect(log.hasSuffix("line\nboom\n") && log.utf8.count <= 64 * 1024)
    }

    @Test func `a program is stopped with all that it started, in whatever group and whether it wants or not`() throws {
        let mark = "\(getpid())\(UInt32.random(in: 1000...9999))"
        // One child in its group, one in a session of its own, one that ignores the request to end.
        let script = """
            sleep 10\(mark) & setsid sleep 11\(mark) & (trap '' TERM; sleep 12\(mark); sleep 13\(mark)) &
            echo '{"epoch": 1, "loss": 1}' >&3; sleep 14\(mark)
            """
        let outcome = try run(shell(script, CommandLimits(grace: 0.3)), stopWhen: { $0 == 1 })
        #expect(outcome.end == .cancelled(checkpoint: nil))
        #expect(Self.processes(with: mark) == [])
    }

    @Test func `one that ends leaves nothing behind`() throws {
        let mark = "\(getpid())\(UInt32.random(in: 1000...9999))"
        let outcome = try run(shell("(setsid sleep 20\(mark) &); \(Self.count); exit 0"))
        #expect(outcome.end == .reached(checkpoint: nil))
        #expect(Self.processes(with: mark) == [])
    }

    @Test func `half a line of a program that is killed is no mistake of it`() throws {
        let script = "echo '{\"epoch\": 1, \"loss\": 1}' >&3; printf '{\"epoch\": 2, \"lo' >&3; kill -SEGV $$"
        #expect(
            try sentence(run(shell(script)).end) == "died: the program ended with signal 11 (SIGSEGV) after epoch 1"
        )
        // One that ends by itself may leave out the last line break.
        #expect(try run(shell("printf '{\"epoch\": 1, \"loss\": 1}' >&3")).observations.map(\.epoch) == [1])
    }

    @Test func `there is no grace when the worker closes`() throws {
        let begun = ContinuousClock.now
        let script = "trap '' TERM; echo '{\"epoch\": 1, \"loss\": 1}' >&3; sleep 600"
        let outcome = try run(shell(script, CommandLimits(grace: 300)), closesWhen: { $0 == 1 })
        #expect(outcome.end == .cancelled(checkpoint: nil))
        #expect(begun.duration(to: .now) < .seconds(200))
    }

    @Test func `what a keeper that is killed leaves is ended`() throws {
        let mark = "\(getpid())\(UInt32.random(in: 1000...9999))"
        // The keeper is the script's parent.
        let script =
            "sleep 30\(mark) & sleep 31\(mark) & echo '{\"epoch\": 1, \"loss\": 1}' >&3; kill -9 $PPID; sleep 600"
        #expect(
            try sentence(run(shell(script)).end) == "died: the program was ended together with its keeper after epoch 1"
        )
        #expect(Self.processes(with: mark) == [])
    }

    @Test func `a folder is removed whatever the program made of it`() throws {
        // Names that are no text, folders that are closed to their owner, links to elsewhere.
        try withFolder { folder in
            let other = folder + "/other"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
            let script = """
                mkdir -p locked/below && touch locked/below/file "$(printf 'no\\377text')" && ln -s \(other) link
                chmod 500 locked/below && chmod 0 locked; \(Self.count); exit 0
                """
            #expect(try run(shell(script)).end == .reached(checkpoint: nil))
            #expect(access(other, F_OK) == 0)
        }
    }

    @Test func `folders that a worker left are removed, and those of one that lives are not`() throws {
        try withFolder { folder in
            let left = folder + "/sweepd-programs-abcdef"
            try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
            let new = folder + "/sweepd-programs-ghijkl"
            try FileManager.default.createDirectory(atPath: new, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: left + "/lock"))
            let first = try ProgramFolders(below: folder)
            #expect(access(left, F_OK) != 0, "nobody holds it")
            #expect(access(new, F_OK) == 0, "it may be locked at any moment")
            let second = try ProgramFolders(below: folder)
            #expect(access(first.path, F_OK) == 0 && access(second.path, F_OK) == 0)
        }
    }

    @Test func `the memory of all its processes together is held to its limit`() throws {
        try Self.needPython()
        let program = "import time\nblock = b\"x\" * (80 << 20)\ntime.sleep(600)\n"
        // Each process stays below, however late it is looked at; it is their sum that does not.
        let two = "python3 -c '\(program)' & python3 -c '\(program)' & wait"
        let outcome = try run(shell(two, CommandLimits(memory: 120 << 20, grace: 0.2)))
        guard case .failed(let reason, _) = outcome.end else {
            Issue.record("\(outcome.end)")
            return
        }
        #expect(reason.hasPrefix("the program took ") && reason.hasSuffix("MB, limits.memory is 120 MB"), "\(reason)")
    }

    // MARK: Python

    /// Counts from the state that it has, and saves where it is told to rest.
    private static let script = """
        import sweepd
        assert sweepd.is_trial and sweepd.parameters == {"rate": 0.5}
        total = float((sweepd.checkpoint / "total").read_text()) if sweepd.start_epoch else 0.0
        for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
            total += sweepd.parameters["rate"]
            sweepd.report(epoch, {"loss": total}, save=lambda folder: (folder / "total").write_text(str(total)))
        raise SystemExit("went on")
        """

    private var python: (CommandSpec, [FileBundle.Entry]) {
        (
            spec(["python3", "script.py"]),
            [FileBundle.Entry(path: "script.py", kind: .file, bytes: Array(Self.script.utf8))]
        )
    }

    private static func needPython() throws {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin"
        try #require(
            folders.split(separator: ":").contains { access("\($0)/python3", X_OK) == 0 },
            "python3 is not installed"
        )
    }

    @Test func `a Python program rests with its state and goes on from it`() throws {
        try Self.needPython()
        let (spec, files) = python
        let first = try run(spec, to: 3, files: files)
        #expect(first.observations.map(\.values) == [[0.5], [1], [1.5]])
        guard case .reached(let state?) = first.end else {
            Issue.record("no state: \(first.end)")
            return
        }
        #expect(state.entries.map(\.path) == ["total"] && state.entries[0].bytes == Array("1.5".utf8))
        let second = try run(spec, from: 3, state: try FileBundle(packed: state.packed), files: files)
        #expect(second.observations.map(\.epoch) == Array(4...9) && second.observations.last?.values == [4.5])
        #expect(second.end == .reached(checkpoint: nil))
    }

    @Test func `a report from a process that has not got the descriptors is refused, and writes into no file`() throws {
        try Self.needPython()
        // As launchers do it, with and without the descriptors; what the second one opens first gets the lowest number, 3.
        func launched(_ passed: String) throws -> ProgramEnd {
            let launcher = """
                import subprocess, sys
                sys.exit(subprocess.run([sys.executable, "child.py"]\(passed)).returncode)
                """
            let child = """
                log = open("log.txt", "w+")
                import sweepd
                try:
                    for epoch in range(1, 10):
                        sweepd.report(epoch, {"loss": 1.0})
                finally:
                    log.seek(0)
                    assert log.read() == "", "something was written into a file"
                """
            let files = [("launch.py", launcher), ("child.py", child)].map {
                FileBundle.Entry(path: $0.0, kind: .file, bytes: Array($0.1.utf8))
            }
            return try run(spec(["python3", "launch.py"]), files: files).end
        }
        guard case .died(_, let log) = try launched("") else {
            Issue.record("it did not end with an error")
            return
        }
        #expect(log.contains("RuntimeError: the descriptors 3 and 4 are not sweepd's in this process"), "\(log)")
        #expect(log.contains("(subprocess: pass_fds=(3, 4))"), "\(log)")
        #expect(try launched(", pass_fds=(3, 4)") == .reached(checkpoint: nil))
    }

    @Test func `a worker that drains has a program save its state at its next epoch`() throws {
        try Self.needPython()
        let (spec, files) = python
        let outcome = try run(spec, files: files, drains: true)
        guard case .cancelled(let state?) = outcome.end else {
            Issue.record("no state: \(outcome.end)")
            return
        }
        #expect(outcome.epoch == 1 && state.entries[0].bytes == Array("0.5".utf8))
    }

    @Test func `the module that programs get is the one in python`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "python/sweepd/__init__.py"), encoding: .utf8)
        #expect(PythonModule.source == text, "run scripts/generate-python-module")
    }

    /// The processes whose command line has this word.
    private static func processes(with word: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { Int($0) != nil && Int32($0) != getpid() }.compactMap { pid in
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return nil }
            let text = String(decoding: data.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
            return text.contains(word) ? text : nil
        }
    }
}
