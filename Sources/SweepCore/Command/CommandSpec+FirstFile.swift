/// The file that a command begins with, as far as its words tell: without it no trial of the sweep can start.
package struct FirstFile: Hashable, Sendable {
    /// Which of the command's words names it.
    package let word: Int
    /// As the word has it: relative to the folder that the program runs in.
    package let path: String
    /// Whether it is the program itself, and not the script that another one reads.
    package let isProgram: Bool

    package init(word: Int, path: String, isProgram: Bool) {
        self.word = word
        self.path = path
        self.isProgram = isProgram
    }

    /// What lies at a path beside the sweep file.
    package enum Presence: Sendable {
        case absent
        /// It is there; nobody may execute it.
        case plain
        /// It is a folder, or may be executed.
        case usable
    }
}

extension CommandSpec {
    /// The file that the command begins with, where that can only be one of those that are sent along: the program itself when
    /// a slash is in its name, or the script that an interpreter is given.
    ///
    /// Nil where nothing is certain: with a `directory`, which has files of its own; where the word holds a parameter; after an
    /// option that may take the next word for itself, or a version of Julia (`+1.10`); and for a shell's script without a slash, which it may find on its path.
    package var firstFile: FirstFile? {
        guard directory == nil, let program = words[0].plainText else { return nil }
        if program.contains("/"), !program.hasPrefix("/") { return FirstFile(word: 0, path: program, isProgram: true) }
        let name = program.split(separator: "/").last.map(String.init) ?? ""
        let interpreter = String(name.prefix { !$0.isNumber })
        let isPython = interpreter == "python"
        guard isPython || Self.interpreters.contains(name) || Self.shells.contains(name) else { return nil }
        var word = 1
        while isPython, word < words.count, let text = words[word].plainText, Self.lonePythonOptions.contains(text) {
            word += 1
        }
        guard word < words.count, let path = words[word].plainText, !path.isEmpty, !path.hasPrefix("-"),
            !path.hasPrefix("/"), !(name == "julia" && path.hasPrefix("+")),
            path.contains("/") || !Self.shells.contains(name)
        else { return nil }
        return FirstFile(word: word, path: path, isProgram: false)
    }

    /// Programs that read a script where it is said to be, and nowhere else.
    private static let interpreters: Set<String> = ["Rscript", "julia", "lua", "perl", "ruby"]
    private static let shells: Set<String> = ["bash", "dash", "ksh", "sh", "zsh"]
    /// Options of Python that take no word after them.
    private static let lonePythonOptions: Set<String> = ["-B", "-E", "-I", "-O", "-OO", "-S", "-b", "-s", "-u", "-v"]

    /// What is wrong with the file that the command begins with; nil when nothing is.
    ///
    /// - Parameters:
    ///   - folder: the sweep file's folder, for the sentence.
    ///   - sent: the files and folders that are sent along.
    ///   - presence: what lies at a path below the folder.
    package func firstFileProblem(
        in folder: String,
        sent: [String],
        presence: (String) -> FirstFile.Presence
    ) -> SpecProblem? {
        guard let first = firstFile else { return nil }
        func problem(_ message: String, allowed: String) -> SpecProblem {
            SpecProblem(
                path: SpecPath([.key("train"), .key("command"), .index(first.word)]),
                message: message,
                found: first.path,
                allowed: allowed
            )
        }
        guard let path = Self.pathWithin(first.path) else {
            return problem(
                "a file that is not within the sweep file's folder",
                allowed: "a path below it, as in train.py; or train.directory, a folder that every worker has"
            )
        }
        let kind = presence(path)
        if kind == .absent {
            return problem(
                "there is no such file beside the sweep file",
                allowed: "a file below \(folder); or train.directory, a folder that every worker has"
            )
        }
        let isSent = sent.map(Self.plainPath).contains { $0.isEmpty || path == $0 || path.hasPrefix($0 + "/") }
        guard isSent else {
            return problem(
                "not among train.files, which are all that is sent to the workers",
                allowed: "train.files with \(path) among them"
            )
        }
        guard !first.isProgram || kind == .usable else {
            return problem(
                "the file may not be executed",
                allowed: "chmod +x \(path); or the program that reads it before it, as in [python3, \(path)]"
            )
        }
        return nil
    }

    /// The same without the steps back: `src/../a` is `a`; nil where it leads out of the folder that it begins in.
    private static func pathWithin(_ path: String) -> String? {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.popLast() == nil {
                return nil
            }
        }
        return parts.joined(separator: "/")
    }

    /// A path without what says nothing: `./a//b/` is `a/b`, and `.` is empty.
    package static func plainPath(_ path: String) -> String {
        path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
