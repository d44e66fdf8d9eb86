import Foundation
import SweepCore
import SweepProgram
import Testing

/// Control groups of version 2, on folders that look like the kernel's: no real ones were there where this was written.
@Suite struct ControlGroupTests {
    private static let tree = [
        "/fs/cgroup.controllers": "cpuset cpu io memory pids\n",
        "/fs/unit/cgroup.controllers": "cpu io memory pids\n",
        "/fs/unit/cgroup.subtree_control": "memory\n",
    ]

    /// What is planned for a worker in a group; nil where there can be no groups.
    private func plan(
        _ membership: String = "0::/unit/sweepd\n",
        _ tree: [String: String] = Self.tree,
        readOnly: Set<String> = []
    ) throws(ControlGroupPlan.Absence) -> ControlGroupPlan {
        try ControlGroupPlan(
            membership: membership,
            root: "/fs",
            read: { tree[$0] },
            mayWrite: { !readOnly.contains($0) }
        )
    }

    @Test func `groups are made beside the worker's own, which is called sweepd`() throws {
        let plan = try plan()
        #expect(plan.base == "/fs/unit" && plan.missing == ["cpu", "pids"])
        #expect(plan.controllers == ["cpu", "memory", "pids"])
        // A kernel with both versions, and a worker at the top of what a container sees.
        #expect(try self.plan("3:memory:/other\n0::/unit/sweepd\n") == plan)
        var top = Self.tree
        top["/fs/cgroup.subtree_control"] = "pids cpu memory"
        let container = try self.plan("0::/sweepd\n", top)
        #expect(container.base == "/fs" && container.missing == [] && container.controllers.count == 3)
    }

    @Test func `what may not be turned on is left as it is`() throws {
        let plan = try plan(readOnly: ["/fs/unit/cgroup.subtree_control"])
        #expect(plan.missing == [] && plan.controllers == ["memory"])
    }

