/// Files of the formats that data may be in, made as simply as each format allows.
enum FileSamples {
    /// An array of float32 in the NPY format.
    static func npy(_ shape: [Int], _ values: [Float]) -> [UInt8] {
        let sizes = shape.map(String.init).joined(separator: ", ")
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)\(shape.count == 1 ? "," : "")), }\n"
        let text = Array(header.utf8)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text
            + values.flatMap { little($0.bitPattern) }
    }

    /// An archive of arrays, stored.
    static func npz(_ arrays: [(name: String, content: [UInt8])]) -> [UInt8] {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for array in arrays {
            let name = Array("\(array.name).npy".utf8)
            let size = little(UInt32(array.content.count))
            let common: [UInt8] =
                [20, 0, 0, 0, 0, 0, 0, 0, 0, 0] + little(checksum(array.content)) + size + size
                + little(UInt16(name.count)) + [0, 0]
            directory += [0x50, 0x4B, 1, 2, 20, 0] + common + [UInt8](repeating: 0, count: 10)
            directory += little(UInt32(archive.count)) + name
            archive += [0x50, 0x4B, 3, 4] + common + name + array.content
        }
        let count = little(UInt16(arrays.count))
        return archive + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count
            + little(UInt32(directory.count)) + little(UInt32(archive.count)) + [0, 0]
    }

    /// An IDX file of bytes.
    static func idx(_ shape: [Int], _ values: [UInt8]) -> [UInt8] {
        [0, 0, 8, UInt8(shape.count)] + shape.flatMap { big(UInt32($0)) } + values
    }

    /// A grey PNG file, its pixels stored without compression.
    static func png(height: Int, width: Int, _ pixels: [UInt8]) -> [UInt8] {
        func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
            let body = Array(type.utf8) + content
            return big(UInt32(content.count)) + body + big(checksum(body))
        }
        let rows: [UInt8] = (0..<height).flatMap { [0] + pixels[$0 * width..<($0 + 1) * width] }
        var (first, second): (UInt32, UInt32) = (1, 0)
        for byte in rows {
            first = (first + UInt32(byte)) % 65_521
            second = (second + first) % 65_521
        }
        let size = UInt16(rows.count)
        let packed: [UInt8] = [0x78, 0x01, 1] + little(size) + little(~size) + rows + big(second << 16 | first)
        let header = big(UInt32(width)) + big(UInt32(height)) + [8, 0, 0, 0, 0]
        let chunks = chunk("IHDR", header) + chunk("IDAT", packed) + chunk("IEND", [])
        return [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + chunks
    }

    private static func little(_ word: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: word.littleEndian) { Array($0) }
    }

    private static func big(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.bigEndian) { Array($0) } }

    /// CRC-32, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF as UInt32) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { word, _ in word & 1 == 1 ? word >> 1 ^ 0xEDB8_8320 : word >> 1 }
        }
    }
}
