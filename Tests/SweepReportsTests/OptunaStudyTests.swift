import Foundation
import SweepCore
import SweepReports
import Testing

/// What a study of Optuna tells the searcher of a sweep. The journal is one that Optuna 5.0.0 wrote, see its folder.
@Suite struct OptunaStudyTests {
    private func recorded() throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Array(Data(contentsOf: tests.appending(path: "SweepStoreTests/Fixtures/optuna.journal")))
    }

    private func studies(_ lines: [String]) throws -> [OptunaStudy] {
        try OptunaStudy.studies(journal: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// Why the lines are no journal; nil where they are one.
    private func mistake(_ lines: [String]) -> String? {
        do { _ = try studies(lines) } catch { return "\(error)" }
        return nil
    }

    /// A sweep with levels 3 and 9 that minimises the validation loss, over the width, the optimizer and a rate up to 0.1 of Adam, or
    /// of `both` optimizers.
    private func sweep(both: Bool = false) throws -> Sweep {
        func choice(_ options: SpecNode...) -> SpecNode { .domain(.choice(options.map { ChoiceOption($0) })) }
        let rate = SpecNode.domain(.logUniform(low: 0.001, high: 0.1, points: nil))
        let adam = SpecNode.map([SpecEntry("adam", .map([SpecEntry("learning_rate", rate)]))])
        let sgd = SpecNode.map([SpecEntry("sgd", .map([SpecEntry("learning_rate", both ? rate : .real(0.5))]))])
        let width = choice(.integer(32), .integer(64))
        let problems = SpecProblems()
        let read = Sweep.read(
            .map([
                SpecEntry("name", .text("next")),
                SpecEntry("data", .map([SpecEntry("source", .text("a.csv"))])),
                SpecEntry(
                    "train",
                    .map([
                        SpecEntry(
                            "model",
                            .map([
                                SpecEntry("mlp", .map([SpecEntry("width", width), SpecEntry("layers", .integer(1))]))
                            ])
                        ), SpecEntry("optimizer", choice(adam, sgd)), SpecEntry("epochs", .integer(9)),
                    ])
                ), SpecEntry("objective", .map([SpecEntry("minimize", .text("validation.loss"))])),
                SpecEntry("search", .map([SpecEntry("method", .text("tpe")), SpecEntry("trials", .integer(20))])),
                SpecEntry(
                    "prune",
                    .map([SpecEntry("method", .text("asha")), SpecEntry("first_rung", .integer(3))])
                ),
            ]),
            problems: problems
        )
        return try #require(read, "\(problems.all)")
    }

    private func node(_ rate: Double, _ loss: Double, _ level: Int) -> SpecNode {
        EarlierResult.node(
            Configuration([
                .init(path: "train.model.mlp.width", value: .integer(32)),
                .init(path: "train.optimizer", value: .text("adam")),
                .init(path: "train.optimizer.adam.learning_rate", value: .real(rate)),
            ]),
            objective: loss,
            epoch: level
        )
    }

    /// A trial with the parameters of `node`.
    private func trial(
        _ rate: Double,
        _ value: Double?,
        _ reports: [Int: Double] = [:],
        _ state: OptunaStudy.State = .complete,
        width: SpecNode = .integer(32)
    ) -> OptunaStudy.Trial {
        OptunaStudy.Trial(
            state: state,
            value: value,
            parameters: [
                .init(name: "learning_rate", value: .real(rate)), .init(name: "width", value: width),
                .init(name: "optimizer", value: .text("adam")),
            ],
            reports: reports
        )
    }

    private func earlier(_ trials: OptunaStudy.Trial...) throws -> EarlierTrials {
        EarlierTrials(OptunaStudy(name: "a", directions: [.minimize], trials: trials), for: try sweep())
    }

    @Test func `a recorded journal is read, and tells what its trials came to`() throws {
        #expect(OptunaStudy.isJournal(try recorded()))
        let studies = try OptunaStudy.studies(journal: recorded())
        #expect(studies.map(\.name) == ["digits", "other"])
        #expect(studies.map(\.directions) == [[.minimize], [.maximize]])
        let digits = try #require(studies.first)
        #expect(
            digits.trials.map(\.state) == [
                .complete, .complete, .pruned, .failed, .failed, .complete, .complete, .running, .waiting,
            ]
        )
        #expect(digits.parameterNames == ["learning_rate", "width", "optimizer"])
        #expect(digits.trials[0].reports == [1: 0.9, 2: 0.8, 3: 0.7] && digits.trials[0].value == 0.5)
        #expect(digits.trials[0].parameters[1] == .init(name: "width", value: .integer(32)))
        let found = EarlierTrials(digits, for: try sweep())
        #expect(
            found.results == [
                node(0.02, 0.25, 9), node(0.01, 0.7, 3), node(0.03, 0.85, 3), node(0.04, .nan, 3), node(0.06, .nan, 9),
            ]
        )
        // Outside: a rate of 0.5. Silent: failed, running and waiting without a report.
        #expect(found.found == 6 && found.outside == 1 && found.silent == 3)
    }

    @Test func `a trial counts at the highest level that it came to`() throws {
        // Between the levels; longer than this sweep trains; before the first level, or between two without a report at one, where what
        // it returned in the end is of another epoch; still running, and failed.
        let found = try earlier(
            trial(0.01, 0.5, [3: 0.4, 4: 0.5]),
            trial(0.02, 0.1, [9: 0.3, 20: 0.1]),
            trial(0.03, 0.2, [5: 0.2]),
            trial(0.04, 0.1, [2: 0.1]),
            trial(0.05, nil, [3: 0.6, 9: 0.35], .running),
            trial(0.06, nil, [4: 1], .failed)
        )
        #expect(found.results == [node(0.02, 0.3, 9), node(0.05, 0.35, 9), node(0.01, 0.4, 3)])
        #expect(found.found == 3 && found.silent == 3)
        // Complete, and past the last level, where it did not report.
        #expect(try earlier(trial(0.01, 0.1, [3: 0.6, 10: 0.2])).results == [node(0.01, 0.6, 3)])
        #expect(try earlier(trial(0.01, 0.1)).results == [node(0.01, 0.1, 9)])
    }

    @Test func `how far trials reported, and where this sweep first looks, are told`() throws {
        let found = try earlier(trial(0.01, 0.5, [1: 0.5, 2: 0.4]), trial(0.02, nil, [1: 0.5], .failed))
        #expect(found.found == 0 && found.lastEpoch == 2 && found.firstLevel == 3)
        // From step 0 one more; nothing where none reported.
        #expect(try earlier(trial(0.01, 0.5, [0: 0.5, 1: 0.4])).lastEpoch == 2)
        #expect(try earlier(trial(0.01, 0.5)).lastEpoch == nil)
    }

    @Test func `why the first one is outside is told`() throws {
        func mistake(_ trials: OptunaStudy.Trial..., both: Bool = false) throws -> String? {
            let study = OptunaStudy(name: "a", directions: [.minimize], trials: trials)
            return EarlierTrials(study, for: try sweep(both: both)).mistake
        }
        #expect(try mistake(trial(0.01, 1)) == nil)
        #expect(
            try mistake(trial(0.01, 1, width: .integer(48)))?
                .hasPrefix("width: not an allowed value, found 48, allowed a value of ") == true
        )
        #expect(try mistake(trial(0.01, 1), trial(0.01, 1, width: .text("a")))?.hasPrefix("width: ") == true)
        var listed = trial(0.01, 1)
        listed.parameters[0] = .init(name: "learning_rate", value: nil)
        #expect(try mistake(listed) == "learning_rate: a value that no sweep file has")
        // A rate of each optimizer: the name alone says of neither.
        #expect(
            try mistake(trial(0.01, 1), both: true)
                == "learning_rate: more than one parameter of this name, found 0.01, "
                + "allowed train.optimizer.adam.learning_rate or train.optimizer.sgd.learning_rate"
        )
    }

    @Test func `steps from 0 are epochs from 1, steps from 1 are epochs`() throws {
        let pruned = [0: 3.0, 1: 2, 2: 1, 3: 9]
        #expect(try earlier(trial(0.01, nil, pruned, .pruned)).results == [node(0.01, 1, 3)])
        let shifted = Dictionary(uniqueKeysWithValues: pruned.map { ($0.key + 1, $0.value) })
        #expect(try earlier(trial(0.01, nil, shifted, .pruned)).results == [node(0.01, 1, 3)])
    }

    @Test func `what has other names, kinds or values is outside, one of the same name is not`() throws {
        var unknown = trial(0.02, 1)
        unknown.parameters[0] = .init(name: "lr", value: .real(0.02))
        var less = trial(0.03, 1)
        less.parameters.removeLast(2)
        var path = trial(0.04, 1)
        path.parameters[0] = .init(name: "train.optimizer.adam.learning_rate", value: .real(0.04))
        let found = try earlier(
            trial(0.01, 1, width: .integer(48)),
            trial(0.01, 1, width: .real(32.5)),
            trial(0.01, 1, width: .text("32")),
            unknown,
            less,
            path
        )
        #expect(found.results == [node(0.04, 1, 9)] && found.outside == 5 && found.found == 6)
        // A whole number with a point is that number.
        #expect(try earlier(trial(0.01, 1, width: .real(32))).results == [node(0.01, 1, 9)])
    }

    @Test func `distributions of every kind give the values that a sweep file has`() throws {
        func value(_ inner: Double, _ name: String, _ attributes: String = "{}") throws -> SpecNode? {
            let json = #"{"name": "\#(name)", "attributes": \#(attributes)}"#
            return try OptunaStudy.Parameter(name: "a", inner: inner, distribution: json).value
        }
        #expect(try value(0.5, "FloatDistribution") == .real(0.5))
        #expect(try value(3, "IntDistribution") == .integer(3))
        #expect(try value(3, "IntLogUniformDistribution") == .integer(3))
        let choices = #"{"choices": [true, null, 3, 0.5, "a", [1]]}"#
        let read = try (0..<6).map { try value(Double($0), "CategoricalDistribution", choices) }
        #expect(read == [.boolean(true), .null, .integer(3), .real(0.5), .text("a"), nil])
        #expect(throws: DocumentError.self) { try value(6, "CategoricalDistribution", choices) }
        #expect(throws: DocumentError.self) { try value(0.5, "CategoricalDistribution", choices) }
        #expect(throws: DocumentError.self) { try value(1, "OtherDistribution") }
        #expect(throws: DocumentError.self) {
            try OptunaStudy.Parameter(name: "a", inner: 1, distribution: "no JSON")
        }
    }

    @Test func `deleted studies, second ones of a name and trials that have ended stay as Optuna has them`() throws {
        let (first, second) = (
            #"{"op_code": 0, "worker_id": "a", "study_name": "first", "directions": [1]}"#,
            #"{"op_code": 0, "worker_id": "a", "study_name": "second", "directions": [2, 1]}"#
        )
        let begun = #"{"op_code": 4, "worker_id": "a", "study_id": 1, "datetime_start": null}"#
        let ended = #"{"op_code": 6, "worker_id": "a", "trial_id": 0, "state": 1, "values": [Infinity]}"#
        let late = #"{"op_code": 7, "worker_id": "a", "trial_id": 0, "step": 1, "intermediate_value": 1}"#
        let gone = #"{"op_code": 1, "worker_id": "a", "study_id": 0}"#
        let found = try studies([first, first, second, begun, ended, late, gone])
        #expect(found.map(\.name) == ["second"])
        #expect(found.first?.trials == [OptunaStudy.Trial(state: .complete, value: .infinity)])
    }

    @Test func `a broken line is told, the one that is still being written is not`() throws {
        let first = #"{"op_code": 0, "worker_id": "a", "study_name": "first", "directions": [1]}"#
        #expect(
            mistake([first, "{"])
                == "its line 2 is no operation of Optuna's journal: not JSON at byte 1: expected a key"
        )
        #expect(mistake([#"{"op_code": 11}"#])?.contains("line 1") == true)
        #expect(mistake([#"{"op_code": 11}"#])?.contains("expected an operation from 0 to 10") == true)
        // Trials to discard, which Optuna itself passes over.
        #expect(mistake([first, #"{"op_code": 10, "worker_id": "a", "study_id": 0, "trial_ids": [0]}"#]) == nil)
        #expect(
            mistake([first, #"{"op_code": 4, "study_id": "0"}"#])?.contains("study_id: expected a whole number") == true
        )
        let open = try OptunaStudy.studies(journal: Array((first + "\n{\"op_").utf8))
        #expect(open.map(\.name) == ["first"])
        #expect(!OptunaStudy.isJournal(Array(#"{"trial": 1}"#.utf8)) && !OptunaStudy.isJournal([]))
    }

    @Test func `a study of another direction, metric or number of objectives is refused`() throws {
        let objective = Objective(metric: .validationLoss, direction: .minimize, epoch: .best)
        func wrong(_ directions: [OptunaStudy.Direction], _ names: [String] = []) -> String? {
            OptunaStudy(name: "a", directions: directions, metricNames: names).refusal(for: objective)?.wrong
        }
        #expect(wrong([.minimize]) == nil && wrong([.minimize], ["validation.loss"]) == nil)
        #expect(wrong([.minimize], ["my own loss"]) == nil)
        #expect(wrong([.maximize]) == "its study a maximizes, this sweep minimizes validation.loss")
        #expect(wrong([.unset]) == "its study a has no direction, this sweep minimizes validation.loss")
        #expect(wrong([.minimize, .minimize]) == "its study a has 2 objectives")
        #expect(wrong([.minimize], ["training.loss"]) == "its study a measured training.loss, not validation.loss")
    }

    @Test func `Python's words for numbers are read only where they are asked for`() throws {
        let text = Array("[NaN, Infinity, -Infinity, -1]".utf8)
        let read = try DocumentReader(JSONValue(parsing: text, allowsNonFinite: true)).items().map { try $0.number() }
        #expect(read[0].isNaN && read[1] == .infinity && read[2] == -.infinity && read[3] == -1)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("[-Infinity]".utf8)) }
    }
}
