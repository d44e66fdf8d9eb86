internal import CZlib

/// A ZIP archive in memory: its entries, stored or deflated, by name.
///
/// Source: PKWARE's APPNOTE.TXT 6.3: end of central directory (4.3.16) with its 64-bit forms (4.3.14, 4.3.15, 4.5.3),
/// central directory (4.3.12), local headers (4.3.7). Sizes and checksums are those of the central directory.
struct ZipArchive {
    private struct Entry {
        let flags: UInt16
        let method: UInt16
        let checksum: UInt32
        let packedSize: Int
        let size: Int
        let offset: Int
    }

    private let file: String
    private let bytes: Blob
    private var entries: [String: Entry] = [:]
    /// The names in the archive's order.
    private(set) var names: [String] = []

    private static let endSize = 22
    private static let centralSize = 46
    private static let localSize = 30
    /// More entries than any data set has arrays.
    private static let greatestCount = 65_535

    /// Reads the directory of `bytes`; throws the first mistake.
    init(bytes: Blob, file: String) throws(DataProblem) {
        self.bytes = bytes
        self.file = file
        guard bytes.starts(with: Array("PK".utf8)), let end = Self.end(of: bytes) else {
            throw DataProblem(
                .array,
                file: file,
                wrong: "the file is no NPZ archive",
                allowed: "what numpy.savez writes"
            )
        }
        var count = Int(half(end + 10))
        var position = Int(word(end + 16))
        if position == 0xFFFF_FFFF || count == 0xFFFF {
            (count, position) = try large(end)
        }
        guard count <= Self.greatestCount else { throw failed("the archive has too many entries") }
        for _ in 0..<count {
            guard holds(position, Self.centralSize), word(position) == 0x0201_4B50 else {
                throw failed("the archive's directory is damaged")
            }
            let nameSize = Int(half(position + 28))
            let extraSize = Int(half(position + 30))
            let next = position + Self.centralSize + nameSize + extraSize + Int(half(position + 32))
            guard next <= bytes.count else { throw failed("the archive's directory is damaged") }
            let nameStart = position + Self.centralSize
            let name = String(decoding: bytes[nameStart..<nameStart + nameSize], as: UTF8.self)
            let sizes = try sizes(position, extra: nameStart + nameSize, extraSize)
            let entry = Entry(
                flags: half(position + 8),
                method: half(position + 10),
                checksum: word(position + 16),
                packedSize: sizes.packed,
                size: sizes.size,
                offset: sizes.offset
            )
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw failed("two arrays of the archive have the same name", found: "'\(ColumnReader.short(name))'")
            }
            names.append(name)
            position = next
        }
    }

    /// Whether bytes begin as an archive, an empty one too.
    static func isArchive(_ bytes: Blob) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6])
    }

    /// The archive's arrays, in its order.
    private var arrays: [String] { names.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) } }

    /// The name of the only array; throws a mistake where there are more, or none.
    func onlyArray() throws(DataProblem) -> String {
        if let name = arrays.first, arrays.count == 1 { return name }
        throw failed(
            arrays.isEmpty ? "the archive has no array" : "the archive has several arrays",
            found: arrays.isEmpty ? nil : CSVHeader.list(arrays),
            allowed: arrays.isEmpty ? "what numpy.savez writes" : "the name of the one that holds the rows"
        )
    }

    /// The content of the entry `name`, unpacked to at most `limits.unpacked` bytes; throws a mistake.
    func content(of name: String, limits: FileBytes.Limits) throws(DataProblem) -> Blob {
        let limit = limits.unpacked
        guard let entry = entries[name] else {
            throw DataProblem(
                .array,
                file: file,
                wrong: "the archive has no array of this name",
                found: String(name.dropLast(4)),
                allowed: CSVHeader.list(arrays)
            )
        }
        guard entry.flags & 1 == 0 else { throw failed("the array '\(name)' is encrypted") }
        guard holds(entry.offset, Self.localSize), word(entry.offset) == 0x0403_4B50 else {
            throw failed("the array '\(name)' is not where the directory says")
        }
        let start = entry.offset + Self.localSize + Int(half(entry.offset + 26)) + Int(half(entry.offset + 28))
        guard holds(start, entry.packedSize) else { throw failed("the archive ends within the array '\(name)'") }
        guard entry.size <= limit else {
            throw DataProblem(
                .tooLarge,
                file: file,
                wrong: "the array '\(name)' is too large",
                found: "\(entry.size) bytes",
                allowed: "at most \(limit)"
            )
        }
        let content: Blob
        let output = BlobWriter(limit: limits.resident, capacity: entry.size)
        switch entry.method {
        case 0:
            guard entry.size == entry.packedSize else { throw failed("the sizes of the array '\(name)' differ") }
            let failure = bytes.withUnsafeBytes { bytes in
                Self.append(UnsafeRawBufferPointer(rebasing: bytes[start..<start + entry.size]), to: output)
            }
            do throws(NoRoom) {
                if let failure { throw failure }
                content = try output.finish()
            } catch { throw DataProblem(noRoom: error, file: file) }
        case 8:
            // Deflate cannot do better than 1032 : 1 (zlib's technical notes), so this bounds what is allocated.
            guard entry.size <= entry.packedSize * 1032 + 1024 else {
                throw failed("the compressed array '\(name)' is damaged")
            }
            let isWhole: Bool
            do throws(NoRoom) {
                isWhole = try inflate(start..<start + entry.packedSize, size: entry.size, into: output)
                content = try output.finish()
            } catch { throw DataProblem(noRoom: error, file: file) }
            guard isWhole else { throw failed("the compressed array '\(name)' is damaged") }
        default:
            throw failed(
                "the array '\(name)' is compressed in a way that is not read",
                found: "method \(entry.method)",
                allowed: "stored or deflated"
            )
        }
        guard PackedLayout.checksum(content) == entry.checksum else {
            throw failed("the array '\(name)' is damaged: its checksum differs")
        }
        return content
    }

    private func failed(_ wrong: String, found: String? = nil, allowed: String? = nil) -> DataProblem {
        DataProblem(.array, file: file, wrong: wrong, found: found, allowed: allowed)
    }

    /// Where the end of the central directory stands: the last place that looks like it, in front of a comment of at most
    /// 65,535 bytes.
    private static func end(of bytes: Blob) -> Int? {
        var at = bytes.count - endSize
        let least = max(0, at - 65_535)
        while at >= least {
            if bytes[at] == 0x50, bytes[at + 1] == 0x4B, bytes[at + 2] == 5, bytes[at + 3] == 6 { return at }
            at -= 1
        }
        return nil
    }

    /// Count and place of the directory by the 64-bit end record.
    private func large(_ end: Int) throws(DataProblem) -> (count: Int, position: Int) {
        let locator = end - 20
        guard locator >= 0, word(locator) == 0x0706_4B50, let record = long(locator + 8), holds(record, 56),
            word(record) == 0x0606_4B50, let count = long(record + 32), let position = long(record + 48)
        else { throw failed("the archive's directory is damaged") }
        return (count, position)
    }

    private func sizes(
        _ position: Int,
        extra: Int,
        _ extraSize: Int
    ) throws(DataProblem) -> (packed: Int, size: Int, offset: Int) {
        var values = [Int(word(position + 24)), Int(word(position + 20)), Int(word(position + 42))]
        guard values.contains(0xFFFF_FFFF) else { return (values[1], values[0], values[2]) }
        var at = extra
        while at + 4 <= extra + extraSize {
            let end = at + 4 + Int(half(at + 2))
            guard end <= extra + extraSize else { break }
            if half(at) == 1 {
                var field = at + 4
                for index in values.indices where values[index] == 0xFFFF_FFFF {
                    guard field + 8 <= end, let value = long(field) else {
                        throw failed("the archive's directory is damaged")
                    }
                    values[index] = value
                    field += 8
                }
                return (values[1], values[0], values[2])
            }
            at = end
        }
        throw failed("the archive's directory is damaged")
    }

    /// Adds bytes piece by piece, so that the writer need not hold all of them in memory.
    private static func append(_ bytes: UnsafeRawBufferPointer, to output: BlobWriter) -> NoRoom? {
        do throws(NoRoom) {
            for start in stride(from: 0, to: bytes.count, by: pieceSize) {
                try output.append(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + pieceSize, bytes.count)]))
            }
            return nil
        } catch { return error }
    }

    /// Unpacks the bytes of a range; false when they are damaged or do not unpack to `size` bytes.
    private func inflate(_ range: Range<Int>, size: Int, into output: BlobWriter) throws(NoRoom) -> Bool {
        var stream = z_stream()
        // Minus 15 bits of window: deflate alone, without header or checksum.
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return false
        }
        defer { inflateEnd(&stream) }
        let piece = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.pieceSize)
        defer { piece.deallocate() }
        var failure: NoRoom?
        let isWhole = bytes.withUnsafeBufferPointer { bytes in
            let input = UnsafeBufferPointer(rebasing: bytes[range])
            var offset = 0
            while true {
                // zlib counts in 32 bits.
                let offered = min(input.count - offset, 1 << 30)
                stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + offset) }
                stream.avail_in = uInt(offered)
                stream.next_out = piece
                stream.avail_out = uInt(Self.pieceSize)
                let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                let taken = offered - Int(stream.avail_in)
                let given = Self.pieceSize - Int(stream.avail_out)
                offset += taken
                // An array that is longer than the directory says.
                guard output.count + given <= size else { return false }
                failure = Self.append(UnsafeRawBufferPointer(start: piece, count: given), to: output)
                guard failure == nil else { return false }
                if status == Z_STREAM_END { return output.count == size }
                guard status == Z_OK, taken > 0 || given > 0 else { return false }
            }
        }
        if let failure { throw failure }
        return isWhole
    }

    private static let pieceSize = 1 << 18

    private func holds(_ position: Int, _ count: Int) -> Bool {
        position >= 0 && count >= 0 && position <= bytes.count && count <= bytes.count - position
    }

    // The callers have checked that the bytes are there.
    private func half(_ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }

    private func word(_ at: Int) -> UInt32 { UInt32(half(at)) | UInt32(half(at + 2)) << 16 }

    /// A size of 64 bits; nil when it is beyond any file.
    private func long(_ at: Int) -> Int? {
        let value = UInt64(word(at)) | UInt64(word(at + 4)) << 32
        return value < 1 << 48 ? Int(value) : nil
    }
}
