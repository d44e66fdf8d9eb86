package import SweepCore

/// Where a value of a sweep was written.
package enum SourcePlace: Hashable, Sendable {
    /// In the file; line and column count from 1, columns in Unicode scalars.
    case file(line: Int, column: Int)
    /// In an option of the command line, given as it was written (`--set train.epochs=9`).
    case option(String)
}

/// Where each value of a sweep was written: the way back from a path to its line.
package struct SourceMap: Sendable {
    private struct Places {
        let key: SourcePlace
        let value: SourcePlace
    }
    private var places: [SpecPath: Places] = [:]

    package init() {}

    /// Notes where the key and the value at `path` stand; a list's item has its own place for both.
    mutating func note(_ path: SpecPath, key: SourcePlace, value: SourcePlace) {
        places[path] = Places(key: key, value: value)
    }

    /// Where `path` stands; for something missing, the key of the nearest map or list that should hold it.
    ///
    /// Nil when nothing is known, not even where the whole begins.
    package func place(of path: SpecPath, side: SpecProblem.Side = .value) -> SourcePlace? {
        if let found = places[path] { return side == .key ? found.key : found.value }
        var parent = path.parent
        while let next = parent {
            if let found = places[next] { return found.key }
            parent = next.parent
        }
        return nil
    }
}
