/// An array in the NPY format of NumPy: versions 1 to 3, C order, integers, truth values and floats of either byte order.
///
/// Source: NEP 1, "A Simple File Format for NumPy Arrays", and `numpy.lib.format` for versions 2 and 3.
struct NPYFile: NumberArray {
    private enum Element {
        case unsigned, signed, float
    }

    let sizes: [Int]
    private let element: Element
    /// Bytes of an element: 1, 2, 4 or 8.
    private let width: Int
    private let isBigEndian: Bool
    private let bytes: Blob
    private let start: Int

    var canBeMissing: Bool { element == .float }

    /// What an NPY file begins with.
    static let mark = [0x93] + Array("NUMPY".utf8)
    /// The longest header: a shape of 32 dimensions takes less than 1 KiB, structured types are not read.
    private static let greatestHeader = 1 << 16

    /// Reads the header of `bytes` and compares the sizes with what is there; throws the first mistake.
    init(bytes: Blob, file: String) throws(DataProblem) {
        func failed(_ wrong: String, found: String? = nil, allowed: String? = nil) -> DataProblem {
            DataProblem(.array, file: file, wrong: wrong, found: found, allowed: allowed)
        }
        guard bytes.starts(with: Self.mark) else {
            throw failed("the file does not start as an NPY file", allowed: "what numpy.save writes")
        }
        guard bytes.count >= 10 else { throw failed("the NPY file ends within its header") }
        guard 1...3 ~= bytes[6] else {
            throw failed("the NPY file has a version that is not known", found: "\(bytes[6])", allowed: "1, 2 or 3")
        }
        var length = Int(bytes[8]) | Int(bytes[9]) << 8
        var start = 10
        if bytes[6] > 1 {
            guard bytes.count >= 12 else { throw failed("the NPY file ends within its header") }
            length |= Int(bytes[10]) << 16 | Int(bytes[11]) << 24
            start = 12
        }
        guard length <= Self.greatestHeader else {
            throw failed("the NPY file's header is too long", found: "\(length) bytes")
        }
        guard length <= bytes.count - start else { throw failed("the NPY file ends within its header") }
        let header: NPYHeader
        do throws(NPYHeader.Fault) {
            header = try NPYHeader(Array(bytes[start..<start + length]))
        } catch {
            throw failed("the NPY file's header is not valid: \(error.wrong)", allowed: "what numpy.save writes")
        }
        start += length
        guard let (element, width, isBigEndian) = Self.type(header.type) else {
            throw failed(
                "the array has elements of a type that is not read",
                found: "'\(header.type)'",
                allowed: "b1, u1, u2, u4, u8, i1, i2, i4, i8, f2, f4 or f8; use astype"
            )
        }
        guard !header.isFortranOrder || header.sizes.count(where: { $0 > 1 }) < 2 else {
            throw failed(
                "the array is stored column after column (Fortran order)",
                allowed: "row after row; use numpy.ascontiguousarray"
            )
        }
        guard !header.sizes.isEmpty else {
            throw failed("the array is a single number", allowed: "1 or more dimensions")
        }
        var size = width
        for dimension in header.sizes {
            let (product, overflows) = size.multipliedReportingOverflow(by: dimension)
            guard !overflows else { throw failed("the array has more elements than can be") }
            size = product
        }
        guard size <= bytes.count - start else {
            throw failed(
                "the NPY file ends too early",
                found: "\(bytes.count) bytes",
                allowed: "\(size.addingReportingOverflow(start).partialValue)"
            )
        }
        guard size == bytes.count - start else {
            throw failed("bytes stand after the end of the array", found: "\(bytes.count - start - size) more")
        }
        sizes = header.sizes
        self.element = element
        self.width = width
        self.isBigEndian = isBigEndian
        self.bytes = bytes
        self.start = start
        guard size > 0 else { throw DataProblem(.empty, file: file, wrong: "the array has no elements", found: shape) }
    }

    private static func type(_ text: String) -> (Element, width: Int, isBigEndian: Bool)? {
        var text = Substring(text)
        let order = text.first
        if let order, "<>|=".contains(order) { text = text.dropFirst() }
        // The machines that are built for are little-endian.
        let isBigEndian = order == ">"
        switch text {
        case "b1", "?", "u1", "B": return (.unsigned, 1, false)
        case "i1", "b": return (.signed, 1, false)
        case "u2": return (.unsigned, 2, isBigEndian)
        case "u4": return (.unsigned, 4, isBigEndian)
        case "u8": return (.unsigned, 8, isBigEndian)
        case "i2": return (.signed, 2, isBigEndian)
        case "i4": return (.signed, 4, isBigEndian)
        case "i8": return (.signed, 8, isBigEndian)
        case "f2": return (.float, 2, isBigEndian)
        case "f4": return (.float, 4, isBigEndian)
        case "f8": return (.float, 8, isBigEndian)
        default: return nil
        }
    }

