internal import CZlib
package import SweepCore

/// The packed form, versions 1 to 3: what is stored and sent to workers. All numbers little-endian.
///
/// | bytes | what |
/// |---|---|
/// | 8 | magic `SWPDDATA` |
/// | 4 | version |
/// | 8 | length of the whole in bytes |
/// | 4 × 1 | task (0 classes, 1 numbers), features (0 float32, 1 uint8), image (0 no, 1 yes), version 1: zero, later: channels |
/// | 8 × 4 | rows, features, image height, image width, classes, training rows, validation rows, test rows |
/// | texts | target name, names of features: each 4 bytes of length and UTF-8 |
/// | kinds | not in version 1, a byte a feature: 0 number, 1 one-hot, 2 ordinal, 3 buckets, 4 day, 5 second of the day; after 1 and 2 follow 4 bytes, the number of categories, and a text each; after 3 4 bytes, the number of buckets |
/// | texts | labels of classes |
/// | rows × features × 4 or 1 | features, row after row |
/// | rows × 4 | class indices (int32) or numbers (float32) |
/// | rows × 4 | row numbers: training, validation, test, each ascending |
/// | weights | version 3 only: 4 bytes, the number of files; of each its name (a text), the number of tensors, and of each tensor its name (a text), rank, sides (4 bytes each) and float32 numbers |
/// | 4 | CRC-32 (as in gzip) of all bytes before it |
///
/// Features are bytes when each is an integer from 0 to 255 (images: a quarter of the size); they decode to the same
/// floats. The least version that says all is written (1: numbers, images of one channel; 2: without weights), so that data of
/// earlier builds keeps its name; all are read.
enum PackedLayout {
    static let magic = Array("SWPDDATA".utf8)
    static let versions: ClosedRange<UInt32> = 1...3
    /// Bytes before the texts.
    static let headerSize = 8 + 4 + 8 + 4 + 8 * 4
    static let checksumSize = 4

    /// CRC-32 of `bytes`.
    static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        let value = bytes.withContiguousStorageIfAvailable { crc32_z(0, $0.baseAddress, $0.count) }
        return UInt32(
            truncatingIfNeeded: value ?? Array(bytes).withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
        )
    }
}

extension DataSet {
    /// The data set in the packed form (see `PackedLayout`), in memory; equal data sets have equal bytes.
    package func packed() -> [UInt8] {
        do throws(NoRoom) { return try packedForm(resident: .max).array } catch {
            preconditionFailure("what is in memory needs no file: \(error)")
        }
    }

    /// The data set in the packed form, beyond `resident` bytes in a file.
    package func packedForm(resident: Int = ResidentLimit.bytes) throws(NoRoom) -> Blob {
        let isBytes = features.withUnsafeBufferPointer { features in
            features.allSatisfy { $0 >= 0 && $0 <= 255 && Float(UInt8($0)).bitPattern == $0.bitPattern }
        }
        var weights = PackedWriter()
        if !startingWeights.isEmpty { weights.append(startingWeights) }
        var head = head(isBytes: isBytes)
        let size =
            head.bytes.count + features.count * (isBytes ? 1 : 4) + rowCount * 8 + weights.bytes.count
            + PackedLayout.checksumSize
        head.setLength(size)
        var output = PackedOutput(limit: resident, capacity: size)
        try output.append(head.bytes)
        if isBytes {
            try output.append(features.count) { UInt8(features[$0]) }
        } else {
            try output.append(features.count) { features[$0].bitPattern.littleEndian }
        }
        switch targets {
        case .classes(let indices):
            try output.append(indices.count) { UInt32(bitPattern: indices[$0]).littleEndian }
        case .values(let values):
            try output.append(values.count) { values[$0].bitPattern.littleEndian }
        }
        for rows in [split.training, split.validation, split.test] {
            try output.append(rows.count) { UInt32(bitPattern: rows[$0]).littleEndian }
        }
        try output.append(weights.bytes)
        return try output.sealed()
    }

