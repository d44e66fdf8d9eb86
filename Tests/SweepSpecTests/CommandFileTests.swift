import SweepCore
import SweepSpec
import Testing

/// Sweeps whose trials are programs, as files say them.
@Suite struct CommandFileTests {
    /// A right file in which lines can be replaced.
    private func program(
        command: String = "[python3, train.py, \"${args}\"]",
        parameters: String = "{rate: {log: [1e-5, 1e-1]}, width: {choice: [64, 128]}}",
        more: String = "metrics: [training.loss, validation.loss]",
        rest: String = "search: {trials: 3}"
    ) -> String {
        """
        name: p
        train:
          command: \(command)
          parameters: \(parameters)
          epochs: 9
          \(more)
        \(rest)
        """
    }

    @Test func `a program, its parameters and its metrics are read`() throws {
        let read = try sweep(program()).sweep
        let command = try #require(read.command)
        #expect(read.data == nil && read.representative == nil && read.epochs == 9)
        #expect(read.space.parameters.map(\.path) == ["train.parameters.rate", "train.parameters.width"])
        #expect(read.metrics(on: nil) == [.trainingLoss, .validationLoss])
        #expect(read.placement.requires == [.commands])
        #expect(command.limits == CommandLimits() && command.files == nil && command.directory == nil)
        let problems = SpecProblems()
        #expect(Sweep.read(read.source, problems: problems) == read && problems.all.isEmpty)
    }

