/// Files and folders as one run of bytes: what a program needs, or the state that it keeps.
///
/// Equal contents are equal bytes on every machine: entries stand in the order of their paths, without times and owners. The
/// form is `SWEEPDF1`, the number of entries (4 bytes), then for each its kind (1), the length of its path (2), the path, the
/// length of its content (8) and the content; numbers with the lowest byte first.
package struct FileBundle: Hashable, Sendable {
    /// What stands at a path.
    package enum Kind: UInt8, Sendable {
        case file = 0
        /// A file that may be executed.
        case program = 1
        case folder = 2
    }

    /// A file or folder.
    package struct Entry: Hashable, Sendable {
        package let path: String
        package let kind: Kind
        package let bytes: [UInt8]

        package init(path: String, kind: Kind, bytes: [UInt8]) {
            self.path = path
            self.kind = kind
            self.bytes = bytes
        }
    }

    /// In the order of their paths' bytes.
    package let entries: [Entry]

    /// Bytes of the largest bundle: what a checkpoint may have, as peers hold it in memory.
    package static let greatestSize = 256 * 1024 * 1024
    /// Files and folders of the largest bundle.
    package static let greatestCount = 20_000
    /// Bytes of the longest path.
    static let greatestPath = 1024
    private static let magic = Array("SWEEPDF1".utf8)

    /// A bundle of these, whatever their order; throws for a path that cannot be, or that is there twice.
    package init(_ entries: [Entry]) throws(FileBundleError) {
        let sorted = entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        guard sorted.count <= Self.greatestCount else {
            throw FileBundleError("\(sorted.count) files, allowed at most \(Self.greatestCount)")
        }
        var folders: Set<String> = []
        for (index, entry) in sorted.enumerated() {
            guard Self.isPath(entry.path) else {
                throw FileBundleError("a path that is not within a folder: \(entry.path)")
            }
            guard index == 0 || sorted[index - 1].path != entry.path else {
                throw FileBundleError("\(entry.path) is there twice")
            }
            guard entry.kind != .folder || entry.bytes.isEmpty else { throw FileBundleError("a folder with a content") }
            let parents = entry.path.split(separator: "/").dropLast()
            for count in parents.indices { folders.insert(parents[...count].joined(separator: "/")) }
        }
        for entry in sorted where entry.kind != .folder && folders.contains(entry.path) {
            throw FileBundleError("\(entry.path) is a file and a folder")
        }
        self.entries = sorted
        guard size <= Self.greatestSize else {
            throw FileBundleError("\(size) bytes in all, allowed at most \(Self.greatestSize)")
        }
    }

    /// Whether bytes are meant to be a bundle.
    package static func isBundle(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: magic) }

    /// Whether a path leads from a folder to something within it.
    static func isPath(_ path: String) -> Bool {
        guard (1...greatestPath).contains(path.utf8.count), !path.utf8.contains(0) else { return false }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
        }
    }

    /// Bytes of the packed form.
    private var size: Int { entries.reduce(12) { $0 + 11 + $1.path.utf8.count + $1.bytes.count } }

    /// The bytes.
    package var packed: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(size)
        func add(_ number: Int, _ count: Int) {
            for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
        }
        add(entries.count, 4)
        for entry in entries {
            bytes.append(entry.kind.rawValue)
            add(entry.path.utf8.count, 2)
            bytes += Array(entry.path.utf8)
            add(entry.bytes.count, 8)
            bytes += entry.bytes
        }
        return bytes
    }

    /// What `packed` gave; anything else throws.
    package init(packed: [UInt8]) throws(FileBundleError) {
        var place = 0
        func take(_ count: Int) throws(FileBundleError) -> ArraySlice<UInt8> {
            guard count >= 0, count <= packed.count - place else { throw FileBundleError("the bytes end too early") }
            place += count
            return packed[(place - count)..<place]
        }
        func number(_ count: Int) throws(FileBundleError) -> Int {
            let value = try take(count).enumerated().reduce(UInt64(0)) {
                $0 | UInt64($1.element) << (8 * UInt64($1.offset))
            }
            guard let value = Int(exactly: value) else { throw FileBundleError("a number that is too large") }
            return value
        }
        guard try take(Self.magic.count).elementsEqual(Self.magic) else {
            throw FileBundleError("not a bundle of files")
        }
        let count = try number(4)
        guard count <= Self.greatestCount else { throw FileBundleError("\(count) files") }
        var entries: [Entry] = []
        for _ in 0..<count {
            guard let kind = Kind(rawValue: UInt8(try number(1))) else {
                throw FileBundleError("an unknown kind of file")
            }
            guard let path = String(validating: try take(try number(2)), as: UTF8.self) else {
                throw FileBundleError("a path that is not UTF-8")
            }
            entries.append(Entry(path: path, kind: kind, bytes: Array(try take(try number(8)))))
        }
        guard place == packed.count else { throw FileBundleError("bytes after the last file") }
        try self.init(entries)
        // One form for each content: its hash is its name.
        guard self.entries.map(\.path) == entries.map(\.path) else {
            throw FileBundleError("files that are not in order")
        }
    }
}

/// Why files cannot be packed or unpacked.
package struct FileBundleError: Error, Hashable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
