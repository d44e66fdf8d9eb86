import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// What is seen on a terminal while a sweep goes on.
    @Suite(
        .enabled(
            if: Program.python != nil,
            "SKIPPED: a terminal of the tests' own needs SWEEPD_PYTHON with Tests/requirements.txt installed"
        )
    )
    struct ScreenTests {
        private struct Seen: Decodable {
            let screen: [String]
            let frames: Int
            let repeated: Int
            let colour: Bool
            let ascii: Bool
            let escapes: Bool
            let code: Int
            let sane: Bool
        }

        private func see(
            _ bench: Bench,
            _ terminal: [String],
            _ command: [String],
            _ environment: [String: String] = [:]
        ) async throws -> Seen {
            let python = try #require(Program.python)
            let script = Program.root.appending(path: "Tests/Peers/screen.py").path
            let usual = ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": ""]
            let child = try await bench.run(
                [python.path, script] + terminal + command,
                environment: usual.merging(environment) { $1 },
                within: 180
            )
            try #require(child.status == 0, "\(child.errors)")
            return try JSONDecoder().decode(Seen.self, from: Data(child.output.utf8))
        }

        @Test func `a run draws one steady screen, and its table stands below`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("digits", ["trials: 81": "trials: 12"])
                let run = ["sweepd", "run", file, "--directory", bench.path("a.sweepd"), "--slots", "2"]
                let seen = try await see(bench, ["80", "40"], run)
                let text = seen.screen.joined(separator: "\n")
                try #require(seen.code == 0 && seen.colour && seen.sane, "\(text)")
                // Drawn over, not one below the other.
                try #require(seen.repeated == 1 && seen.frames > 2, "\(seen.frames) frames\n\(text)")
                for words in ["digits  finished", "12 of 12 trials ended", "best     validation.loss", "epochs   "] {
                    try #require(text.contains(words), "\(words)\n\(text)")
                }
                let (bar, table) = (text.firstRange(of: "trials ended"), text.firstRange(of: "  state  "))
                try #require(try #require(bar).lowerBound < #require(table).lowerBound, "\(text)")

                // A finished one is shown once; colour and letters as the terminal has them.
                let watch = ["sweepd", "status", "digits", "--watch", "--directory", bench.path("a.sweepd")]
                let plain = try await see(bench, ["80", "24"], watch, ["NO_COLOR": "1", "LC_ALL": "C"])
                try #require(plain.ascii && !plain.colour && plain.code == 0, "\(plain.screen)")
                try #require(plain.screen.contains { $0.hasPrefix("####") }, "\(plain.screen)")
                let dumb = try await see(bench, ["80", "24"], watch, ["TERM": "dumb"])
                try #require(
                    !dumb.escapes && dumb.screen.contains { $0.contains("12/12 trials ended") },
                    "\(dumb.screen)"
                )
                let json = try await bench.run(watch + ["--format", "json"], exits: 2)
                try #require(json.errors.contains("--watch"), "\(json.errors)")
            }
        }

        @Test func `a terminal that becomes narrower keeps one screen, no line of it broken`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("digits", ["trials: 81": "trials: 40"])
                let run = ["sweepd", "run", file, "--directory", bench.path("a.sweepd"), "--top", "1"]
                let seen = try await see(bench, ["--resize", "44", "100", "30"], run)
                let text = seen.screen.joined(separator: "\n")
                try #require(seen.code == 0, "\(text)")
                try #require(seen.screen.count { $0.contains("of 40 trials ended") } == 1, "\(text)")
                try #require(seen.screen.count { $0.hasPrefix("best     ") } == 1, "\(text)")
            }
        }

        @Test func `Ctrl-C leaves the terminal as it was, and what to do`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("digits-long")
                let run = ["sweepd", "run", file, "--directory", bench.path("a.sweepd")]
                let seen = try await see(bench, ["--interrupt", "80", "30"], run)
                let text = seen.screen.joined(separator: "\n")
                try #require(
                    seen.code == 130 && seen.sane && text.contains("interrupted; everything so far is kept"),
                    "\(text)"
                )
            }
        }

        @Test func `elsewhere than on a terminal there are plain lines`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("digits", ["trials: 81": "trials: 4"])
                let run = try await bench.run(
                    ["sweepd", "run", file, "--directory", bench.path("a.sweepd")],
                    exits: 0,
                    within: 120
                )
                try #require(run.errors.contains("digits  0/4 trials ended"), "\(run.errors)")
                try #require(!run.errors.contains("\u{1B}") && !run.output.contains("\u{1B}"))
            }
        }
    }
}
