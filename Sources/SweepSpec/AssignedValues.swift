package import SweepCore

/// `NAME=VALUE …` of a command line: parameters by their paths or the ends of them, and values in YAML as a sweep file writes them.
package struct AssignedValues: Hashable, Sendable {
    /// A map from the names to the values, in their order; a value that looks like a range is a map and no domain.
    package let node: SpecNode

    /// Why texts assign nothing, a sentence for each that is wrong.
    package struct Faults: Error, Hashable, Sendable {
        package let sentences: [String]
    }

    /// Reads arguments; the first `=` of each parts name and value.
    package init(_ texts: [String]) throws(Faults) {
        var entries: [SpecEntry] = []
        var faults: [String] = []
        for text in texts {
            do throws(YAMLFault) {
                let entry = try Self.entry(text)
                if entries.contains(where: { $0.key == entry.key }) {
                    throw YAMLFault("a second value for \(entry.key)")
                }
                entries.append(entry)
            } catch { faults.append("\(text): \(error.message)") }
        }
        guard faults.isEmpty else { throw Faults(sentences: faults) }
        node = .map(entries)
    }

    private static func entry(_ text: String) throws(YAMLFault) -> SpecEntry {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw YAMLFault("not an assignment: allowed NAME=VALUE, as in learning_rate=0.01")
        }
        let (tree, problems) = try YAMLReader.read(String(text[text.index(after: sign)...]), option: text)
        if let problem = problems.first { throw YAMLFault(problem.text) }
        // No range has it, and what carries the value further has no word for it.
        if case .real(let real) = tree.plain, !real.isFinite { throw YAMLFault("not a finite number") }
        return SpecEntry(String(text[..<sign]), tree.plain)
    }
}