    @Test(arguments: [
        ("0::/unit/session\n", "", "was not handed over"),
        ("0::/\n", "", "was not handed over"),
        ("0::/../unit/sweepd\n", "", "was not handed over"),
        ("4:memory:/unit/sweepd\n", "", "no control groups of version 2"),
        ("", "", "no control groups of version 2"),
        ("0::/unit/sweepd\n", "/fs/unit", "may not be written"),
        ("0::/unit/sweepd\n", "/fs/unit/cgroup.procs", "may not be written"),
        ("0::/bare/sweepd\n", "", "none of the controllers"),
    ])
    func `where there can be none is said in words`(membership: String, readOnly: String, word: String) {
        do {
            let plan = try plan(membership, readOnly: [readOnly])
            Issue.record("planned \(plan)")
        } catch { #expect(error.description.contains(word), "\(error)") }
    }

    @Test func `a machine with version 1 alone has none`() {
        #expect(throws: ControlGroupPlan.Absence.self) { try self.plan("0::/unit/sweepd\n", [:]) }
    }

    @Test func `a controller that cannot be turned on is left out, and the others limit what they can`() throws {
        var plan = try plan()
        var tried: [String] = []
        let leftOut = try plan.turnOnMissing { controller in
            tried.append(controller)
            return controller == "cpu" ? "Invalid argument" : nil
        }
        #expect(tried == ["cpu", "pids"])
        #expect(leftOut == ["cpu cannot be turned on in /fs/unit/cgroup.subtree_control: Invalid argument"])
        #expect(plan.controllers == ["memory", "pids"] && plan.missing == [])
        #expect(plan.settings(memory: 5, cores: 1).map(\.text) == ["5", "0", "1", "4096"])
        // What is on already needs nothing to be written.
        var refused = try self.plan()
        let both = try refused.turnOnMissing { _ in "no" }
        #expect(both.count == 2 && refused.controllers == ["memory"])
        var bare = Self.tree
        bare["/fs/unit/cgroup.subtree_control"] = ""
        var nothing = try self.plan("0::/unit/sweepd\n", bare)
        do {
            let left = try nothing.turnOnMissing { _ in "no" }
            Issue.record("\(left)")
        } catch { #expect(error.description.contains("memory cannot be turned on in /fs/unit/"), "\(error)") }
    }

    @Test func `memory, cores and processes are set, as far as there are controllers`() throws {
        let whole = try plan().settings(memory: 1 << 30, cores: 2)
        #expect(whole.map(\.file) == ["memory.max", "memory.swap.max", "memory.oom.group", "cpu.max", "pids.max"])
        #expect(whole.map(\.text) == ["1073741824", "0", "1", "200000 100000", "4096"])
        #expect(whole.filter { !$0.isMust }.map(\.file) == ["memory.swap.max"])
        #expect(try plan().settings(memory: nil, cores: 1).map(\.file) == ["cpu.max", "pids.max"])
        let memory = try plan(readOnly: ["/fs/unit/cgroup.subtree_control"])
        #expect(memory.settings(memory: 5, cores: 1).map(\.text) == ["5", "0", "1"])
    }

    // MARK: Programs

    /// What a run came to.
    private struct Outcome {
        var end: ProgramEnd
        var notes: [String] = []
        /// The texts of the files of its group.
        var group: [String: String] = [:]
        /// What the file of the controllers holds.
        var turnedOn = ""
    }

    /// Makes a tree that looks like the kernel's, with a worker in a group `sweepd`; the folder of the group above it, which is
    /// below `path`.
    private static func makeTree(
        _ folder: String,
        below path: String = "",
        controllers: String = "cpu memory"
    ) throws -> String {
        let (root, base) = (folder + "/fs", folder + "/fs\(path)/unit")
        try FileManager.default.createDirectory(atPath: base + "/sweepd", withIntermediateDirectories: true)
        for (file, text) in [
            root + "/cgroup.controllers": "cpu memory pids\n", base + "/cgroup.controllers": "\(controllers) pids\n",
            base + "/cgroup.subtree_control": controllers + "\n", base + "/cgroup.procs": "",
            folder + "/membership": "0::\(path)/unit/sweepd\n",
        ] { try text.write(toFile: file, atomically: false, encoding: .utf8) }
        return base
    }

    @Test func `groups that dead workers left are removed, those of others are not`() throws {
        try withFolder { folder in
            let base = try Self.makeTree(folder)
            // More than any kernel's greatest number of a process, and the first process, which lives.
            for name in ["sweepd-trial-999999999-1", "sweepd-trial-1-1", "sweepd-trial-x-1", "other"] {
                try FileManager.default.createDirectory(atPath: base + "/" + name, withIntermediateDirectories: true)
            }
            _ = try ControlGroups(membership: folder + "/membership", root: folder + "/fs")
            let left = try FileManager.default.contentsOfDirectory(atPath: base).filter { !$0.hasPrefix("cgroup.") }
            #expect(Set(left) == ["sweepd", "sweepd-trial-1-1", "sweepd-trial-x-1", "other"])
        }
    }

    /// Runs a program of two slots and a gigabyte, unless told, in a group of a tree that looks like the kernel's.
    ///
    /// Its folder is left, as it is not empty: the kernel's goes with all its files.
    private func run(
        _ script: (_ base: String) -> String,
        isHandedBack: Bool = false,
        isClosed: Bool = false,
        memory: Int = 1 << 30
    ) throws -> Outcome {
        var outcome: Outcome?
        try withFolder { folder in
            let base =
                isClosed
                ? try Self.makeTree(folder, below: Self.depth(folder), controllers: "")
                : try Self.makeTree(folder)
            let groups = try ControlGroups(membership: folder + "/membership", root: folder + "/fs")
            let turnedOn = try String(contentsOfFile: base + "/cgroup.subtree_control", encoding: .utf8)
            if isHandedBack { try FileManager.default.removeItem(atPath: base) }
            let job = ProgramJob(
                spec: CommandSpec(
                    words: ["/bin/sh", "-c", script(base)].map { CommandTemplate(text: $0) },
                    parameters: [],
                    epochs: 1,
                    limits: CommandLimits(memory: memory, grace: 1),
                    threads: 2
                ),
                metrics: [.custom("loss")],
                from: 0,
                to: 1,
                keepsCheckpoint: false,
                sweep: "s",
                trial: 7,
                seed: 1,
                files: try FileBundle([]),
                checkpoint: nil
            )
            var notes: [String] = []
            let end = ProgramRun(job, at: folder + "/trial", in: groups).run(
                ProgramControl(noted: { notes.append($0) })
            ).end
            var left = Outcome(end: end, notes: notes, turnedOn: turnedOn)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
            for name in names where name.hasPrefix("sweepd-trial-") {
                let group = base + "/" + name
                for file in try FileManager.default.contentsOfDirectory(atPath: group) {
                    left.group[file] = try String(contentsOfFile: group + "/" + file, encoding: .utf8)
                }
            }
            outcome = left
        }
        return try #require(outcome)
    }

    /// Folders between the root and the group above a worker's, so deep that the first program's group can be made and its
    /// `pids.max` be written, and its `cgroup.procs` not be opened: that would be a path of more than the system's 4,095 bytes.
    private static func depth(_ folder: String) -> String {
        let around = "\(folder)/fs/unit/sweepd-trial-\(ProcessInfo.processInfo.processIdentifier)-1".utf8.count
        var length = 4084 - around
        // No folder without a name.
        if length % 200 == 1 { length += 1 }
        return String((0..<length).map { $0 % 200 == 0 ? "/" : "x" })
    }

    private static let report = #"echo '{"epoch": 1, "loss": 0.5}' >&3"#

    @Test func `a program is put into a group of its own, which is killed and removed in the end`() throws {
        // It is in the group before it is executed.
        let outcome = try run { base in "test \"$(cat \(base)/sweepd-trial-*/cgroup.procs)\" = 0 && \(Self.report)" }
        #expect(outcome.end == .reached(checkpoint: nil) && outcome.notes == [])
        #expect(
            outcome.group == [
                "memory.max": "1073741824", "memory.swap.max": "0", "memory.oom.group": "1",
                "cpu.max": "200000 100000", "pids.max": "4096", "cgroup.procs": "0", "cgroup.kill": "1",
            ]
        )
        #expect(outcome.turnedOn.hasPrefix("+pids"))
    }

    /// `oom` counts how often the group itself was at its limit, `oom_kill` every process of it that was ended for want of memory,
    /// wherever memory was short.
    @Test(arguments: [(0, 0), (0, 1), (1, 0), (1, 1), (12, 3)])
    func `a program that the kernel ended at its own limit is told from one that was killed`(
        limits: Int,
        kills: Int
    ) throws {
        let outcome = try run { base in
            """
            set -- \(base)/sweepd-trial-*
            printf 'low 0\\nhigh 0\\nmax 3\\noom \(limits)\\noom_kill \(kills)\\noom_group_kill 0\\n' > "$1/memory.events"
            kill -9 $$
            """
        }
        guard limits > 0, kills > 0 else {
            guard case .died(let reason, _) = outcome.end else {
                Issue.record("\(outcome.end)")
                return
            }
            #expect(reason == "the program ended with signal 9 (SIGKILL) before its first report")
            return
        }
        guard case .failed(let reason, _) = outcome.end else {
            Issue.record("\(outcome.end)")
            return
        }
        #expect(
            reason
                == "the program took all of limits.memory, 1024 MB, and the kernel ended it before its first report"
        )
    }

