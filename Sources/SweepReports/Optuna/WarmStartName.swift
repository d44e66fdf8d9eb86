/// What `search.warm_start` names: a file and, where it holds several of Optuna's studies, one of them.
///
/// `digits.jsonl`, `study.log#digits`, `study.db#digits`, or Optuna's own address of a database, `sqlite:///study.db#digits`. Names of
/// files and of studies may have a `#` too: the first at which a file ends that is there parts them, else the whole may be a file.
/// With nothing behind it no study is named.
package struct WarmStartName: Hashable, Sendable {
    /// As it is named: relative to the sweep file's folder, or absolute.
    package let file: String
    package let study: String?

    /// What `name` means where `isFile` tells of each name that it is given, as this one is to be read, whether such a file is there.
    /// Where none is, the first `#` parts the two.
    package init(_ name: String, isFile: (String) -> Bool) {
        let rest = Self.withoutAddress(name)
        let marks = Self.marks(rest)
        let found = marks.first { isFile(String(rest[..<$0])) }
        guard let mark = found ?? (isFile(rest) ? nil : marks.first) else {
            file = rest
            study = nil
            return
        }
        file = String(rest[..<mark])
        let name = rest[rest.index(after: mark)...]
        study = name.isEmpty ? nil : String(name)
    }

    /// Every file that `name` may mean, whichever of them are there.
    package static func files(_ name: String) -> [String] {
        let rest = withoutAddress(name)
        return marks(rest).map { String(rest[..<$0]) } + [rest]
    }

    private static func withoutAddress(_ name: String) -> String {
        let address = "sqlite:///"
        return name.hasPrefix(address) ? String(name.dropFirst(address.count)) : name
    }

    /// Where it may be parted: at each `#` that something stands before.
    private static func marks(_ text: String) -> [String.Index] {
        text.indices.filter { text[$0] == "#" && $0 > text.startIndex }
    }
}
