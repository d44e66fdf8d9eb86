package import SweepCore

/// One mistake in a data file: where it is, what is wrong, what was found and what is allowed.
///
/// Its description is the compilers' form, `FILE:LINE:COLUMN: what is wrong; found …; allowed: …`.
package struct DataProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// What sort of mistake it is; mistakes of one kind are reported at most `DataProblems.limitOfAKind` times a file.
    package enum Kind: String, CaseIterable, Sendable {
        case unreadable, compression, encoding, quote, ragged, empty, header, number, missing, text, target, label, idx
        case array, libsvm, picture, split, tooLarge

        /// The mistakes of this kind in the plural, for "and 12 more …".
        var plural: String {
            switch self {
            case .unreadable: "files that cannot be read"
            case .compression: "faults of compression"
            case .encoding: "faults of encoding"
            case .quote: "faults of quotes"
            case .ragged: "rows with a wrong number of fields"
            case .empty: "empty files"
            case .header: "faults of the header"
            case .number: "cells that are not numbers"
            case .missing: "missing values"
            case .text: "text columns"
            case .target: "faults of the target"
            case .label: "faults of labels"
            case .idx: "faults of the IDX format"
            case .array: "faults of NPY or NPZ files"
            case .libsvm: "faults of the libsvm format"
            case .picture: "pictures that cannot be read"
            case .split: "faults of the split"
            case .tooLarge: "sizes beyond the limit"
            }
        }
    }

    /// What sort of mistake it is.
    package let kind: Kind
    /// The file as the sweep file names it.
    package let file: String
    /// The line, from 1; nil where the mistake belongs to the whole file or the file has no lines.
    package let line: Int?
    /// The character of the line, from 1.
    package let column: Int?
    /// The column's name, for tables.
    package let field: String?
    /// The path of the sweep file's value that asked for this (`data.target`), where that may be what is wrong.
    package let specPath: SpecPath?
    /// What is wrong, in a clause.
    package let wrong: String
    /// What was found.
    package let found: String?
    /// What is allowed, or what to do.
    package let allowed: String?

    /// A mistake at a place; what is not known of the place stays nil.
    package init(
        _ kind: Kind,
        file: String,
        line: Int? = nil,
        column: Int? = nil,
        field: String? = nil,
        specPath: SpecPath? = nil,
        wrong: String,
        found: String? = nil,
        allowed: String? = nil
    ) {
        self.kind = kind
        self.file = file
        self.line = line
        self.column = column
        self.field = field
        self.specPath = specPath
        self.wrong = wrong
        self.found = found
        self.allowed = allowed
    }

    /// The same, asked for by a value of the sweep file; nil where there is no sweep file.
    package func at(_ specPath: SpecPath?) -> DataProblem {
        DataProblem(
            kind,
            file: file,
            line: line,
            column: column,
            field: field,
            specPath: specPath,
            wrong: wrong,
            found: found,
            allowed: allowed
        )
    }

    /// The same of one fold of several, from 1.
    package func inFold(_ number: Int) -> DataProblem {
        DataProblem(
            kind,
            file: file,
            line: line,
            column: column,
            field: field,
            specPath: specPath,
            wrong: "fold \(number): \(wrong)",
            found: found,
            allowed: allowed
        )
    }

    /// The text after the place: what is wrong, what was found, what is allowed.
    package var message: String {
        var text = wrong
        if let found { text += "; found \(found)" }
        if let allowed { text += "; allowed: \(allowed)" }
        if let specPath { text += " (\(specPath))" }
        return text
    }

    package var description: String {
        var place = file
        if let line {
            place += ":\(line)"
            if let column { place += ":\(column)" }
        }
        return "\(place): \(message)"
    }
}

/// All mistakes of a data source, in the order of files and lines.
package struct DataProblems: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many mistakes of one kind are told of one file; the rest becomes a count, so that a wrong delimiter does not
    /// print a line for each of a million rows.
    package static let limitOfAKind = 20

    /// At least one.
    package let problems: [DataProblem]

    /// These mistakes, in this order.
    package init(_ problems: [DataProblem]) { self.problems = problems }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Gathers mistakes while reading goes on, at most `DataProblems.limitOfAKind` of a kind and file, and counts the rest.
struct ProblemList: Sendable {
    private struct Key: Hashable {
        let file: Int
        let kind: DataProblem.Kind
    }
    private var files: [String] = []
    private var kept: [(file: Int, problem: DataProblem)] = []
    private var counts: [Key: Int] = [:]

    var isEmpty: Bool { kept.isEmpty }

    /// All mistakes, those not kept too.
    var count: Int { counts.values.reduce(0, +) }

    /// Adds a problem made only when it will be kept (its text may cost).
    mutating func add(_ kind: DataProblem.Kind, file: String, _ problem: () -> DataProblem) {
        let index = self.index(of: file)
        let count = counts[Key(file: index, kind: kind), default: 0] + 1
        counts[Key(file: index, kind: kind)] = count
        if count <= DataProblems.limitOfAKind { kept.append((index, problem())) }
    }

    mutating func add(_ problem: DataProblem) {
        add(problem.kind, file: problem.file) { problem }
    }

    /// Says that `count` more mistakes of `kind` were seen and not kept.
    mutating func addUncounted(_ kind: DataProblem.Kind, file: String, count: Int) {
        guard count > 0 else { return }
        counts[Key(file: index(of: file), kind: kind), default: 0] += count
    }

    private mutating func index(of file: String) -> Int {
        if let index = files.firstIndex(of: file) { return index }
        files.append(file)
        return files.count - 1
    }

    /// Everything gathered, by file (in the order they were read), line and column, with the counts of what was left out.
    func sorted() -> DataProblems {
        var result: [DataProblem] = []
        for (index, file) in files.enumerated() {
            let own = kept.enumerated().filter { $0.element.file == index }
            result += own.sorted { a, b in
                let left = (a.element.problem.line ?? 0, a.element.problem.column ?? 0, a.offset)
                let right = (b.element.problem.line ?? 0, b.element.problem.column ?? 0, b.offset)
                return left < right
            }.map(\.element.problem)
            for kind in DataProblem.Kind.allCases {
                let rest = counts[Key(file: index, kind: kind), default: 0] - DataProblems.limitOfAKind
                guard rest > 0 else { continue }
                result.append(DataProblem(kind, file: file, wrong: "and \(rest) more \(kind.plural)"))
            }
        }
        return DataProblems(result)
    }
}
