import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Wrong files: every mistake in one answer, exit code 2, nothing written.
    @Suite struct WrongInputTests {
        static let fixtures = Program.root.appending(path: "Tests/SweepSpecTests/Fixtures/wrong")

        @Test func `a wrong sweep file gets all its mistakes in one answer`() async throws {
            try await Bench.run { bench in
                let files = try FileManager.default.contentsOfDirectory(atPath: Self.fixtures.path)
                    .filter { $0.hasSuffix(".yaml") }.sorted()
                try #require(files.count >= 10)
                for file in files {
                    let path = try bench.write(
                        "sweeps/\(file)",
                        try String(contentsOf: Self.fixtures.appending(path: file), encoding: .utf8)
                    )
                    let expected = try String(
                        contentsOf: Self.fixtures.appending(path: file.dropLast(5) + ".expected"),
                        encoding: .utf8
                    ).split(separator: "\n").map { String($0.dropFirst(file.count)) }
                    for command in ["validate", "run"] {
                        let child = try await bench.run(["sweepd", command, path], exits: 2, within: 20)
                        try #require(child.output.isEmpty)
                        let lines = child.errors.split(separator: "\n")
                        let missing = expected.filter { wanted in !lines.contains { $0.hasSuffix(file + wanted) } }
                        try #require(missing.isEmpty, "\(file): \(missing)\n\(child.errors)")
                    }
                }
                try #require(try written(bench) == ["sweeps"])
                try #require(try contents(bench, "sweeps") == files)
            }
        }

        /// The mistakes of a data file: the file, and what each line of the answer begins with.
        static let dataFiles: [(name: String, text: String, lines: [String])] = [
            (
                "lengths.csv", "a,b,label\n1,2,0\n1,1\n4,five,1\n7,8,0\n1,2,1\n",
                ["lengths.csv:3: the row has a wrong number", "lengths.csv:4:3: the cell is not a number"]
            ),
            (
                "quotes.csv", "a,b,label\n1,2,0\n3,4,1\n5,\"6\"7,0\n8,9,?\n1,2,0\n1,2,1\n",
                ["quotes.csv:4:6: text stands after a closing quote", "quotes.csv:5:5: the target is missing"]
            ),
            (
                "header.csv", ",a,a,kind\n0,1,2,x\n1,1,oops,y\n2,3,4,x\n",
                [
                    "header.csv:1: there is no column of this name", "header.csv:1:1: column 0 has no name",
                    "header.csv:1:4: two columns have the same name", "header.csv:3:5: the cell is not a number",
                ]
            ),
            (
                "text.csv", "age,job,hours,label\n39,clerk,40,0\n?,guard,,1\n38,?,40,0\n53,clerk,NA,1\n",
                ["text.csv:3: 3 feature values are missing"]
            ),
            ("class.csv", "a,label\n1,x\n2,x\n3,x\n4,x\n", ["class.csv: the target 'label' has a single class"]),
        ]

        @Test func `a wrong data file gets all its mistakes in one answer`() async throws {
            try await Bench.run { bench in
                for (name, text, expected) in Self.dataFiles {
                    try bench.write("data/\(name)", text)
                    let sweep = try bench.sweep("quick", ["data/digits.csv.gz": "data/\(name)"])
                    for command in ["validate", "run"] {
                        let child = try await bench.run(["sweepd", command, sweep], exits: 2, within: 20)
                        try #require(child.output.isEmpty)
                        for line in expected { try #require(child.errors.contains(line), "\(child.errors)") }
                    }
                }
                try #require(try written(bench) == ["data", "quick.yaml"])
            }
        }

        @Test(arguments: ["1e300", "inf", "nan", "0"])
        func `a time to wait that no clock has is refused`(seconds: String) async throws {
            try await Bench.run { bench in
                let words = ["sweepd", "wait", "any", "--coordinator", "tcp://127.0.0.1:1", "--within", seconds]
                let child = try await bench.run(words, exits: 2, within: 20)
                try #require(child.errors.contains("--within"), "\(child.errors)")
            }
        }

        @Test func `what no worker can be told is refused before a host is asked`() async throws {
            try await Bench.run { bench in
                let hosts = try bench.write("hosts.txt", "nowhere.invalid\n")
                for (words, told) in [
                    (["--drain-time", "inf"], "--drain-time: found inf, allowed seconds from 0.1 to 3600"),
                    (["--slots=0"], "--slots: found 0, allowed a number from 1 to 4096"),
                ] {
                    let child = try await bench.run(["sweepd", "up", hosts, "--"] + words, exits: 2, within: 20)
                    try #require(child.errors.contains(told), "\(child.errors)")
                }
            }
        }

        @Test func `a data file that is not there is told with the line that names it`() async throws {
            try await Bench.run { bench in
                let sweep = try bench.sweep("quick", ["data/digits.csv.gz": "data/absent.csv"])
                // As in the file of the package: what was replaced stands in the same line.
                let place = "\(sweep):5:11: data/absent.csv: the file cannot be opened: "
                for command in ["validate", "run"] {
                    let child = try await bench.run(["sweepd", command, sweep], exits: 2, within: 20)
                    let errors = child.errors
                    try #require(errors.hasPrefix(place), "\(errors)")
                    try #require(errors.hasSuffix(" (data.source)\n") && child.output.isEmpty, "\(errors)")
                }
            }
        }

        @Test func `of a table alone no value of a sweep file is named`() async throws {
            try await Bench.run { bench in
                let child = try await bench.run(["sweepd", "data", "gone.csv"], exits: 2, within: 20)
                try #require(child.errors.hasPrefix("gone.csv: the file cannot be opened: "), "\(child.errors)")
                try #require(child.errors.hasSuffix("allowed: a file that this user may read\n"), "\(child.errors)")
            }
        }

        @Test func `a directory without a name is refused by every command, and nothing is written`() async throws {
            try await Bench.run { bench in
                let sweep = try bench.sweep("quick")
                let commands = [
                    ["run", sweep], ["coordinator"], ["rank", "quick"], ["keys", "list"], ["store", "check"],
                ]
                for command in commands {
                    for option in [["--directory", ""], ["--directory="]] {
                        let child = try await bench.run(["sweepd"] + command + option, exits: 2, within: 20)
                        let expected = "--directory: found an empty text, allowed a path; is a variable not set?\n"
                        try #require(child.output.isEmpty && child.errors == expected, "\(child.errors)")
                    }
                }
                try #require(try written(bench) == ["data", "quick.yaml"])
            }
        }

        @Test func `a wrong limit of memory in the environment is refused, by workers too`() async throws {
            try await Bench.run { bench in
                let sweep = try bench.sweep("quick")
                let worker = ["sweepd", "worker", "--connect", "tcp://127.0.0.1:1", "--patience", "0"]
                for command in [["sweepd", "validate", sweep], worker] {
                    for text in ["2G", "-1", "1048577"] {
                        let child = try await bench.run(command, environment: ["SWEEPD_RESIDENT": text], within: 20)
                        try #require(child.status == 2 && child.output.isEmpty, "\(child.output)\(child.errors)")
                        let expected = "SWEEPD_RESIDENT: found \(text), allowed a number of MiB from 0 to 1048576\n"
                        try #require(child.errors == expected, "\(child.errors)")
                    }
                }
                let sound = try await bench.run(
                    ["sweepd", "validate", sweep],
                    environment: ["SWEEPD_RESIDENT": "2"],
                    within: 20
                )
                try #require(sound.status == 0 && !sound.output.isEmpty, "\(sound.errors)")
            }
        }

        @Test func `who steers a stopped coordinator is told how to start it, and reads what it has`() async throws {
            try await Bench.run { bench in
                let directory = bench.path("here")
                let run = ["sweepd", "run", try bench.sweep("quick"), "--directory", directory]
                _ = try await bench.run(run, exits: 0)
                for command in [
                    ["pause", "quick"], ["set", "quick", "--priority", "2"], ["delete", "quick", "--yes"],
                ] {
                    let child = try await bench.run(["sweepd"] + command + ["--directory", directory], exits: 3)
                    let expected =
                        "\(directory): its coordinator is not running; "
                        + "`sweepd coordinator --directory \(directory)` starts it\n"
                    try #require(child.output.isEmpty && child.errors == expected, "\(child.errors)")
                }
                _ = try await bench.run(["sweepd", "explain", "quick", "999", "--directory", directory], exits: 2)
                _ = try await bench.run(["sweepd", "rank", "quick", "--directory", directory], exits: 0)
            }
        }

        @Test func `a result for a standard output that is closed is a failure, and goes nowhere else`() async throws {
            try await Bench.run { bench in
                let sweep = try bench.sweep("quick")
                for command in ["schema", "validate \"\(sweep)\""] {
                    let closed = "exec \"\(Program.sweepd.path)\" \(command) >&-"
                    let child = try await bench.run(["sh", "-c", closed], exits: 1, within: 20)
                    let expected = "standard output cannot be written: Bad file descriptor\n"
                    try #require(child.errors.hasSuffix(expected), "\(child.errors)")
                }
                // Without any of the three it does what it does: the mistake is in the exit code.
                let blind = "exec \"\(Program.sweepd.path)\" validate none.yaml <&- >&- 2>&-"
                _ = try await bench.run(["sh", "-c", blind], exits: 2, within: 20)
            }
        }

        @Test func `a sound file is told to be sound`() async throws {
            try await Bench.run { bench in
                let child = try await bench.run(["sweepd", "validate", try bench.sweep("quick")], exits: 0)
                let picked = "extrapolate, rungs 1, 2, 9, as random needs no results and the number of trials is known"
                try #require(child.output.contains("epochs   9, prune auto: \(picked)\n"), "\(child.output)")
                let named = try await bench.run(
                    ["sweepd", "validate", bench.path("quick.yaml"), "--set", "prune=asha"],
                    exits: 0
                )
                try #require(
                    named.output.contains("epochs   9, prune promotion ASHA, rungs 1, 3, 9\n"),
                    "\(named.output)"
                )
                try #require(try written(bench) == ["data", "quick.yaml"])
            }
        }

        /// What stands in the bench's folder beside the processes' streams.
        private func written(_ bench: Bench) throws -> [String] {
            try contents(bench, "").filter { !$0.hasSuffix(".out") && !$0.hasSuffix(".err") }
        }

        private func contents(_ bench: Bench, _ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: bench.path(folder)).sorted()
        }
    }
}
