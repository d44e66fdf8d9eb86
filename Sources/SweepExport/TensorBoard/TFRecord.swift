/// TensorFlow's record files: a length, its checksum, the bytes, their checksum.
///
/// Source: tensorflow/core/lib/io/record_writer.h. Numbers are little-endian.
package enum TFRecord {
    /// `records` one behind the other.
    package static func file(_ records: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for record in records {
            let length = littleEndian(UInt64(record.count))
            bytes += length
            bytes += littleEndian(maskedChecksum(length))
            bytes += record
            bytes += littleEndian(maskedChecksum(record))
        }
        return bytes
    }

    /// CRC-32C, rotated and moved, so that a checksum of bytes which hold checksums says something. Source: crc32c.h there.
    package static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
        let checksum = crc32c(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
    }

    /// CRC-32C (Castagnoli). Source: RFC 3720, appendix B.4.
    package static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