    /// Twenty shells with a child each, forty processes of one to two megabytes each, most of it shared, for as long as four looks take.
    private static let forty =
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sh -c 'sleep 1; :' & done; wait; "

    @Test func `who is in a group that holds its memory is left to the kernel, which counts shared pages once`() throws
    {
        let outcome = try run({ _ in Self.forty + Self.report }, memory: 16 << 20)
        #expect(outcome.end == .reached(checkpoint: nil) && outcome.notes == [])
    }

    @Test func `a program that could not enter its group is looked at as before`() throws {
        let outcome = try run({ _ in Self.forty + Self.report }, isClosed: true, memory: 16 << 20)
        guard case .failed(let reason, _) = outcome.end else {
            Issue.record("\(outcome.end)")
            return
        }
        #expect(reason.contains("the program took") && reason.contains("limits.memory is 16 MB"), "\(reason)")
    }

    @Test func `where no group can be made the program runs without, and that is said`() throws {
        let outcome = try run({ _ in Self.report }, isHandedBack: true)
        #expect(outcome.end == .reached(checkpoint: nil) && outcome.group.isEmpty)
        #expect(outcome.notes.count == 1 && outcome.notes[0].hasPrefix("no control group "))
        #expect(outcome.notes[0].hasSuffix(ControlGroups.otherwise))
    }

    @Test func `a program whose group cannot be entered runs without, and that is said`() throws {
        let outcome = try run({ _ in Self.report }, isClosed: true)
        #expect(outcome.end == .reached(checkpoint: nil) && outcome.group == ["pids.max": "4096"])
        #expect(outcome.notes.count == 1)
        let note = outcome.notes.first ?? ""
        #expect(note.hasPrefix("the control group ") && note.contains(" cannot be entered: "))
        #expect(note.hasSuffix(ControlGroups.otherwise))
    }

    @Test func `a program that ends at once without its group is told by its own end`() throws {
        let outcome = try run({ _ in "exit 3" }, isClosed: true)
        guard case .died(let reason, _) = outcome.end else {
            Issue.record("\(outcome.end)")
            return
        }
        #expect(reason == "the program ended with exit code 3 before its first report" && outcome.notes.count == 1)
    }
}
