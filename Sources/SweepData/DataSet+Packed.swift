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
    /// The data set in the packed form (see `PackedLayout`); equal data sets have equal bytes.
    package func packed() -> [UInt8] {
        let isBytes = features.allSatisfy { $0 >= 0 && $0 <= 255 && Float(UInt8($0)).bitPattern == $0.bitPattern }
        let classes: [String]
        switch schema.task {
        case .classification(let labels, _): classes = labels
        case .regression: classes = []
        }
        var writer = PackedWriter()
        writer.bytes.reserveCapacity(
            PackedLayout.headerSize + 32 * (featureCount + classes.count + 1) + features.count * (isBytes ? 1 : 4)
                + rowCount * 8 + PackedLayout.checksumSize
        )
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
        if isBytes {
            writer.bytes.append(contentsOf: features.lazy.map { UInt8($0) })
        } else {
            for value in features { writer.append(value.bitPattern) }
        }
        switch targets {
        case .classes(let indices): for index in indices { writer.append(UInt32(bitPattern: index)) }
        case .values(let values): for value in values { writer.append(value.bitPattern) }
        }
        for rows in [split.training, split.validation, split.test] {
            for row in rows { writer.append(UInt32(bitPattern: row)) }
        }
        if !startingWeights.isEmpty { writer.append(startingWeights) }
        return PackedWriter.sealed(writer.bytes)
    }

    /// The name of packed bytes: SHA-256 of them and their number.
    package static func id(ofPacked packed: [UInt8]) -> DataSetID {
        guard let hash = ContentHash(bytes: SHA256.digest(packed)) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return DataSetID(hash: hash, size: packed.count)
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

    /// The content with its length filled in and its checksum behind it.
    static func sealed(_ content: [UInt8]) -> [UInt8] {
        var sealed = content
        let length = UInt64(content.count + PackedLayout.checksumSize)
        for index in 0..<8 where 12 + index < sealed.count {
            sealed[12 + index] = UInt8(truncatingIfNeeded: length >> UInt64(8 * index))
        }
        let checksum = PackedLayout.checksum(sealed)
        for index in 0..<4 { sealed.append(UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))) }
        return sealed
    }
}
