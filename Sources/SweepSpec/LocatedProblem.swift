package import SweepCore

/// A mistake and its line: what `FILE:LINE:COLUMN: …` is printed from.
package struct LocatedProblem: Hashable, Sendable {
    /// Where it is; nil for the file as a whole.
    package let place: SourcePlace?
    /// What sort of mistake it is; of one sort only the first twenty are printed.
    package let kind: String
    /// What is wrong, what was found, what is allowed.
    package let text: String

    package init(place: SourcePlace?, kind: String, text: String) {
        self.place = place
        self.kind = kind
        self.text = text
    }

    /// The problem `problem` with the place that `map` knows of it.
    package init(_ problem: SpecProblem, in map: SourceMap) {
        place = map.place(of: problem.path, side: problem.side)
        let group = problem.side == .key ? problem.path.parent ?? problem.path : problem.path
        let name = group.keysAlone
        kind = problem.message + (name.isEmpty ? "" : ": \(name)")
        text = problem.text
    }
}

extension SpecPath {
    /// The keys alone, joined by dots: the same for all items of a list and all options of a choice.
    fileprivate var keysAlone: String {
        steps.compactMap { step in
            if case .key(let key) = step { key } else { nil }
        }.joined(separator: ".")
    }
}

/// The mistakes of one sweep file, ready to print.
package struct SweepFileProblems: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many mistakes of one kind are printed; the rest becomes a count.
    package static let limitOfAKind = 20

    /// The file as the user named it.
    package let file: String
    /// At least one, in the order of lines: first those of the whole file, last those of options.
    package let problems: [LocatedProblem]

    package init(file: String, _ problems: [LocatedProblem]) {
        self.file = file
        var seen: Set<LocatedProblem> = []
        self.problems = problems.filter { seen.insert($0).inserted }.enumerated()
            .sorted { a, b in
                let (left, right) = (Self.order(a.element), Self.order(b.element))
                return (left.line, left.column, a.offset) < (right.line, right.column, b.offset)
            }
            .map(\.element)
    }

    /// One line a mistake, in the compilers' form; the twenty-first and later of a kind become one line.
    package var lines: [String] {
        var counts: [String: Int] = [:]
        var lines: [String] = []
        for problem in problems {
            counts[problem.kind, default: 0] += 1
            guard counts[problem.kind, default: 0] <= Self.limitOfAKind else { continue }
            switch problem.place {
            case nil: lines.append("\(file): \(problem.text)")
            case .file(let line, let column): lines.append("\(file):\(line):\(column): \(problem.text)")
            case .option(let option): lines.append("\(option): \(problem.text)")
            }
        }
        for problem in problems {
            guard let count = counts.removeValue(forKey: problem.kind), count > Self.limitOfAKind else { continue }
            lines.append("\(file): … and \(count - Self.limitOfAKind) more of this kind: \(problem.kind)")
        }
        return lines
    }

    package var description: String { lines.joined(separator: "\n") }

    private static func order(_ problem: LocatedProblem) -> (line: Int, column: Int) {
        switch problem.place {
        case nil: (0, 0)
        case .file(let line, let column): (line, column)
        case .option: (Int.max, 0)
        }
    }
}
