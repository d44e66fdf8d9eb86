import SweepCore
import Yams

/// Why a text cannot be read at all: broken syntax, or a bound that it exceeds.
struct YAMLFault: Error, Hashable {
    let line: Int?
    let column: Int?
    /// What is wrong, in plain words.
    let message: String

    init(line: Int? = nil, column: Int? = nil, _ message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    init(_ mark: Mark?, _ message: String) {
        self.init(line: mark?.line, column: mark?.column, message)
    }

    /// The fault as a problem of the file, or of the option whose value was read.
    func located(option: String? = nil) -> LocatedProblem {
        let place = option.map(SourcePlace.option) ?? line.map { .file(line: $0, column: column ?? 1) }
        return LocatedProblem(place: place, kind: message, text: message)
    }

    /// The words for what the YAML library says at a place of `text`.
    init(_ error: YamlError, in text: YAMLText) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let begun = context.flatMap { $0.mark.line < mark.line ? " (begun on line \($0.mark.line))" : nil } ?? ""
            let message = Self.words(problem, context: context?.text ?? "", next: text.scalar(at: mark))
            self.init(mark, message + begun)
        case .reader(let problem, _, _, _): self.init("not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            self.init(context.mark, "the same key twice: \(keys.first ?? "")")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            self.init("not YAML: \(error)")
        }
    }

    private static func words(_ problem: String, context: String, next: Unicode.Scalar?) -> String {
        if next == "\t" { return "not YAML: a tab; indent with spaces" }
        let plain: String? =
            switch problem {
            case "mapping values are not allowed in this context":
                "a second “: ” in one line, or a line indented too far"
            case "did not find expected key": "expected a key here; is the line indented like its neighbours?"
            case "did not find expected '-' indicator":
                "expected another “- ”; is the line indented like its neighbours?"
            case "did not find expected ',' or ']'": "expected “,” or “]” in a list"
            case "did not find expected ',' or '}'": "expected “,” or “}” in a map"
            case "could not find expected ':'": "expected “: ” after a key"
            case "did not find expected <document start>", "but found another document":
                "a second document; a sweep file holds one"
            case "found undefined alias": "an alias of an anchor that is not defined above it"
            case "found character that cannot start any token":
                "a value may not begin with \(next.map { "“\($0)”" } ?? "this"); put it in quotes"
            case "block sequence entries are not allowed in this context": "a list item may not begin here"
            case "mapping keys are not allowed in this context": "a key may not begin here"
            case "did not find expected node content": "expected a value here"
            case "found unknown escape character": "an unknown escape after “\\” in double quotes"
            case "found unexpected end of stream" where context.contains("quoted"): "quotes that are not closed"
            case "found unexpected document indicator" where context.contains("quoted"): "quotes that are not closed"
            case "found a tab character where an indentation space is expected",
                "found a tab character that violates indentation":
                "a tab; indent with spaces"
            default: nil
            }
        return "not YAML: " + (plain ?? (context.isEmpty ? problem : "\(context), \(problem)"))
    }
}
