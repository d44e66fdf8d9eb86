import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// `sweepd completions`: what shells need, and where it is put.
    @Suite struct CompletionsTests {
        @Test func `bash completes with what is printed and with what is installed`() async throws {
            try await Bench.run { bench in
                let home = bench.path("home")
                let installed = try await bench.run(
                    ["sweepd", "completions", "bash", "--install"],
                    environment: ["HOME": home, "XDG_DATA_HOME": ""]
                )
                try #require(installed.status == 0, "\(installed.errors)")
                let file = installed.output.trimmingCharacters(in: .whitespacesAndNewlines)
                try #require(file == home + "/.local/share/bash-completion/completions/sweepd")
                let printed = try await bench.run(["sweepd", "completions", "bash"], exits: 0).output
                try #require(try String(contentsOfFile: file, encoding: .utf8) == printed)
                let ask = """
                    . "\(file)"; COMP_WORDS=(sweepd sta); COMP_CWORD=1; COMP_LINE="sweepd sta"; COMP_POINT=10
                    f=$(complete -p sweepd | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "$f" sweepd sta sweepd; echo "${COMPREPLY[*]}"
                    """
                let offered = try await bench.run(["bash", "-c", ask], exits: 0)
                try #require(offered.output.contains("status"), "\(offered.output)\(offered.errors)")
            }
        }

        @Test func `each shell has its place, and none without a home`() async throws {
            try await Bench.run { bench in
                let places = [
                    "zsh": ("XDG_DATA_HOME", "/zsh/site-functions/_sweepd"),
                    "fish": ("XDG_CONFIG_HOME", "/fish/completions/sweepd.fish"),
                ]
                for (shell, (variable, place)) in places {
                    let child = try await bench.run(
                        ["sweepd", "completions", shell, "--install"],
                        environment: [variable: bench.path(shell)]
                    )
                    try #require(
                        child.status == 0 && child.output == bench.path(shell) + place + "\n",
                        "\(child.errors)"
                    )
                }
                let nowhere = try await bench.run(
                    ["sweepd", "completions", "bash", "--install"],
                    environment: ["HOME": "", "XDG_DATA_HOME": ""]
                )
                try #require(nowhere.status == 2 && nowhere.errors.contains("HOME"), "\(nowhere.errors)")
                try await bench.run(["sweepd", "completions", "tcsh"], exits: 2)
            }
        }
    }
}
