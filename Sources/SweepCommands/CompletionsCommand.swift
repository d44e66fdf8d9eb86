import ArgumentParser
import Foundation
import SweepNodeCommands

/// `sweepd completions SHELL`.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "What bash, zsh or fish need to complete commands and options; --install puts it in place.",
        discussion: """
            Without --install the script goes to standard output: \
            `source <(sweepd completions bash)` tries it in the shell at hand.
            """
    )

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.") var shell: Shell
    @Flag(help: "Write it where the shell looks for your own, and say where that is.") var install = false

    func run() throws {
        let script = SweepdCommand.completionScript(for: parserShell)
        guard install else { return Terminal.raw(script + "\n", to: .output) }
        let file = try place()
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
        } catch { throw Terminal.failure(toWrite: "\(file.path): the file", error) }
        try Terminal.write(Array((script + "\n").utf8), to: file.path)
        Terminal.output(file.path)
        Terminal.error(advice(file))
    }

    private var parserShell: CompletionShell {
        switch shell {
        case .bash: .bash
        case .zsh: .zsh
        case .fish: .fish
        }
    }

    /// Where the shell looks for a user's own completions: bash-completion and fish by the XDG base directories; zsh has no such
    /// place, and is told of one.
    private func place() throws -> URL {
        func base(_ variable: String, _ folder: String) throws -> URL {
            // Relative paths are to be ignored, by the specification of these variables.
            if let set = Terminal.environment(variable), set.hasPrefix("/") { return URL(fileURLWithPath: set) }
            guard let home = Terminal.environment("HOME"), home.hasPrefix("/") else {
                throw CommandFailure(.badInput, "--install: the variable HOME does not say where your files are")
            }
            return URL(fileURLWithPath: home).appending(path: folder)
        }
        return switch shell {
        case .bash: try base("XDG_DATA_HOME", ".local/share").appending(path: "bash-completion/completions/sweepd")
        case .zsh: try base("XDG_DATA_HOME", ".local/share").appending(path: "zsh/site-functions/_sweepd")
        case .fish: try base("XDG_CONFIG_HOME", ".config").appending(path: "fish/completions/sweepd.fish")
        }
    }

    /// What is left to do.
    private func advice(_ file: URL) -> String {
        switch shell {
        case .bash: "new shells complete sweepd, where the package bash-completion is installed"
        case .zsh:
            "put this into ~/.zshrc, before compinit: fpath=('\(file.deletingLastPathComponent().path)' $fpath)"
        case .fish: "new shells complete sweepd"
        }
    }
}
