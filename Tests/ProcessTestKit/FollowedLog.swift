import Foundation

/// A line that a process logged.
package struct LogEntry: Hashable, Sendable {
    package let level: String
    package let message: String
    /// By dotted key.
    package let metadata: [String: String]

    package subscript(key: String) -> String? { metadata[key] }

    /// The number under a key; -1 when there is none.
    package func number(_ key: String) -> Int { metadata[key].flatMap { Int($0) } ?? -1 }

    /// Reads swift-log's form, `TIME LEVEL LABEL: KEY=VALUE … [SOURCE] MESSAGE`; any other line is a message without a level.
    package init(_ line: some StringProtocol) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 5, words[0].count >= 20, words[2].hasSuffix(":"),
            let source = words.firstIndex(where: { $0.hasPrefix("[") && $0.hasSuffix("]") }), source >= 3
        else {
            (level, message, metadata) = ("", String(line), [:])
            return
        }
        level = String(words[1])
        message = words[(source + 1)...].joined(separator: " ")
        var metadata: [String: String] = [:]
        var last: String?
        for word in words[3..<source] {
            let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if sides.count == 2, sides[0].contains(".") {
                last = String(sides[0])
                metadata[String(sides[0])] = String(sides[1])
            } else if let last {
                // A value with blanks.
                metadata[last, default: ""] += " " + word
            }
        }
        self.metadata = metadata
    }
}

/// The log of a process, read as it grows.
package final class FollowedLog {
    private let file: URL
    private var offset: UInt64 = 0
    private var rest: [UInt8] = []
    private var known: [LogEntry] = []

    init(_ file: URL) { self.file = file }

    /// Every whole line so far.
    package var entries: [LogEntry] {
        read()
        return known
    }

    private func read() {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return }
        defer { try? handle.close() }
        try? handle.seek(toOffset: offset)
        guard let more = try? handle.readToEnd(), !more.isEmpty else { return }
        offset += UInt64(more.count)
        rest += more
        guard let end = rest.lastIndex(of: 0x0a) else { return }
        let lines = String(decoding: rest[..<end], as: UTF8.self).split(separator: "\n")
        known += lines.map { LogEntry($0) }
        rest = Array(rest[(end + 1)...])
    }
}
