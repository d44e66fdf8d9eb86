import SweepCore
import SweepSpec
import Testing

/// Sweeps whose trials are asked for, as files say them.
@Suite struct AskFileTests {
    private func asked(_ ask: String = "{lease: 90s}", more: String = "", rest: String = "") -> String {
        """
        name: p
        train:
          ask: \(ask)
          parameters: {x: {uniform: [0, 1]}, deep: {width: {choice: [64, 128]}}, fixed: 3}
          \(more)
        objective: {minimize: loss}
        search: {trials: 3}
        \(rest)
        """
    }

    @Test func `a lease, parameters, epochs and metrics are read`() throws {
        let read = try sweep(asked(more: "epochs: 9\n  metrics: [accuracy]", rest: "max_parallel: 4")).sweep
        let ask = try #require(read.ask)
        #expect(ask.lease == 90 && read.epochs == 9 && read.isOfPrograms && read.command == nil && read.data == nil)
        #expect(read.space.parameters.map(\.path) == ["train.parameters.x", "train.parameters.deep.width"])
        #expect(read.metrics(on: nil) == [.custom("accuracy"), .custom("loss")])
        #expect(read.placement == Placement(maxParallel: 4))
        let problems = SpecProblems()
        #expect(Sweep.read(read.source, problems: problems) == read && problems.all.isEmpty)
        let usual = try sweep(asked("{}")).sweep
        #expect(usual.ask?.lease == AskSpec.usualLease && usual.epochs == 1)
    }

    @Test(arguments: [
        ("{lease: 0.5s}", "", "", "train.ask.lease"), ("{lease: soon}", "", "", "train.ask.lease"),
        ("{leash: 3}", "", "", "train.ask.leash"), ("yes", "", "", "train.ask"),
        ("{}", "epochs: 0", "", "train.epochs"), ("{}", "command: [sh]\n  epochs: 3", "", "train.ask"),
        ("{}", "model: {linear: {}}", "", "train.model"), ("{}", "metrics: [loss, loss]", "", "train.metrics"),
        ("{}", "", "requires: {gpu: yes}", "requires"), ("{}", "", "data: {source: a.csv, target: y}", "data"),
    ])
    func `what cannot be is told with its place`(_ ask: String, _ more: String, _ rest: String, _ path: String) {
        let found = problems(asked(ask, more: more, rest: rest))
        #expect(found.count == 1 && found[0].contains(": \(path)"), "\(found)")
    }

    @Test func `arms change parameters alone`() throws {
        let fixed = """
            name: p
            train: {ask: {}, parameters: {x: 1}}
            objective: {minimize: loss}
            arms: {low: {PATH: 0}, high: {train.parameters.x: 2}}
            search: {repeats: 2}
            """
        let right = try sweep(fixed.replacing("PATH", with: "train.parameters.x")).sweep
        #expect(right.arms.map(\.name) == ["low", "high"])
        let found = problems(fixed.replacing("PATH", with: "train.epochs"))
        #expect(found.count == 1 && found[0].contains("a path below train.parameters"), "\(found)")
    }
}
