/// One machine of a host file.
package struct ListedHost: Hashable, Sendable {
    /// What ssh connects to: `host`, or `user@host`.
    package var target: String
    /// ssh's port; nil for what ssh itself takes.
    package var port: Int?
    /// What its worker is called, in lists of keys and of workers; also names its files there.
    package var name: String
    /// Trials at once; nil for one a core.
    package var slots: Int?
    /// Labels of the worker, `key=value`.
    package var labels: [String]
    /// The folder there, below the home directory unless it begins with `/`.
    package var directory: String

    package init(
        target: String,
        port: Int? = nil,
        name: String,
        slots: Int? = nil,
        labels: [String] = [],
        directory: String = HostFile.defaultDirectory
    ) {
        self.target = target
        self.port = port
        self.name = name
        self.slots = slots
        self.labels = labels
        self.directory = directory
    }
}

/// What is wrong with a host file, and where.
package struct HostFileMistake: Error, Hashable, Sendable {
    package let line: Int
    package let column: Int
    package let text: String
}

/// The machines that `sweepd up` looks after: one a line, with settings behind it.
///
/// ```
/// # the lab
/// node1
/// node2               slots=8 label=rack=2
/// trainer@node3:2222  name=big directory=/scratch/sweepd
/// [fd00::7]:2222      name=six
/// ```
package enum HostFile {
    /// The folder on a host unless told.
    package static let defaultDirectory = ".sweepd"
    private static let settings = ["name", "slots", "label", "directory"]
    /// Letters, digits and these may stand in a user and a host.
    private static let targetLetters: Set<Character> = [".", "-", "_", "@", ":", "%", "[", "]", "+"]
    /// … and these in a folder there: none that any shell takes for its own.
    private static let folderLetters: Set<Character> = [".", "-", "_", "/"]

    /// Reads the text; every mistake at once, in the order of lines.
    package static func read(_ text: String) -> (hosts: [ListedHost], mistakes: [HostFileMistake]) {
        var hosts: [ListedHost] = []
        var mistakes: [HostFileMistake] = []
        var lines: [String: Int] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = words(of: line)
            guard let first = words.first else { continue }
            do throws(HostFileMistake) {
                var host = try target(first, line: index + 1)
                for word in words.dropFirst() { try set(word, line: index + 1, in: &host) }
                if host.name.isEmpty {
                    throw mistake(
                        index + 1,
                        first,
                        "the host cannot be its worker's name: add name=NAME of letters, digits, dots, dashes, underscores"
                    )
                }
                if let other = lines[host.name] {
                    throw mistake(
                        index + 1,
                        first,
                        "the name \(host.name) is that of line \(other) already: add name=ANOTHER"
                    )
                }
                lines[host.name] = index + 1
                hosts.append(host)
            } catch { mistakes.append(error) }
        }
        if hosts.isEmpty, mistakes.isEmpty {
            mistakes.append(
                HostFileMistake(line: 1, column: 1, text: "no host in it: one a line, as ssh knows them")
            )
        }
        return (hosts, mistakes)
    }

    private typealias Word = (text: Substring, column: Int)

    private static func words(of line: Substring) -> [Word] {
        var words: [Word] = []
        var rest = line.prefix { $0 != "#" }
        while let start = rest.firstIndex(where: { !$0.isWhitespace }) {
            let word = rest[start...].prefix { !$0.isWhitespace }
            words.append((word, line.distance(from: line.startIndex, to: start) + 1))
            rest = rest[word.endIndex...]
        }
        return words
    }

    private static func mistake(_ line: Int, _ word: Word, _ text: String) -> HostFileMistake {
        HostFileMistake(line: line, column: word.column, text: text)
    }

    /// `[user@]host[:port]`, an address of IPv6 in brackets when a port follows.
    private static func target(_ word: Word, line: Int) throws(HostFileMistake) -> ListedHost {
        guard word.text.first != "-", word.text.allSatisfy({ isPlain($0) || targetLetters.contains($0) }) else {
            throw mistake(line, word, "found \(word.text.debugDescription), allowed [USER@]HOST[:PORT]")
        }
        var host = word.text
        var port: Int?
        let bracketed = host.lastIndex(of: "]")
        if let colon = host.lastIndex(of: ":"), bracketed.map({ colon > $0 }) ?? !host[..<colon].contains(":") {
            guard let number = Int(host[host.index(after: colon)...]), (1...65_535).contains(number) else {
                throw mistake(line, word, "found the port \(host[host.index(after: colon)...]), allowed 1 to 65535")
            }
            port = number
            host = host[..<colon]
        }
        let target = String(host.filter { $0 != "[" && $0 != "]" })
        let machine = target.split(separator: "@", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        guard !machine.isEmpty, machine.first != "-", target.first != "@" else {
            throw mistake(line, word, "found \(word.text.debugDescription), allowed [USER@]HOST[:PORT]")
        }
        return ListedHost(target: target, port: port, name: isName(machine) ? machine : "")
    }

    private static func set(_ word: Word, line: Int, in host: inout ListedHost) throws(HostFileMistake) {
        let parts = word.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, settings.contains(String(parts[0])) else {
            let known = settings.map { $0 + "=" }.joined(separator: ", ")
            throw mistake(line, word, "found \(word.text.debugDescription), allowed \(known)")
        }
        let value = String(parts[1])
        switch parts[0] {
        case "name":
            guard isName(value) else {
                throw mistake(
                    line,
                    word,
                    "name: found \(value.debugDescription), allowed up to 64 letters, digits, dots, dashes and underscores, the first "
                        + "a letter or digit"
                )
            }
            host.name = value
        case "slots":
            guard let slots = Int(value), (1...4096).contains(slots) else {
                throw mistake(line, word, "slots: found \(value), allowed a number from 1 to 4096")
            }
            host.slots = slots
        case "label":
            guard let equals = value.firstIndex(of: "="), equals != value.startIndex else {
                throw mistake(line, word, "label: found \(value.debugDescription), allowed key=value")
            }
            host.labels.append(value)
        default:
            guard !value.isEmpty, value.allSatisfy({ isPlain($0) || folderLetters.contains($0) }) else {
                throw mistake(
                    line,
                    word,
                    "directory: found \(value.debugDescription), allowed a path of letters, digits, dots, dashes, underscores"
                )
            }
            host.directory = value
        }
    }

    private static func isPlain(_ letter: Character) -> Bool {
        letter.isASCII && (letter.isLetter || letter.isNumber)
    }

    /// Whether it may name a worker and its files: as `sweepd invite` has it.
    static func isName(_ name: String) -> Bool {
        guard let first = name.first, (1...64).contains(name.utf8.count) else { return false }
        return isPlain(first) && name.allSatisfy { isPlain($0) || $0 == "." || $0 == "-" || $0 == "_" }
    }
}
