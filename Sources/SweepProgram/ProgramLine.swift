import SweepReports

/// A line that a program wrote to its descriptor for reports.
package enum ProgramLine: Hashable, Sendable {
    /// What was measured after an epoch; `waits`: the program reads a verdict before it goes on.
    case report(epoch: Int, values: [String: Double], waits: Bool)
    /// The checkpoint folder holds the state after this epoch.
    case checkpoint(epoch: Int)
    /// The program is done with its trial and reads a line about the next one.
    case next

    /// Bytes of the longest line.
    package static let greatestLength = 64 * 1024

    /// Why a line cannot be read.
    package struct Fault: Error, Hashable {
        /// What is wrong, to follow "the program reported".
        package let message: String
    }

    /// Reads a line without its end.
    package init(_ line: some Collection<UInt8>) throws(Fault) {
        let bytes = Self.withQuotedWords(Array(line))
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: bytes, limits: .init(bytes: Self.greatestLength, depth: 4, values: 1024))
        } catch { throw Fault(message: "a line that is \(error): \(Self.excerpt(line))") }
        guard case .object(let members) = document else {
            throw Fault(message: "a line that is no object: \(Self.excerpt(line))")
        }
        if case .integer(let epoch)? = document["checkpoint"] {
            guard members.count == 1 else {
                throw Fault(message: "a checkpoint together with something else: \(Self.excerpt(line))")
            }
            self = .checkpoint(epoch: epoch)
            return
        }
        if members.count == 1, document["next"] == .boolean(true) {
            self = .next
            return
        }
        guard case .integer(let epoch)? = document["epoch"] else {
            throw Fault(message: "a line without \"epoch\": NUMBER: \(Self.excerpt(line))")
        }
        var values: [String: Double] = [:]
        var waits = false
        for member in members where member.key != "epoch" {
            switch (member.key, member.value) {
            case ("wait", .boolean(let value)): waits = value
            // A metric of this name would leave the program waiting for ever.
            case ("wait", _):
                throw Fault(message: "a \"wait\" that is neither true nor false: \(Self.excerpt(line))")
            case (_, .integer(let value)): values[member.key] = Double(value)
            case (_, .unsigned(let value)): values[member.key] = Double(value)
            case (_, .number(let value)): values[member.key] = value
            case (_, .text(let word)):
                guard let value = Self.words[word.lowercased()] else { throw Self.noNumber(member, line) }
                values[member.key] = value
            // What JSON's writers make of NaN in other languages.
            case (_, .null): values[member.key] = .nan
            case (_, .boolean), (_, .array), (_, .object): throw Self.noNumber(member, line)
            }
        }
        self = .report(epoch: epoch, values: values, waits: waits)
    }

    private static func noNumber(_ member: JSONMember, _ line: some Collection<UInt8>) -> Fault {
        Fault(message: "no number as \(PrintableText.line(String(member.key.prefix(100)))): \(excerpt(line))")
    }

    /// What stands for numbers that JSON does not have.
    private static let words: [String: Double] = [
        "nan": .nan, "inf": .infinity, "infinity": .infinity, "+inf": .infinity, "-inf": -.infinity,
        "-infinity": -.infinity,
    ]

    /// The line with `NaN`, `Infinity` and `-Infinity` in quotes, as Python's and other writers leave them bare.
    private static func withQuotedWords(_ line: [UInt8]) -> [UInt8] {
        let names = ["-Infinity", "Infinity", "NaN"].map { Array($0.utf8) }
        guard line.contains(where: { $0 == UInt8(ascii: "N") || $0 == UInt8(ascii: "I") }) else { return line }
        var result: [UInt8] = []
        var index = 0
        var isText = false
        while index < line.count {
            let byte = line[index]
            if !isText, let name = names.first(where: { line[index...].starts(with: $0) }) {
                result += [UInt8(ascii: "\"")] + name + [UInt8(ascii: "\"")]
                index += name.count
                continue
            }
            if isText, byte == UInt8(ascii: "\\"), index + 1 < line.count {
                result += [byte, line[index + 1]]
                index += 2
                continue
            }
            if byte == UInt8(ascii: "\"") { isText.toggle() }
            result.append(byte)
            index += 1
        }
        return result
    }

    /// The beginning of a line as a sentence may have it.
    private static func excerpt(_ line: some Collection<UInt8>) -> String {
        let text = PrintableText.line(String(decoding: line.prefix(80), as: UTF8.self))
        return line.count > 80 ? text + "…" : text
    }
}

/// Lines out of a stream that comes in pieces.
struct LineSplitter {
    private var rest: [UInt8] = []

    /// The lines that end in `bytes`, without their ends; nil when one is longer than a line may be.
    mutating func add(_ bytes: some Collection<UInt8>) -> [[UInt8]]? {
        rest += bytes
        var lines: [[UInt8]] = []
        var start = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            guard end - start <= ProgramLine.greatestLength else { return nil }
            if end > start { lines.append(Array(rest[start..<end])) }
            start = end + 1
        }
        rest.removeFirst(start)
        return rest.count <= ProgramLine.greatestLength ? lines : nil
    }

    /// A last line without an end, if there is one.
    var last: [UInt8]? { rest.isEmpty ? nil : rest }
}
