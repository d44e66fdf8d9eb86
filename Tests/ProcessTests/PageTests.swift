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
                let coordinator = try await bench.coordinator([try bench.sweep("quick")])
                _ = try bench.worker("red", of: coordinator, slots: 2)
                try await coordinator.wait("quick", "ten trials are trained, so that their parameters can be judged") {
                    $0.epochs > 6 && $0.trials.ended >= 10
                }
                let url = try #require(coordinator.endpoint.http)
                let check = try await bench.run(
                    [python.path, script("check_api.py"), "--url", url, "--sweep", "quick"],
                    within: 120
                )
                try #require(
                    check.output.contains("answers are as the document says"),
                    "\(check.output)\(check.errors)"
                )
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
                // Wide and slow enough to be running for as long as the page is looked at.
                let file = try bench.sweep(
                    "digits",
                    ["width: {choice: [32, 64, 128]}": "width: {choice: [256, 512]}", "trials: 81": "trials: 400"]
                )
                let coordinator = try await bench.coordinator([file])
                let red = try bench.worker("red", of: coordinator)
                _ = try bench.worker("blue", of: coordinator)
                try await coordinator.wait("digits", "several trials are trained") { $0.epochs > 30 }
                let url = try #require(coordinator.endpoint.http)
                // The script kills it; this says that it may end.
                red.signal(SIGCONT)
                let check = try await bench.run(
                    [python.path, script("check_page.py"), "--url", url, "--sweep", "digits", "--kill", "\(red.pid)"],
                    within: 900
                )
                try #require(check.output.contains("views are as they must be"), "\(check.output)\(check.errors)")
                _ = try await coordinator.text(["cancel", "digits"])
            }
        }
    }
}
