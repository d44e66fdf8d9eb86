/// An array in the IDX format: a type, up to 255 sizes, and the elements, big-endian.
///
/// Source: Y. LeCun's description beside the MNIST data: two zero bytes, a byte for the type, a byte for the number of
/// dimensions, a 32-bit size each, the elements with the last dimension running fastest.
package struct IDXFile: NumberArray {
    /// The type of the elements.
    package enum ElementType: UInt8, CaseIterable, Sendable {
        case unsignedByte = 0x08
        case signedByte = 0x09
        case short = 0x0B
        case int = 0x0C
        case float = 0x0D
        case double = 0x0E

        /// Bytes of an element.
        var size: Int {
            switch self {
            case .unsignedByte, .signedByte: 1
            case .short: 2
            case .int, .float: 4
            case .double: 8
            }
        }
    }

    /// The type of the elements.
    package let type: ElementType
    /// The size of each dimension; the first counts the rows.
    package let sizes: [Int]
    private let bytes: Blob
    private let start: Int

    /// The elements in all.
    package var elementCount: Int { sizes.reduce(1, *) }
    var canBeMissing: Bool { type == .float || type == .double }

    /// Reads the sizes of `bytes` and compares them with what is there; throws the first mistake.
    package init(bytes: Blob, file: String) throws(DataProblem) {
        guard bytes.count >= 4 else {
            throw DataProblem(
                .idx,
                file: file,
                wrong: "the file is too short for the IDX format",
                found: "\(bytes.count) bytes",
                allowed: "at least a header of 8 bytes"
            )
        }
        guard bytes[0] == 0, bytes[1] == 0, let type = ElementType(rawValue: bytes[2]) else {
            let found = bytes[..<4].map { Self.hex($0) }.joined(separator: " ")
            throw DataProblem(
                .idx,
                file: file,
                wrong: "the file does not start as an IDX file",
                found: "the bytes \(found)",
                allowed: "00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of dimensions"
            )
        }
        let dimensions = Int(bytes[3])
        guard dimensions > 0 else {
            throw DataProblem(.idx, file: file, wrong: "the IDX file has no dimensions", allowed: "1 or more")
        }
        start = 4 + 4 * dimensions
        guard bytes.count >= start else {
            throw DataProblem(
                .idx,
                file: file,
                wrong: "the IDX file ends within its header",
                found: "\(bytes.count) bytes",
                allowed: "\(start) for \(dimensions) dimensions"
            )
        }
        var sizes: [Int] = []
        var count = 1
        var overflows = false
        for dimension in 0..<dimensions {
            let size = Int(Self.word(bytes, 4 + 4 * dimension))
            sizes.append(size)
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            (count, overflows) = (product, overflows || overflow)
        }
        let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
        let shape = sizes.map { String($0) }.joined(separator: " × ")
        let (expected, sumOverflow) = size.addingReportingOverflow(start)
        guard !overflows, !overflow, !sumOverflow, bytes.count >= expected else {
            throw DataProblem(
                .idx,
                file: file,
                wrong: "the IDX file ends too early",
                found: "\(bytes.count) bytes",
                allowed: overflows || overflow || sumOverflow
                    ? "more than can be, for \(shape) elements" : "\(expected) for \(shape) elements of \(type.size)"
            )
        }
        guard bytes.count == expected else {
            throw DataProblem(
                .idx,
                file: file,
                wrong: "bytes stand after the end of the IDX data",
                found: "\(bytes.count - expected) more",
                allowed: "\(expected) in all for \(shape) elements"
            )
        }
        guard !sizes.contains(0) else {
            throw DataProblem(.empty, file: file, wrong: "the IDX file has no elements", found: shape)
        }
        self.type = type
        self.sizes = sizes
        self.bytes = bytes
    }

    /// All elements as floats; doubles and large integers are rounded to the nearest float, which may be infinite.
    func write(to output: UnsafeMutablePointer<Float>) {
        let count = elementCount
        if type == .unsignedByte {
            bytes.withUnsafeBufferPointer { input in
                for index in 0..<count { output[index] = Float(input[start + index]) }
            }
        } else {
            for index in 0..<count { output[index] = Float(self[index]) }
        }
    }

    /// The element at `index`, in the order of the file.
    package subscript(index: Int) -> Double {
        precondition(index >= 0 && index < elementCount, "the index is out of range")
        let at = start + index * type.size
        switch type {
        case .unsignedByte: return Double(bytes[at])
        case .signedByte: return Double(Int8(bitPattern: bytes[at]))
        case .short: return Double(Int16(bitPattern: UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])))
        case .int: return Double(Int32(bitPattern: Self.word(bytes, at)))
        case .float: return Double(Float(bitPattern: Self.word(bytes, at)))
        case .double:
            return Double(bitPattern: UInt64(Self.word(bytes, at)) << 32 | UInt64(Self.word(bytes, at + 4)))
        }
    }

    private static func word(_ bytes: Blob, _ at: Int) -> UInt32 {
        UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