    func write(to output: UnsafeMutablePointer<Float>) {
        let count = elementCount
        bytes.withUnsafeBytes { input in
            if element == .unsigned, width == 1 {
                for index in 0..<count { output[index] = Float(input[start + index]) }
            } else {
                for index in 0..<count { output[index] = Float(value(input, index)) }
            }
        }
    }

    subscript(index: Int) -> Double {
        precondition(index >= 0 && index < elementCount, "the index is out of range")
        return bytes.withUnsafeBytes { value($0, index) }
    }

    private func value(_ input: UnsafeRawBufferPointer, _ index: Int) -> Double {
        let at = start + index * width
        var word: UInt64
        switch width {
        case 1: word = UInt64(input[at])
        case 2: word = UInt64(ordered(input.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
        case 4: word = UInt64(ordered(input.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
        default: word = ordered(input.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
        switch element {
        case .unsigned: return Double(word)
        case .signed:
            let unused = UInt64(64 - 8 * width)
            word <<= unused
            return Double(Int64(bitPattern: word) >> Int64(unused))
        case .float:
            switch width {
            case 2: return Self.half(UInt16(truncatingIfNeeded: word))
            case 4: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
            default: return Double(bitPattern: word)
            }
        }
    }

    private func ordered<Word: FixedWidthInteger>(_ word: Word) -> Word {
        isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
    }

    /// The value of a half-precision float (IEEE 754 binary16); `Float16` is not on every platform.
    private static func half(_ bits: UInt16) -> Double {
        let fraction = Double(bits & 0x3FF)
        let exponent = Int(bits >> 10 & 0x1F)
        let size: Double =
            switch exponent {
            case 0: fraction * 0x1p-24
            case 31: fraction == 0 ? .infinity : .nan
            default: Double(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
            }
        return bits >> 15 == 1 ? -size : size
    }
}

/// The header of an NPY file: a Python dictionary of three entries.
private struct NPYHeader {
    struct Fault: Error {
        let wrong: String
    }

    private(set) var type = ""
    private(set) var isFortranOrder = false
    private(set) var sizes: [Int] = []

    private let text: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) throws(Fault) {
        text = bytes
        var seen: Set<String> = []
        try expect("{")
        while !skip("}") {
            let key = try quoted()
            guard seen.insert(key).inserted else { throw Fault(wrong: "'\(key)' stands twice") }
            try expect(":")
            switch key {
            case "descr":
                skipBlanks()
                guard position < text.count, text[position] != UInt8(ascii: "[") else {
                    throw Fault(wrong: "a structured type; one array a type is read")
                }
                type = try quoted()
            case "fortran_order":
                if skip("True") { isFortranOrder = true } else { try expect("False") }
            case "shape": try readSizes()
            default: throw Fault(wrong: "'\(ColumnReader.short(key))' is no entry of an NPY header")
            }
            _ = skip(",")
        }
        guard seen.count == 3 else { throw Fault(wrong: "descr, fortran_order and shape are not all there") }
    }

    private mutating func readSizes() throws(Fault) {
        try expect("(")
        while !skip(")") {
            skipBlanks()
            var size = 0
            var digits = 0
            while position < text.count, text[position] &- 48 < 10 {
                let (tens, overflows) = size.multipliedReportingOverflow(by: 10)
                let (sum, overflowsToo) = tens.addingReportingOverflow(Int(text[position] &- 48))
                guard !overflows, !overflowsToo else { throw Fault(wrong: "a size is too large") }
                size = sum
                digits += 1
                position += 1
            }
            guard digits > 0 else { throw Fault(wrong: "the shape holds something other than numbers") }
            // Python 2 wrote long integers so.
            _ = skip("L")
            guard sizes.count < 32 else { throw Fault(wrong: "more than 32 dimensions") }
            sizes.append(size)
            _ = skip(",")
        }
    }

    private mutating func skipBlanks() {
        while position < text.count, text[position] == 32 || text[position] == 9 || text[position] == 10 {
            position += 1
        }
    }

    private mutating func skip(_ word: String) -> Bool {
        skipBlanks()
        guard text[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func expect(_ word: String) throws(Fault) {
        if !skip(word) { throw Fault(wrong: "'\(word)' is missing at its byte \(position)") }
    }

    private mutating func quoted() throws(Fault) -> String {
        skipBlanks()
        guard position < text.count, text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"") else {
            throw Fault(wrong: "a text in quotes is missing at its byte \(position)")
        }
        let quote = text[position]
        guard let end = text[(position + 1)...].firstIndex(of: quote) else { throw Fault(wrong: "a quote without end") }
        let content = String(decoding: text[(position + 1)..<end], as: UTF8.self)
        position = end + 1
        return content
    }
}
