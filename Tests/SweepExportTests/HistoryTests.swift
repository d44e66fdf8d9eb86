import Foundation
import ProcessTestKit
import SweepCore
import SweepExport
import SweepReports
import Testing

/// A sweep's history in the formats of other tools, and as those tools read it.
@Suite struct HistoryTests {
    private static let metrics: [Metric] = [.trainingLoss, .validationLoss, .validationAccuracy]
    private static let rate = "train.optimizer.adam.learning_rate"
    private static let sampling = "train.sampling"
    private static let width = "train.model.mlp.width"

    /// Five trials: completed, pruned for a loss that is not a number, failed after an epoch, running, waiting.
    private static let history: SweepHistory = {
        func trial(_ number: Int, _ state: TrialState, _ values: [ParameterValue], _ losses: [Double])
            -> CurvesDocument.Trial
        {
            var curve = LearningCurve(metrics: metrics)
            for (index, loss) in losses.enumerated() {
                curve.append(Observation(epoch: index + 1, values: [loss + 0.5, loss, 1 - loss / 4], seconds: 2))
            }
            return CurvesDocument.Trial(
                trial: number,
                configuration: Configuration(
                    zip([rate, sampling, width], values).map { Configuration.Entry(path: $0, value: $1) }
                ),
                seed: UInt64.max - UInt64(number),
                state: state,
                curve: curve
            )
        }
        let curves = CurvesDocument(
            sweep: "some sweep",
            objective: Objective(),
            trials: [
                trial(1, .completed, [.real(0.001), .text("none"), .integer(32)], [1, 0.5, 0.25]),
                trial(2, .pruned(.cannotRecover), [.real(0.9), .integer(3), .integer(8)], [2, .nan]),
                trial(3, .failed("killed by signal 9"), [.real(0.01), .text("none"), .integer(64)], [3]),
                trial(12, .running, [.real(0.02), .integer(3), .integer(16)], [1.5]),
                trial(13, .waiting, [.real(0.03), .integer(3), .integer(16)], []),
            ]
        )
        func domain(_ domain: ParameterDomain) -> SpecNode { .domain(domain) }
        let options = [ChoiceOption(.text("none")), ChoiceOption(.integer(3))]
        let space = SearchSpace(
            template: .map([
                SpecEntry(
                    "train",
                    .map([
                        SpecEntry(
                            "optimizer",
                            .map([
                                SpecEntry(
                                    "adam",
                                    .map([
                                        SpecEntry("learning_rate", domain(.logUniform(low: 1e-4, high: 1, points: nil)))
                                    ])
                                )
                            ])
                        ),
                        SpecEntry("sampling", domain(.choice(options))),
                        SpecEntry(
                            "model",
                            .map([
                                SpecEntry(
                                    "mlp",
                                    .map([SpecEntry("width", domain(.integer(low: 8, high: 65, step: 8)))])
                                )
                            ])
                        ),
                    ])
                )
            ])
        )
        return SweepHistory(curves: curves, space: space, findings: [2: "not finite"], began: 1_700_000_000)
    }()

    // MARK: Text

