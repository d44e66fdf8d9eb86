import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// A search that goes on from a study of Optuna.
    @Suite struct OptunaTests {
        private static let fixtures = Program.root.appending(path: "Tests/SweepStoreTests/Fixtures")

        private static func text(_ start: String) -> String {
            """
            name: small
            data: {source: {generate: {blobs: {rows: 120}}}}
            train:
              model: {mlp: {width: {choice: [32, 64]}, layers: 1}}
              optimizer: {choice: [{adam: {learning_rate: {log: [1e-3, 1e-1]}}}, {sgd: {learning_rate: 0.5}}]}
              epochs: 9
            objective: {minimize: validation.loss}
            search: {method: tpe, trials: 3, seed: 2, warm_start: \(start)}
            prune: {method: asha, first_rung: 3}

            """
        }

        /// What is told of the studies that `make-optuna-studies.py` makes.
        private static func told(_ name: String) -> String {
            "warm     5 results of \(name), 1 more are not of this sweep's space, 3 more measured nothing at a rung\n"
        }

        @Test func `both storages give the same sweep, of the study that is named`() async throws {
            try await Bench.run { bench in
                for name in ["optuna.journal", "optuna.db"] {
                    let from = Self.fixtures.appending(path: name)
                    try FileManager.default.copyItem(atPath: from.path, toPath: bench.path(name))
                }
                var tables: [String] = []
                for start in ["optuna.journal#digits", "sqlite:///optuna.db#digits"] {
                    let file = try bench.write("small.yaml", Self.text(start))
                    let told = try await bench.run(["sweepd", "validate", file], exits: 0)
                    try #require(told.output.contains(Self.told(start)), "\(told.output)")
                    let place = ["--directory", bench.path("s\(tables.count).sweepd")]
                    try await bench.run(["sweepd", "run", file] + place, exits: 0, within: 300)
                    tables.append(
                        try await bench.run(["sweepd", "rank", "small", "--stable"] + place, exits: 0).output
                    )
                }
                try #require(tables[0] == tables[1] && !tables[0].isEmpty)

                for (start, words) in [
                    ("optuna.db", "it has 2 studies: digits, other"),
                    ("optuna.journal#third", "it has no study third; its studies are digits, other"),
                    ("optuna.db#other", "its study other maximizes, this sweep minimizes validation.loss"),
                    ("small.yaml#digits", "it is no file of Optuna"),
                    ("absent.db#digits", "the file cannot be opened: No such file or directory"),
                ] {
                    let wrong = try bench.write("wrong.yaml", Self.text(start))
                    let refused = try await bench.run(["sweepd", "validate", wrong], exits: 2)
                    try #require(
                        refused.errors.contains(words) && refused.errors.contains("wrong.yaml:8:"),
                        "\(start): \(refused.errors)"
                    )
                }
                let renamed = Self.text("optuna.db#digits").replacing("width: {choice: [32, 64]}", with: "width: 32")
                let wrong = try bench.write("wrong.yaml", renamed)
                let refused = try await bench.run(["sweepd", "validate", wrong], exits: 2)
                try #require(
                    refused.errors.contains("none of its 6 configurations has this sweep's parameters")
                        && refused.errors.contains("the study has learning_rate, width, optimizer"),
                    "\(refused.errors)"
                )
            }
        }

        /// A journal with one study, of one complete trial that reported until an epoch.
        private static func journal(_ study: String, until epochs: Int) -> String {
            var lines = [
                #"{"op_code":0,"worker_id":"w","study_name":"\#(study)","directions":[1]}"#,
                #"{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-11-29T09:24:13.933724+00:00"}"#,
            ]
            for (name, value, distribution) in [
                ("learning_rate", "0.01", #"{\"name\":\"FloatDistribution\",\"attributes\":{}}"#),
                ("width", "32", #"{\"name\":\"IntDistribution\",\"attributes\":{}}"#),
                ("optimizer", "0", #"{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[\"adam\"]}}"#),
            ] {
                lines.append(
                    #"{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"\#(name)","#
                        + #""param_value_internal":\#(value),"distribution":"\#(distribution)"}"#
                )
            }
            for epoch in 1..<(epochs + 1) {
                lines.append(
                    #"{"op_code":7,"worker_id":"w","trial_id":0,"step":\#(epoch),"intermediate_value":0.5}"#
                )
            }
            lines.append(#"{"op_code":6,"worker_id":"w","trial_id":0,"state":1,"values":[0.25]}"#)
            lines.append(#"{"op_code":10,"worker_id":"w","study_id":0}"#)
            return lines.joined(separator: "\n") + "\n"
        }

        @Test func `studies of any name and size are read, and refusals say what is wrong`() async throws {
            try await Bench.run { bench in
                // Three gigabytes, more than a file that is read whole may have; they take no room on the disk.
                try FileManager.default.copyItem(
                    atPath: Self.fixtures.appending(path: "optuna.db").path,
                    toPath: bench.path("large.db")
                )
                let large = try FileHandle(forWritingTo: URL(filePath: bench.path("large.db")))
                try large.truncate(atOffset: 3 << 30)
                try large.close()
                try bench.write("named.journal", Self.journal("a#1", until: 3))
                try bench.write("run#1.journal", Self.journal("a", until: 3))
                try bench.write("early.journal", Self.journal("a", until: 2))
                // The first bytes of a database, as gzip packs them.
                let packed = "H4sIAAAAAAACAwsO9MksSVVIyy/KTSxRMGZQSMxLUSjJSM1TyMsvycjMSwcAO/uHGyEAAAA="
                let bytes = try #require(Data(base64Encoded: packed))
                try bytes.write(to: URL(filePath: bench.path("packed.db.gz")))

                for (start, words) in [
                    ("large.db#digits", Self.told("large.db#digits")),
                    ("named.journal#a#1", "warm     1 results of named.journal#a#1\n"),
                    ("run#1.journal", "warm     1 results of run#1.journal\n"),
                ] {
                    let file = try bench.write("small.yaml", Self.text(start))
                    let told = try await bench.run(["sweepd", "validate", file], exits: 0)
                    try #require(told.output.contains(words), "\(start): \(told.output)")
                }

                let both = ("{sgd: {learning_rate: 0.5}}", "{sgd: {learning_rate: {log: [1e-3, 1e-1]}}}")
                for (start, change, words) in [
                    ("packed.db.gz", nil, ["an SQLite database that gzip has packed", "gunzip"]),
                    ("absent.db", nil, ["the file cannot be opened", "a file that this user may read"]),
                    (
                        "early.journal", nil,
                        ["at a rung of this sweep: the last epoch measured is 2, the first rung is epoch 3"]
                    ),
                    (
                        "named.journal#a#1", both,
                        [
                            "learning_rate: more than one parameter of this name",
                            "train.optimizer.adam.learning_rate or train.optimizer.sgd.learning_rate",
                        ]
                    ),
                ] as [(String, (String, String)?, [String])] {
                    let text = Self.text(start)
                    let changed = change.map { text.replacing($0.0, with: $0.1) } ?? text
                    let wrong = try bench.write("wrong.yaml", changed)
                    let refused = try await bench.run(["sweepd", "validate", wrong], exits: 2)
                    for word in words {
                        try #require(refused.errors.contains(word), "\(start): \(refused.errors)")
                    }
                }
            }
        }

        @Test(
            .enabled(
                if: Program.python != nil,
                "SKIPPED: studies of the installed Optuna need SWEEPD_PYTHON with Tests/requirements.txt installed"
            )
        )
        func `studies that Optuna has just written are read`() async throws {
            try await Bench.run { bench in
                let script = Self.fixtures.appending(path: "make-optuna-studies.py").path
                let python = try #require(Program.python).path
                let folder = URL(filePath: try bench.write("small.yaml", "")).deletingLastPathComponent().path
                try await bench.run([python, script, folder], exits: 0, within: 120)
                for start in ["optuna.journal#digits", "sqlite:///optuna.db#digits"] {
                    let file = try bench.write("small.yaml", Self.text(start))
                    let told = try await bench.run(["sweepd", "validate", file], exits: 0)
                    try #require(told.output.contains(Self.told(start)), "\(told.output)")
                }
            }
        }
    }
}
