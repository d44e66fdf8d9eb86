/// A tar archive of plain files, in the interchange format that every `tar` reads.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format". The same files give the same bytes: everything belongs to nobody, with
/// the same time.
package enum TarArchive {
    /// Files and headers are padded to blocks of so many bytes.
    private static let block = 512

    /// The archive of these files, in their order; nil where a path does not fit into a header (at most 155 and 100 bytes, with
    /// a slash between them) or a file is larger than 8 GiB.
    ///
    /// - Parameters:
    ///   - seconds: when they were changed, since 1970.
    package static func bytes(of files: [(path: String, bytes: [UInt8])], changed seconds: Int) -> [UInt8]? {
        var archive: [UInt8] = []
        archive.reserveCapacity(files.reduce(2 * block) { $0 + 2 * block + $1.bytes.count })
        for file in files {
            guard let head = header(file.path, file.bytes.count, seconds) else { return nil }
            archive += head
            archive += file.bytes
            archive.append(contentsOf: repeatElement(0, count: (block - file.bytes.count % block) % block))
        }
        // Two empty blocks are the end.
        archive.append(contentsOf: repeatElement(0, count: 2 * block))
        return archive
    }

    private static func header(_ path: String, _ size: Int, _ seconds: Int) -> [UInt8]? {
        guard let (prefix, name) = divided(Array(path.utf8)), let size = octal(size, 11),
            let time = octal(max(0, seconds), 11)
        else { return nil }
        var header: [UInt8] = []
        func add(_ bytes: [UInt8], _ width: Int) {
            header += bytes
            header.append(contentsOf: repeatElement(0, count: width - bytes.count))
        }
        add(name, 100)
        for number in ["0000644", "0000000", "0000000"] { add(Array(number.utf8), 8) }
        add(size, 12)
        add(time, 12)
        // The checksum counts itself as spaces; a plain file; no link.
        add(Array("        0".utf8), 109)
        add(Array("ustar\u{0}00".utf8), 8)
        // No names of user and group, no device.
        add([], 80)
        add(prefix, 167)
        let sum = header.reduce(0) { $0 + Int($1) }
        header.replaceSubrange(148..<156, with: (octal(sum, 6) ?? []) + [0, UInt8(ascii: " ")])
        return header
    }

    /// The path in two at a slash, as late as possible; nil where it does not fit.
    private static func divided(_ path: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
        guard !path.isEmpty else { return nil }
        if path.count <= 100 { return ([], path) }
        let slash = path.prefix(156).lastIndex(of: UInt8(ascii: "/"))
        guard let slash, slash > 0, (1...100).contains(path.count - slash - 1) else { return nil }
        return (Array(path[..<slash]), Array(path[(slash + 1)...]))
    }

    /// The number in octal digits, zeros in front; nil where it has more.
    private static func octal(_ number: Int, _ digits: Int) -> [UInt8]? {
        let text = String(number, radix: 8).utf8
        guard text.count <= digits else { return nil }
        return repeatElement(UInt8(ascii: "0"), count: digits - text.count) + Array(text)
    }
}
