/// A text in which `${…}` stands for a parameter, for all of them, or for what a trial is told: W&B's form.
///
/// Braces alone would be a map in YAML; after a dollar they are plain text in every line of a block list. `$${` is `${` itself.
package struct CommandTemplate: Hashable, Sendable {
    /// The parts, in order.
    package enum Piece: Hashable, Sendable {
        case text(String)
        case parameter(String)
        case fact(CommandFacts.Name)
        /// One flag for each parameter.
        case arguments

        /// The name of what is another for each trial; nil for all else.
        fileprivate var nameWithinTrial: String? {
            switch self {
            case .text: nil
            case .parameter(let name): name
            case .fact(let name): name.isOfTrial ? name.rawValue : nil
            case .arguments: CommandTemplate.argumentsWord
            }
        }
    }
    package let pieces: [Piece]

    /// The word for all parameters.
    static let argumentsWord = "args"

    init(pieces: [Piece]) { self.pieces = pieces }

    /// A text in which nothing stands for anything.
    package init(text: String) { pieces = text.isEmpty ? [] : [.text(text)] }

    /// The text when nothing in it stands for anything; nil else.
    package var plainText: String? {
        if pieces.isEmpty { return "" }
        guard pieces.count == 1, case .text(let text) = pieces[0] else { return nil }
        return text
    }

    /// Whether it is `${args}`.
    var isArguments: Bool { pieces == [.arguments] }

    /// Why a text is no template.
    struct Fault: Error, Hashable {
        let message: String
        let allowed: String
    }

    static func parse(_ text: String) -> Result<CommandTemplate, Fault> {
        var pieces: [Piece] = []
        var plain = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            plain += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                plain += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    return .failure(Fault(message: "a ${ without its }", allowed: "${NAME}, or $${ for the text ${"))
                }
                let name = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = ""
                pieces.append(
                    name == argumentsWord
                        ? .arguments : CommandFacts.Name(rawValue: name).map { .fact($0) } ?? .parameter(name)
                )
                rest = rest[rest.index(after: end)...]
            } else {
                plain += "$"
                rest = rest.dropFirst()
            }
        }
        plain += rest
        if !plain.isEmpty { pieces.append(.text(plain)) }
        return .success(CommandTemplate(pieces: pieces))
    }

    /// What cannot be filled in when the parameters are `names` (nil: not known, and not judged); `isReused`: once for a
    /// process that serves many trials.
    func fault(names: [String]?, isWord: Bool, isReused: Bool) -> Fault? {
        if isReused, let name = pieces.lazy.compactMap(\.nameWithinTrial).first {
            let names = CommandFacts.Name.allCases.filter { !$0.isOfTrial }.map { "${\($0.rawValue)}" }
            return Fault(
                message: "${\(name)} is of one trial, and with train.reuse a process serves many",
                allowed:
                    "text, \(SpecReader.oneOf(names)); the program has parameters from a line of JSON, or sweepd.run"
            )
        }
        for piece in pieces {
            switch piece {
            case .text, .fact: break
            case .arguments where isWord && isArguments: break
            case .arguments:
                return Fault(
                    message: "${args} becomes several words",
                    allowed: "\"${args}\" as a word of command by itself"
                )
            case .parameter(let name):
                guard let names, !names.contains(name) else { continue }
                let all = [Self.argumentsWord] + names + CommandFacts.Name.allCases.map(\.rawValue)
                return Fault(message: "${\(name)} is not known", allowed: SpecReader.oneOf(all, for: name))
            }
        }
        return nil
    }

    /// The text with everything in its place.
    package func text(_ parameters: [SpecEntry], _ facts: CommandFacts) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .parameter(let name): parameters.first { $0.key == name }?.value.programText ?? ""
            case .fact(let name): facts[name]
            case .arguments: ""
            }
        }.joined()
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
    }

    /// Whether a parameter may be called so: such that `--name=value` is one flag everywhere.
    static func isParameterName(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count), let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || $0 == 45 }
    }

    /// Whether a variable may be set so: what begins with `SWEEPD_` is how a program is told of its trial.
    static func isVariableName(_ name: String) -> Bool {
        guard (1...256).contains(name.utf8.count), let first = name.utf8.first, isLetter(first) else { return false }
        return !name.hasPrefix("SWEEPD_") && name.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) }
    }
}

/// What a program can be told of its trial.
package struct CommandFacts: Hashable, Sendable {
    /// The names by which templates ask.
    package enum Name: String, CaseIterable, Sendable {
        /// The path of the file with the parameters.
        case parametersFile = "parameters.file"
        /// The path of the folder for checkpoints.
        case checkpoint = "trial.checkpoint"
        /// The path of the folder that the program runs in.
        case directory = "trial.directory"
        case epochs = "trial.epochs"
        case number = "trial.number"
        case seed = "trial.seed"
        case threads = "trial.threads"
        case sweep = "sweep.name"

        /// Whether it is another for each trial of a sweep.
        var isOfTrial: Bool {
            switch self {
            case .parametersFile, .checkpoint, .number, .seed: true
            case .directory, .epochs, .threads, .sweep: false
            }
        }
    }
    private let values: [Name: String]

    /// What each name stands for; one that is not there stands for nothing.
    package init(_ values: [Name: String]) { self.values = values }

    /// What the name stands for; empty where it is not told.
    package subscript(name: Name) -> String { values[name] ?? "" }
}

extension SpecNode {
    /// The value as a program is told it in a word: texts as they are, maps and lists as JSON.
    package var programText: String {
        switch self {
        case .text(let text): text
        case .real(let value): ParameterValue.real(value).description
        case .null, .boolean, .integer, .list, .map, .domain: jsonText
        }
    }

    /// The value as JSON; reals are told from integers by a point or an exponent.
    package var jsonText: String {
        switch self {
        case .null, .domain: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): value.isFinite ? "\(value)" : "null"
        case .text(let text): Self.quoted(text)
        case .list(let items): "[" + items.map(\.jsonText).joined(separator: ", ") + "]"
        case .map(let entries):
            "{" + entries.map { "\(Self.quoted($0.key)): \($0.value.jsonText)" }.joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let digits = Array("0123456789abcdef")
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7f {
                    let value = Int(scalar.value)
                    quoted += "\\u00\(digits[value >> 4])\(digits[value & 15])"
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }
}