    @Test func `the table has a line for each epoch, with the parameters in columns of their own`() {
        let lines = Self.history.csv.split(separator: "\n")
        #expect(
            lines.first.map(String.init)
                == "trial,configuration_id,seed,state,final,finding,\(Self.rate),\(Self.sampling),\(Self.width),epoch,core_seconds,"
                + "training.loss,validation.loss,validation.accuracy"
        )
        #expect(lines.count == 1 + 3 + 2 + 1 + 1 + 1)
        #expect(lines[3].hasSuffix(",completed,,,0.001,none,32,3,2.0,0.75,0.25,0.9375"), "\(lines[3])")
        #expect(lines[5].contains(",pruned,,not finite,0.9,3,8,2,2.0,nan,nan,nan"), "\(lines[5])")
        #expect(lines[6].hasSuffix(",failed,,,0.01,none,64,1,2.0,3.5,3.0,0.25"), "\(lines[6])")
    }

    @Test func `each line of JSON is a trial, and reads as one`() throws {
        let lines = Self.history.jsonLines.split(separator: "\n")
        #expect(lines.count == 5)
        let second = try JSONValue(parsing: Array(lines[1].utf8))
        #expect(second["sweep"] == .text("some sweep"))
        #expect(second["finding"] == .text("not finite"))
        #expect(second["configuration"]?[Self.width] == .integer(8))
        #expect(second["reason"] == .text("cannot_recover"))
    }

    // MARK: Records of TensorFlow

    @Test func `checksums are those of the standard, and masked as TensorFlow does`() {
        // RFC 3720, appendix B.4, and the customary check value.
        #expect(TFRecord.crc32c(Array("123456789".utf8)) == 0xe306_9283)
        #expect(TFRecord.crc32c(Array(repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(TFRecord.crc32c(Array(repeating: 0xff, count: 32)) == 0x62a8_ab43)
        // TensorFlow's crc32c_test.cc: masking is not the identity.
        #expect(TFRecord.maskedChecksum(Array("123456789".utf8)) == 0xc78a_b0e5)
        let file = TFRecord.file([[7], []])
        #expect(file.count == 8 + 4 + 1 + 4 + 8 + 4 + 0 + 4)
        #expect(file.prefix(8) == [1, 0, 0, 0, 0, 0, 0, 0])
    }

    // MARK: What the tools read

    private static let requirement: Comment =
        "SKIPPED: reading exports with TensorBoard and Optuna needs SWEEPD_PYTHON with Tests/requirements.txt installed"

    private static func ask<Answer: Decodable>(_ arguments: [String], as type: Answer.Type = Answer.self) throws
        -> Answer
    {
        let python = try #require(Program.python)
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = python
        process.arguments = [Program.root.appending(path: "Tests/Peers/history_peer.py").path] + arguments
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(complaint.suffix(2000))")
        return try JSONDecoder().decode(type, from: data)
    }

    private static func inFolder<Answer>(_ body: (URL) throws -> Answer) throws -> Answer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// A number, or a word for one that is not finite.
    private enum Scalar: Decodable, Equatable {
        case number(Double), word(String), flag(Bool)
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .word(try container.decode(String.self))
            }
        }
    }

    private struct Board: Decodable {
        struct Session: Decodable {
            let hparams: [String: Scalar]
            let status: String
        }
        struct Parameter: Decodable {
            let type: String
            let domain: String
            let description: String
        }
        let runs: [String: [String: [[Scalar]]]]
        let sessions: [String: Session]
        let hparams: [String: Parameter]
        let metrics: [String]
    }

    @Test(.enabled(if: Program.python != nil, requirement))
    func `TensorBoard reads curves by trial, and the table of hyperparameters`() throws {
        let board: Board = try Self.inFolder { folder in
            for file in Self.history.tensorBoard {
                let target = folder.appending(path: file.path)
                try FileManager.default.createDirectory(
                    at: target.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(file.bytes).write(to: target)
            }
            return try Self.ask(["tensorboard", folder.path])
        }
        #expect(
            board.runs["trial-01"]?["validation.loss"]
                == [[1, 1], [2, 0.5], [3, 0.25]].map { $0.map(Scalar.number) }
        )
        #expect(board.runs["trial-02"]?["validation.loss"]?.last == [.number(2), .word("nan")])
        #expect(Set(board.sessions.keys) == ["trial-01", "trial-02", "trial-03", "trial-12", "trial-13"])
        #expect(board.sessions["trial-01"]?.hparams["learning_rate"] == .number(0.001))
        #expect(board.sessions["trial-01"]?.status == "STATUS_SUCCESS")
        #expect(board.sessions["trial-03"]?.status == "STATUS_FAILURE")
        #expect(board.sessions["trial-12"]?.status == "STATUS_RUNNING")
        // A choice between a word and a number is one of words.
        #expect(board.sessions["trial-02"]?.hparams["sampling"] == .word("3"))
        #expect(board.hparams["sampling"]?.type == "DATA_TYPE_STRING")
        #expect(board.hparams["learning_rate"]?.domain == "domain_interval")
        #expect(board.hparams["learning_rate"]?.description == Self.rate)
        #expect(board.metrics == ["validation.loss", "validation.accuracy"])
    }

    @Test func `an archive of the event files unpacks into a folder of the sweep's name`() throws {
        let archive = try #require(Self.history.tensorBoardArchive)
        try Self.inFolder { folder in
            let file = folder.appending(path: "board.tar")
            try Data(archive).write(to: file)
            let tar = Process()
            tar.executableURL = URL(filePath: "/usr/bin/env")
            tar.arguments = ["tar", "-xf", file.path, "-C", folder.path]
            try tar.run()
            tar.waitUntilExit()
            try #require(tar.terminationStatus == 0)
            for (path, bytes) in Self.history.tensorBoard {
                #expect(try Array(Data(contentsOf: folder.appending(path: "some sweep/\(path)"))) == bytes)
            }
        }
    }

    private struct Study: Decodable {
        struct Trial: Decodable {
            let state: String
            let value: Double?
            let params: [String: Scalar]
            let intermediate: [String: Double]
            let attributes: [String: String]
            let distributions: [String: String]
            let started: Bool
            let ended: Bool
        }
        let name: String
        let direction: String
        let metricNames: [String]
        let best: Int
        let trials: [Trial]
        let asked: [String: Scalar]

        enum CodingKeys: String, CodingKey {
            case name, direction, best, trials, asked
            case metricNames = "metric_names"
        }
    }

    @Test(.enabled(if: Program.python != nil, requirement))
    func `Optuna reads a study, and goes on with it`() throws {
        let study: Study = try Self.inFolder { folder in
            let file = folder.appending(path: "study.journal")
            try Data(Self.history.optunaJournal.utf8).write(to: file)
            return try Self.ask(["optuna", file.path])
        }
        #expect(study.name == "some sweep" && study.direction == "MINIMIZE" && study.metricNames == ["validation.loss"])
        #expect(study.best == 0)
        #expect(study.trials.map(\.state) == ["COMPLETE", "PRUNED", "FAIL", "RUNNING"], "one that waits is left out")
        let first = study.trials[0]
        #expect(first.value == 0.25 && first.intermediate == ["1": 1, "2": 0.5, "3": 0.25])
        #expect(first.params == ["learning_rate": .number(0.001), "sampling": .word("none"), "width": .number(32)])
        #expect(first.attributes["sweepd.trial"] == "1" && first.started && first.ended)
        #expect(study.trials[1].intermediate == ["1": 2])
        #expect(study.trials[1].attributes["sweepd.finding"] == "not finite")
        #expect(study.trials[1].value == 2)
        // Optuna refuses a failed trial that has a value.
        #expect(study.trials[2].value == nil && study.trials[2].intermediate == ["1": 3])
        #expect(!study.trials[3].ended)
        #expect(
            first.distributions["width"]?.contains("high=64, log=False, low=8, step=8") == true,
            "\(first.distributions)"
        )
        #expect(Set(study.asked.keys) == ["learning_rate", "sampling", "width"])
    }

    private struct Served: Decodable {
        let name: String
        let directions: [String]
        let metricNames: [String]
        let states: [String]
        let best: [Int]
        let intermediate: [[Double]]
        let parameters: [String]
        let attributes: [String]

        enum CodingKeys: String, CodingKey {
            case name, directions, states, best, intermediate, parameters, attributes
            case metricNames = "metric_names"
        }
    }

    /// Whether the Python of the tests has optuna-dashboard.
    private static let canServe: Bool = {
        guard let python = Program.python else { return false }
        let process = Process()
        process.executableURL = python
        process.arguments = [
            "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('optuna_dashboard') is None)",
        ]
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        .enabled(
            if: canServe,
            "SKIPPED: needs SWEEPD_PYTHON with Tests/requirements.txt installed: optuna-dashboard"
        )
    )
    func `optuna-dashboard serves a study with its trials, curves and ranges`() throws {
        let served: Served = try Self.inFolder { folder in
            let file = folder.appending(path: "study.journal")
            try Data(Self.history.optunaJournal.utf8).write(to: file)
            return try Self.ask(["dashboard", file.path])
        }
        #expect(served.name == "some sweep" && served.directions == ["minimize"])
        #expect(served.metricNames == ["validation.loss"] && served.best == [0])
        #expect(served.states == ["Complete", "Pruned", "Fail", "Running"])
        #expect(served.intermediate == [[1, 1], [2, 0.5], [3, 0.25]])
        #expect(served.parameters == ["learning_rate", "sampling", "width"])
        #expect(served.attributes.contains("sweepd.trial"))
    }

    private struct Fronts: Decodable {
        let directions: [String]
        let metricNames: [String]
        let states: [String]
        let values: [[Double]?]
        let front: [Int]
        let asked: [String: [String]]

        enum CodingKeys: String, CodingKey {
            case directions, states, values, front, asked
            case metricNames = "metric_names"
        }
    }

    @Test(.enabled(if: Program.python != nil, requirement))
    func `Optuna reads a study of several objectives with all values, and goes on with it`() throws {
        let history = SweepHistory(
            curves: Self.history.curves,
            space: Self.history.space,
            further: [Objective(metric: .validationAccuracy, direction: .maximize)],
            began: Self.history.began
        )
        let study: Fronts = try Self.inFolder { folder in
            let file = folder.appending(path: "study.journal")
            try Data(history.optunaJournal.utf8).write(to: file)
            return try Self.ask(["fronts", file.path])
        }
        #expect(study.directions == ["MINIMIZE", "MAXIMIZE"])
        #expect(study.metricNames == ["validation.loss", "validation.accuracy"])
        #expect(study.states == ["COMPLETE", "FAIL", "FAIL", "RUNNING"], "a pruned trial has not all values")
        #expect(study.values == [[0.25, 0.9375], nil, nil, nil])
        #expect(study.front == [0])
        #expect(Set(study.asked.keys) == ["NSGAIISampler", "TPESampler"])
        #expect(study.asked.values.allSatisfy { $0 == ["learning_rate", "sampling", "width"] })
    }
}