    @Test func `a metric of its own name is the objective, and is among what is reported`() throws {
        let read = try sweep(
            program(more: "metrics: [accuracy]", rest: "objective: {minimize: my/loss}\nsearch: {trials: 3}")
        )
        #expect(read.sweep.objective.metric == .custom("my/loss"))
        #expect(read.sweep.metrics(on: nil) == [.custom("accuracy"), .custom("my/loss")])
        // One that is trained here reports what is measured here.
        let found = problems(file(rest: "objective: {minimize: my/loss}\nsearch: {trials: 3}"))
        #expect(
            found.count == 1 && found[0].contains("not an allowed value: objective.minimize, found my/loss"),
            "\(found)"
        )
    }

    @Test func `words, variables and nested parameters become what the program is given`() throws {
        let text = program(
            command: "[\"./run\", \"--rate=${rate}\", \"$${HOME}\", \"${args}\", \"${parameters.file}\"]",
            parameters:
                "{rate: {log: [0.1, 0.1001]}, kind: {choice: [{sgd: {momentum: 0.5}}]}, deep: [1, 2], off: null}",
            more: "environment: {RATE: \"x${rate}\", N: 3, E: \"\", SEED: \"${trial.seed}\"}"
        )
        let read = try sweep(text).sweep
        let configuration = try #require(read.space.cover.first)
        let resolved = try #require(read.space.resolve(configuration))
        guard case .command(let command)? = TrialWork.read(resolved, problems: SpecProblems()) else {
            Issue.record("not a program")
            return
        }
        let facts = CommandFacts([.parametersFile: "/p.json", .seed: "7"])
        #expect(
            command.arguments(facts) == [
                "./run", "--rate=0.1", "${HOME}", "--rate=0.1", "--kind.sgd.momentum=0.5", "--deep=[1, 2]", "/p.json",
            ]
        )
        #expect(
            command.environment.map { "\($0.name)=\($0.value.text(command.parameters, facts))" } == [
                "RATE=x0.1", "N=3", "E=", "SEED=7",
            ]
        )
        #expect(
            SpecNode.map(command.parameters).jsonText
                == "{\"rate\": 0.1, \"kind\": {\"sgd\": {\"momentum\": 0.5}}, \"deep\": [1, 2], \"off\": null}"
        )
    }

    @Test func `limits are seconds and bytes, or numbers with a unit`() throws {
        let read = try sweep(program(more: "limits: {time: 2h, report: 90, memory: 1.5G, grace: 0.5s, save: 2m}"))
        #expect(
            read.sweep.command?.limits
                == CommandLimits(time: 7200, report: 90, memory: 1_610_612_736, grace: 0.5, save: 120)
        )
    }

    @Test(arguments: [("true", Int.max), ("false", 1), ("100", 100), ("2", 2)])
    func `a process may serve many runs`(text: String, reuse: Int) throws {
        let more = "environment: {WHERE: \"${trial.directory} ${sweep.name} ${trial.epochs}\"}\n  reuse: \(text)"
        let command = try #require(try sweep(program(command: "[run]", more: more)).sweep.command)
        #expect(command.reuse == reuse && command.isReused == (reuse > 1))
        // What is another for each trial may be named where each has a process.
        let free = try sweep(program(more: "reuse: false")).sweep.command
        #expect(free?.words.count == 3 && free?.reuse == 1)
    }

    @Test(arguments: [
        ("more", "reuse: yes please", "f:6:10: not an allowed value: train.reuse, found yes please, allowed true"),
        ("more", "reuse: 1", "f:6:10: not an allowed value: train.reuse, found 1, allowed true, false, or an integer"),
        ("more", "reuse: {choice: [true, false]}", "f:6:10: a range is not allowed here: train.reuse"),
        (
            "more", "environment: {A: \"${rate}\"}\n  reuse: true",
            "f:6:20: ${rate} is of one trial, and with train.reuse a process serves many: train.environment.A"
        ),
        ("command", "[run, \"${args}\"]", "f:3:18: ${args} is of one trial"),
        ("command", "[run, \"--seed=${trial.seed}\"]", "f:3:18: ${trial.seed} is of one trial"),
        ("command", "[run, \"${trial.checkpoint}\"]", "f:3:18: ${trial.checkpoint} is of one trial"),
    ])
    func `what a process that serves many trials cannot have is told`(part: String, text: String, sentence: String) {
        let file =
            part == "command"
            ? program(command: text, more: "reuse: true") : program(command: "[run]", more: text)
        let found = problems(file)
        #expect(found.count == 1 && found[0].hasPrefix(sentence), "\(found)")
    }

    @Test(arguments: [
        ("command", "[\"${args}\"]", "f:3:13: a command begins with a program"),
        ("command", "python train.py", "f:3:12: not an allowed value: train.command"),
        ("command", "[run, \"${rat}\"]", "f:3:18: ${rat} is not known: train.command[1]"),
        ("command", "[run, \"a${args}\"]", "f:3:18: ${args} becomes several words: train.command[1]"),
        ("command", "[run, \"${rate\"]", "f:3:18: a ${ without its }: train.command[1]"),
        ("command", "[run, 1.5]", "f:3:18: not text: train.command[1]"),
        ("command", "{choice: [[a], [b]]}", "f:3:12: a range is not allowed here: train.command"),
        ("parameters", "{\"my rate\": 1}", "f:4:16: not a parameter's name: train.parameters.my rate"),
        ("parameters", "{args: 1}", "f:4:16: stands for all parameters in a command: train.parameters.args"),
        ("parameters", "{rate: {log: [0, 1]}}", "f:4:"),
        ("more", "metrics: [epoch]", "f:6:13: not a metric's name: train.metrics[0], found epoch"),
        ("more", "metrics: [a, a]", "f:6:16: a metric stands twice: train.metrics[1]"),
        ("more", "files: [../secret]", "f:6:11: a file that is not within the sweep file's folder: train.files[0]"),
        ("more", "files: [/etc/passwd]", "f:6:11: a file that is not within the sweep file's folder: train.files[0]"),
        ("more", "directory: here", "f:6:14: not a path from the root: train.directory"),
        ("more", "environment: {SWEEPD_SEED: 1}", "f:6:17: not a variable that may be set"),
        ("more", "environment: {A: \"${args}\"}", "f:6:20: ${args} becomes several words"),
        ("more", "limits: {time: soon}", "f:6:18: not an allowed value: train.limits.time, found soon"),
        ("more", "limits: {memory: 1}", "f:6:20: not an allowed value: train.limits.memory, found 1"),
        ("more", "limits: {tmie: 1}", "f:6:12: unknown key: train.limits.tmie"),
        ("more", "model: linear", "f:6:3: unknown key: train.model"),
        ("rest", "data: {source: d.csv}\nsearch: {trials: 3}", "f:7:7: a program reads its own data: data"),
        (
            "rest", "objective: {minimize: my loss}\nsearch: {trials: 3}",
            "f:7:23: not a metric's name: objective.minimize"
        ),
    ])
    func `a mistake is told where it stands`(part: String, text: String, sentence: String) {
        let file =
            switch part {
            case "command": program(command: text)
            case "parameters": program(command: "[run]", parameters: text)
            case "more": program(more: text)
            default: program(rest: text)
            }
        let found = problems(file)
        #expect(found.count == 1 && found[0].hasPrefix(sentence), "\(found)")
    }

    /// What lies beside the sweep file in these tests: `train.py` and `src/main.py`, which nobody may execute, and `run.sh`.
    private static func presence(_ path: String) -> FirstFile.Presence {
        switch CommandSpec.plainPath(path) {
        case "train.py", "src/main.py": .plain
        case "run.sh", "src": .usable
        default: .absent
        }
    }

    @Test(arguments: [
        ("[python3, train.py, \"${args}\"]", [String](), "not among train.files"),
        (
            "[python3, tarin.py]", ["train.py"],
            "there is no such file beside the sweep file: train.command[1], found tarin.py"
        ),
        ("[/opt/venv/bin/python3.11, -u, -B, tarin.py]", ["train.py"], "there is no such file"),
        ("[python, train.py]", ["src"], "not among train.files"),
        ("[python3, src2/main.py]", ["src"], "there is no such file"),
        ("[python3, ../train.py]", ["train.py"], "a file that is not within the sweep file's folder: train.command[1]"),
        ("[Rscript, train.R]", [], "there is no such file"),
        ("[/bin/sh, ./go.sh]", [], "there is no such file"),
        ("[Rscript, \"+1.10\"]", [], "there is no such file"),
        ("[python3, src/../../train.py]", [], "a file that is not within the sweep file's folder"),
        ("[python3, src/../train.py]", ["src"], "not among train.files, which are all that is sent"),
        ("[./go.sh]", [], "there is no such file beside the sweep file: train.command[0], found ./go.sh"),
        ("[./train.py]", ["train.py"], "the file may not be executed: train.command[0], found ./train.py"),
    ])
    func `a command whose first file does not come with it is told before anything is started`(
        command: String,
        sent: [String],
        sentence: String
    ) throws {
        let read = try sweep(program(command: command))
        let spec = try #require(read.sweep.command)
        let problem = try #require(spec.firstFileProblem(in: "here", sent: sent, presence: Self.presence))
        let line = read.render([problem])
        #expect(line.count == 1 && line[0].hasPrefix("f:3:") && line[0].contains(sentence), "\(line)")
    }

    @Test(arguments: [
        ("[python3, train.py, \"${args}\"]", ["train.py"], ""), ("[python3, ./train.py]", ["."], ""),
        ("[python3, src/main.py]", ["./src/"], ""), ("[python3, src]", ["src"], ""), ("[./run.sh]", ["run.sh"], ""),
        // What is not certain is left to the run.
        ("[python3, absent.py]", [], "directory: /srv/project"), ("[python3, \"${kind}.py\"]", [], ""),
        ("[python3, -m, package]", [], ""), ("[python3, -W, ignore, absent.py]", [], ""),
        ("[python3, -c, print]", [], ""), ("[python3, /srv/train.py]", [], ""), ("[bash, on-the-path]", [], ""),
        ("[julia, \"+1.10\", absent.jl]", [], ""), ("[python3, src/../train.py]", ["src", "train.py"], ""),
        ("[torchrun, absent.py]", [], ""), ("[/srv/solver, absent.txt]", [], ""), ("[python3]", [], ""),
    ])
    func `a command that may begin is let through`(command: String, sent: [String], more: String) throws {
        let parameters = "{rate: {log: [1e-5, 1e-1]}, kind: {choice: [a, b]}}"
        let spec = try #require(try sweep(program(command: command, parameters: parameters, more: more)).sweep.command)
        #expect(spec.firstFileProblem(in: "here", sent: sent, presence: Self.presence) == nil)
    }

    @Test func `arms change parameters of a program, and nothing that is one of its sweep`() throws {
        let arms = "arms: {as it is: {}, faster: {train.parameters.rate: 0.1}}"
        let fixed = program(parameters: "{rate: 0.01}", rest: arms)
        #expect(try sweep(fixed).sweep.arms.map(\.name) == ["as it is", "faster"])
        let found = problems(fixed.replacing("train.parameters.rate: 0.1", with: "train.files: [a]"))
        #expect(found.count == 1 && found[0].contains("not a place that an arm may change"), "\(found)")
    }
}
