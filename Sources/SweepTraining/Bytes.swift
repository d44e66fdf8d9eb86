/// Appends little-endian values to bytes.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(bytes more: [UInt8]) { bytes.append(contentsOf: more) }

    mutating func write(floats: UnsafeBufferPointer<Float>) {
        #if _endian(little)
            bytes.append(contentsOf: UnsafeRawBufferPointer(floats))
        #else
            for float in floats { write(float.bitPattern) }
        #endif
    }
}

/// Takes little-endian values from bytes; past the end everything is zero.
struct ByteReader {
    private let bytes: [UInt8]
    private var offset: Int

    init(bytes: [UInt8], offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func skip(_ count: Int) { offset += count }

    mutating func read<Value: FixedWidthInteger>() -> Value {
        let size = MemoryLayout<Value>.size
        defer { offset += size }
        guard offset >= 0, size <= bytes.count - offset else { return 0 }
        return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
    }

    mutating func read(into floats: UnsafeMutableBufferPointer<Float>) {
        for index in floats.indices { floats[index] = Float(bitPattern: read()) }
    }
}
