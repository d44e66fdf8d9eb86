package import SweepReports
package import SweepTraining

/// Named tensors of float32 and texts about them, as the safetensors format stores them.
///
/// The bytes: the length n of the header (64 bits, little-endian), n bytes of JSON (a member a tensor:
/// `{"dtype": "F32", "shape": […], "data_offsets": [begin, end]}`, offsets from the header's end; `"__metadata__"` maps names
/// to texts), then the numbers, little-endian, row-major, tensor after tensor without a gap.
/// Source: https://github.com/huggingface/safetensors, README, "Format".
package struct SafetensorsFile: Hashable, Sendable {
    package var metadata: [String: String]
    /// In the order of their bytes; no two have the same name.
    package var tensors: [ParameterValues]

    package init(metadata: [String: String], tensors: [ParameterValues]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// The greatest header that is read: the limit of the format's own implementation.
    package static let greatestHeader = 100_000_000
    private static let metadataKey = "__metadata__"
    private static let lengthBytes = 8
    /// Numbers begin at a multiple of this many bytes.
    private static let alignment = 8
}

/// Why bytes are no safetensors file that can be read.
package enum SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Fewer bytes than the header says there are.
    case truncated
    /// The header is longer than any that is read.
    case headerTooLong(UInt64)
    case header(JSONError)
    /// The header is JSON, but not of the form it should have.
    case form(DocumentError)
    /// A tensor whose bytes are not where they should be, or are not as many as its shape needs.
    case place(tensor: String)
    /// Bytes behind the last tensor.
    case excess(Int)

    package var description: String {
        switch self {
        case .truncated: "the file ends too early"
        case .headerTooLong(let length):
            "it is no safetensors file, as `sweepd export --safetensors` writes: its header would have \(length) bytes, "
                + "allowed at most \(SafetensorsFile.greatestHeader)"
        case .header(let error): "its header is \(error)"
        case .form(let error): "in its header \(error)"
        case .place(let tensor): "the bytes of tensor '\(tensor)' do not fit its shape or the tensor before it"
        case .excess(let count): "\(count) bytes follow the last tensor"
        }
    }
}

extension SafetensorsFile {
    /// The file's bytes: the same content gives the same bytes.
    package var bytes: [UInt8] {
        var members: [JSONMember] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { JSONMember($0.key, .text($0.value)) }
            members.append(JSONMember(Self.metadataKey, .object(texts)))
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + 4 * tensor.values.count
            members.append(
                JSONMember(
                    tensor.name,
                    .object([
                        JSONMember("dtype", .text("F32")),
                        JSONMember("shape", .array(tensor.shape.map { .integer($0) })),
                        JSONMember("data_offsets", .array([.integer(offset), .integer(end)])),
                    ])
                )
            )
            offset = end
        }
        var header = JSONValue.object(members).bytes
        while header.count % Self.alignment != 0 { header.append(UInt8(ascii: " ")) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.lengthBytes + header.count + offset)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes += header
        for tensor in tensors {
            #if _endian(little)
                tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
            #else
                for value in tensor.values {
                    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
                }
            #endif
        }
        return bytes
    }

    /// Reads a file; bytes that are none are refused, never a trap.
    package init(bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= Self.lengthBytes else { throw .truncated }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(Self.greatestHeader) else { throw .headerTooLong(length) }
        let start = Self.lengthBytes + Int(length)
        guard start <= bytes.count else { throw .truncated }
        let header: JSONValue
        do throws(JSONError) {
            header = try JSONValue(
                parsing: Array(bytes[Self.lengthBytes..<start]),
                limits: JSONValue.Limits(bytes: Self.greatestHeader, depth: 4)
            )
        } catch { throw .header(error) }
        do throws(DocumentError) {
            metadata = try Self.metadata(of: header)
        } catch { throw .form(error) }
        tensors = try Self.tensors(of: header, bytes[start...])
    }

    private static func metadata(of header: JSONValue) throws(DocumentError) -> [String: String] {
        guard let texts = DocumentReader(header).optional(metadataKey) else { return [:] }
        var metadata: [String: String] = [:]
        for (key, text) in try texts.members() { metadata[key] = try text.text() }
        return metadata
    }

    private struct Entry {
        let name: String
        let shape: [Int]
        let begin: Int
        let end: Int
    }

    private static func tensors(
        of header: JSONValue,
        _ data: ArraySlice<UInt8>
    ) throws(SafetensorsError) -> [ParameterValues] {
        var entries: [Entry] = []
        do throws(DocumentError) {
            for (name, reader) in try DocumentReader(header).members() where name != metadataKey {
                let type = try reader.field("dtype").text()
                guard type == "F32" else { throw try reader.field("dtype").wrong("F32, found \(type)") }
                entries.append(try entry(name, reader))
            }
        } catch { throw .form(error) }
        var tensors: [ParameterValues] = []
        var offset = 0
        for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard let count = count(entry.shape), entry.begin == offset, entry.end <= data.count,
                entry.end - entry.begin == 4 * count
            else { throw .place(tensor: entry.name) }
            offset = entry.end
            let piece = data[(data.startIndex + entry.begin)..<(data.startIndex + entry.end)]
            tensors.append(ParameterValues(name: entry.name, shape: entry.shape, values: floats(piece)))
        }
        guard offset == data.count else { throw .excess(data.count - offset) }
        return tensors
    }

    private static func entry(_ name: String, _ reader: DocumentReader) throws(DocumentError) -> Entry {
        let shape = try reader.field("shape").items().each { side throws(DocumentError) in try side.size() }
        let place = try reader.field("data_offsets")
        let offsets = try place.items().each { offset throws(DocumentError) in try offset.size() }
        guard offsets.count == 2, offsets[0] <= offsets[1] else { throw place.wrong("two numbers in order") }
        return Entry(name: name, shape: shape, begin: offsets[0], end: offsets[1])
    }

    /// The product of the sides; nil beyond what a file can hold.
    private static func count(_ shape: [Int]) -> Int? {
        var count = 1
        for side in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: side)
            guard !overflow, product <= 1 << 40 else { return nil }
            count = product
        }
        return count
    }

    private static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            (0..<(bytes.count / 4)).map { index in
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                    )
                )
            }
        }
    }
}

extension DocumentReader {
    /// A whole number from 0 that sizes of files stay below.
    fileprivate func size() throws(DocumentError) -> Int {
        let number = try integer()
        guard (0...(1 << 40)).contains(number) else { throw wrong("a whole number from 0") }
        return number
    }
}
