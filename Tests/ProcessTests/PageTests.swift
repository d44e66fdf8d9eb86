import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// The page in a browser, and the API against its own document.
    @Suite struct PageTests {
        /// Whether the Python of the tests has these modules.
        private static func has(_ modules: String) -> Bool {
            guard let python = Program.python else { return false }
            let process = Process()
            process.executableURL = python
            let test = "any(importlib.util.find_spec(name) is None for name in sys.argv[1].split())"
            process.arguments = ["-c", "import importlib.util, sys; sys.exit(\(test))", modules]
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }

        static let canValidate = has("openapi_spec_validator jsonschema")
        static let canFuzz = has("schemathesis")
        static let canBrowse =
            Program.has("chromium") && Program.has("chromedriver") && has("selenium axe_playwright_python")

        private func script(_ name: String) -> String { Program.root.appending(path: "Tests/Browser/\(name)").path }

        @Test(
            .enabled(
                if: canValidate,
                "SKIPPED: needs SWEEPD_PYTHON with Tests/requirements.txt installed: openapi-spec-validator"
            )
        )
        func `the API's document is valid, and a live coordinator answers as it says`() async throws {
            let python = try #require(Program.python)
            try await Bench.run { bench in
                // Each of the others has what the first has not: objectives, folds, copies, experiments, programs that ask.
                let more = ["fronts", "folds", "population", "learning-rate", "branin"]
                let sick = try bench.sweep(
                    "why/learning-rate",
                    [
                        "../data/": "data/",
                        "search: {method: grid}": "search: {method: grid, repeats: 7}\ndiagnose: {confirm: 1}",
                    ]
                )
                let coordinator = try await bench.coordinator(
                    [
                        try bench.sweep("quick"), try bench.sweep("fronts"), try bench.sweep("folds"),
                        try bench.sweep("population"), sick, try bench.sweep("ask/branin"),
                    ]
                )
                _ = try bench.worker("red", of: coordinator, slots: 2, ["--label", "colour=red"])
                for name in more.dropLast() {
                    try await bench.run(["sweepd", "wait", name] + coordinator.access, exits: 0, within: 240)
                }
                try await coordinator.wait("quick", "ten trials are trained, so that their parameters can be judged") {
                    $0.epochs > 6 && $0.trials.ended >= 10
                }
                let url = try #require(coordinator.endpoint.http)
                let check = try await bench.run(
                    [python.path, script("check_api.py"), "--url", url, "--sweep", "quick", "--more"] + more,
                    within: 240
                )
                try #require(
                    check.output.contains("answers are as the document says"),
                    "\(check.output)\(check.errors)"
                )
            }
        }

        /// Whatever is asked by the document, and against it: Schemathesis makes up the requests, some 900 of them.
        @Test(.enabled(if: canFuzz, "SKIPPED: needs SWEEPD_PYTHON with Tests/requirements.txt installed: schemathesis"))
        func `a public fuzzer of the API finds no failure`() async throws {
            let python = try #require(Program.python)
            let fuzzer = python.deletingLastPathComponent().appending(path: "schemathesis").path
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try bench.sweep("quick")])
                _ = try bench.worker("red", of: coordinator, slots: 2)
                try await coordinator.wait("quick", "there are trials to ask for") { $0.trials.ended >= 5 }
                let url = try #require(coordinator.endpoint.http)
                let words = [
                    fuzzer, "--config-file", script("schemathesis.toml"), "run", url + "/api/v1/openapi.json",
                    // Streams of events have no end.
                    "--exclude-path-regex", "events$", "--header", "Sweepd-Request: 1", "--phases", "coverage,fuzzing",
                    "--max-examples", "15", "--seed", "7", "--no-color", "--generation-database", "none",
                ]
                let found = try await bench.run(words, within: 300)
                try #require(found.status == 0, "\(found.output)\(found.errors)")
                let asked = found.output.split(separator: "\n").first { $0.contains("Tested: ") }
                let count = asked.flatMap { Int($0.split(separator: " ").last ?? "") }
                try #require(count.map { $0 >= 26 } == true, "\(found.output)")
            }
        }

        @Test(
            .enabled(
                if: canBrowse,
                "SKIPPED: needs chromium and chromedriver, and SWEEPD_PYTHON with selenium and axe-core: make setup-test"
            )
        )
        func `every view of a live sweep is whole, says no error, and is fit for keyboards and screen readers`()
            async throws
        {
            let python = try #require(Program.python)
            try await Bench.run { bench in
                // For what they alone show: two that are over, and one that nobody asks for trials.
                // And one on which the coordinator makes an experiment by itself.
                let sick = try bench.sweep(
                    "why/learning-rate",
                    [
                        "../data/": "data/",
                        "search: {method: grid}": "search: {method: grid, repeats: 7}\ndiagnose: {confirm: 1}",
                    ]
                )
                let coordinator = try await bench.coordinator(
                    [
                        try bench.sweep("population"), try bench.sweep("fronts"), try bench.sweep("ask/branin"), sick,
                    ]
                )
                let red = try bench.worker("red", of: coordinator, ["--label", "fate=lost"])
                _ = try bench.worker("blue", of: coordinator)
                for name in ["population", "fronts", "learning-rate"] {
                    try await bench.run(["sweepd", "wait", name] + coordinator.access, exits: 0, within: 240)
                }
                // A trial that only red trains, of minutes: it is in the middle of it when it is killed.
                let doomed = try bench.sweep(
                    "digits-long",
                    [
                        "name: digits-long": "name: doomed\nrequires: {fate: lost}", "trials: 200": "trials: 1",
                        "epochs: 27": "epochs: 5000", "prune: {method: asha}": "prune: none",
                    ]
                )
                _ = try await coordinator.text(["submit", doomed])
                // Long enough to be running when the worker is lost, on any machine; it is cancelled in the end.
                let file = try bench.sweep(
                    "digits",
                    ["width: {choice: [32, 64, 128]}": "width: {choice: [256, 512]}", "trials: 81": "trials: 4000"]
                )
                _ = try await coordinator.text(["submit", file])
                try await coordinator.wait("digits", "several trials are trained", within: 120) { $0.epochs > 30 }
                let url = try #require(coordinator.endpoint.http)
                // The script kills it; this says that it may end.
                red.signal(SIGCONT)
                let check = try await bench.run(
                    [
                        python.path, script("check_page.py"), "--url", url, "--sweep", "digits", "--kill", "\(red.pid)",
                        "--doomed", "doomed", "--population", "population", "--fronts", "fronts", "--programs",
                        "branin", "--experiments", "learning-rate",
                    ],
                    within: 1200
                )
                try #require(check.output.contains("views are as they must be"), "\(check.output)\(check.errors)")
                _ = try await coordinator.text(["cancel", "digits"])
            }
        }
    }
}