    /// What stands before the features, its length still 0.
    private func head(isBytes: Bool) -> PackedWriter {
        let classes: [String]
        switch schema.task {
        case .classification(let labels, _): classes = labels
        case .regression: classes = []
        }
        var writer = PackedWriter()
        writer.bytes += PackedLayout.magic
        let channels = schema.image?.channels ?? 0
        let isPlain = channels <= 1 && columns.allSatisfy { $0.kind == .number } && startingWeights.isEmpty
        writer.append(isPlain ? 1 : startingWeights.isEmpty ? 2 : UInt32(3))
        writer.append(UInt64(0))
        writer.bytes += [
            classes.isEmpty ? 1 : 0, isBytes ? 1 : 0, schema.image == nil ? 0 : 1, isPlain ? 0 : UInt8(channels),
        ]
        let counts = [
            rowCount, featureCount, schema.image?.height ?? 0, schema.image?.width ?? 0, classes.count,
            split.training.count, split.validation.count, split.test.count,
        ]
        for count in counts { writer.append(UInt32(count)) }
        for text in [targetName] + schema.features { writer.append(text) }
        if !isPlain { for column in columns { writer.append(column.kind) } }
        for text in classes { writer.append(text) }
        return writer
    }

    /// The name of packed bytes: SHA-256 of them and their number.
    package static func id(ofPacked packed: [UInt8]) -> DataSetID { id(ofPacked: Blob(packed)) }

    /// The name of packed bytes: SHA-256 of them and their number.
    package static func id(ofPacked packed: Blob) -> DataSetID {
        guard let hash = ContentHash(bytes: SHA256.digest(packed)) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return DataSetID(hash: hash, size: packed.count)
    }
}

/// Writes the packed form with its checksum, piece after piece.
private struct PackedOutput {
    private let writer: BlobWriter
    private var checksum: UInt = 0

    init(limit: Int, capacity: Int) { writer = BlobWriter(limit: limit, capacity: capacity) }

    mutating func append(_ bytes: [UInt8]) throws(NoRoom) {
        // Of no bytes at no address zlib says the checksum of the start.
        guard !bytes.isEmpty else { return }
        checksum = bytes.withUnsafeBufferPointer { crc32_z(checksum, $0.baseAddress, $0.count) }
        try writer.append(bytes)
    }

    /// Appends `count` words as they stand in memory.
    mutating func append<Word: FixedWidthInteger>(
        _ count: Int,
        _ word: (Int) -> Word
    ) throws(NoRoom) {
        // Words of a piece, enough for a call to cost little.
        let piece = 1 << 16
        var start = 0
        while start < count {
            let words = (start..<min(start + piece, count)).map(word)
            var bytes = [UInt8]()
            words.withUnsafeBytes { bytes = Array($0) }
            try append(bytes)
            start += piece
        }
    }

    /// All bytes, with their checksum behind them.
    mutating func sealed() throws(NoRoom) -> Blob {
        let sum = UInt32(truncatingIfNeeded: checksum)
        try writer.append((0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) })
        return try writer.finish()
    }
}

/// Builds the packed form.
struct PackedWriter {
    var bytes: [UInt8] = []

    mutating func append(_ word: UInt32) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ word: UInt64) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ kind: DataColumn.Kind) {
        switch kind {
        case .number: bytes.append(0)
        case .oneHot(let categories), .ordinal(let categories):
            if case .oneHot = kind { bytes.append(1) } else { bytes.append(2) }
            append(UInt32(categories.count))
            for category in categories { append(category) }
        case .buckets(let count):
            bytes.append(3)
            append(UInt32(count))
        case .day: bytes.append(4)
        case .secondOfDay: bytes.append(5)
        }
    }

    /// Fills in the length of the whole.
    mutating func setLength(_ length: Int) {
        for index in 0..<8 { bytes[12 + index] = UInt8(truncatingIfNeeded: UInt64(length) >> UInt64(8 * index)) }
    }
}
