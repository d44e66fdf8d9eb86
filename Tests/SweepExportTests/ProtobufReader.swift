/// Reads the wire format of protocol buffers, so that an exported file is looked at without the code that wrote it.
///
/// Source: https://protobuf.dev/programming-guides/encoding.
struct ProtobufReader {
    enum Value: Equatable {
        case integer(UInt64)
        case fixed(UInt32)
        case bytes([UInt8])
    }

    struct Failure: Error {}

    /// The fields in their order.
    private(set) var fields: [(number: Int, value: Value)] = []

    init(_ bytes: [UInt8]) throws {
        var position = 0
        func varint() throws -> UInt64 {
            var (value, shift) = (UInt64(0), UInt64(0))
            while true {
                guard position < bytes.count, shift < 64 else { throw Failure() }
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
        }
        func take(_ count: Int) throws -> [UInt8] {
            guard count <= bytes.count - position else { throw Failure() }
            defer { position += count }
            return Array(bytes[position..<(position + count)])
        }
        while position < bytes.count {
            let tag = try varint()
            let number = Int(tag >> 3)
            switch tag & 7 {
            case 0: fields.append((number, .integer(try varint())))
            case 2: fields.append((number, .bytes(try take(Int(try varint())))))
            case 5:
                let word = try take(4)
                fields.append((number, .fixed(word.reversed().reduce(0) { $0 << 8 | UInt32($1) })))
            default: throw Failure()
            }
        }
    }

    func integer(_ number: Int) -> Int? {
        for case (number, .integer(let value)) in fields { return Int(truncatingIfNeeded: value) }
        return nil
    }

    func float(_ number: Int) -> Float? {
        for case (number, .fixed(let word)) in fields { return Float(bitPattern: word) }
        return nil
    }

    func text(_ number: Int) -> String? { texts(number).first }

    func texts(_ number: Int) -> [String] { bytes(number).map { String(decoding: $0, as: UTF8.self) } }

    func messages(_ number: Int) throws -> [ProtobufReader] { try bytes(number).map { try ProtobufReader($0) } }

    func integers(_ number: Int) -> [Int] {
        fields.compactMap { field in
            guard field.number == number, case .integer(let value) = field.value else { return nil }
            return Int(truncatingIfNeeded: value)
        }
    }

    /// Packed float32.
    func floats(_ number: Int) -> [Float] {
        bytes(number).flatMap { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { start in
                Float(bitPattern: bytes[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
            }
        }
    }

    private func bytes(_ number: Int) -> [[UInt8]] {
        fields.compactMap { field in
            guard field.number == number, case .bytes(let bytes) = field.value else { return nil }
            return bytes
        }
    }
}

/// What a test asks of an ONNX file; the numbers are those of the ONNX IR specification.
struct ReadGraph {
    struct Node {
        let operation: String
        let inputs: [String]
        let outputs: [String]
        let attributes: [String: ProtobufReader]
    }

    struct Tensor {
        let shape: [Int]
        let type: Int
        let floats: [Float]
    }

    let representation: Int?
    let operators: Int?
    let nodes: [Node]
    let constants: [String: Tensor]
    let inputs: [String]
    let outputs: [String]
    let metadata: [String: String]

    init(_ bytes: [UInt8]) throws {
        let model = try ProtobufReader(bytes)
        representation = model.integer(1)
        operators = try model.messages(8).first?.integer(2)
        guard let graph = try model.messages(7).first else { throw ProtobufReader.Failure() }
        nodes = try graph.messages(1).map { node in
            Node(
                operation: node.text(4) ?? "",
                inputs: node.texts(1),
                outputs: node.texts(2),
                attributes: Dictionary(uniqueKeysWithValues: try node.messages(5).map { ($0.text(1) ?? "", $0) })
            )
        }
        constants = Dictionary(
            uniqueKeysWithValues: try graph.messages(5).map { tensor in
                (
                    tensor.text(8) ?? "",
                    Tensor(shape: tensor.integers(1), type: tensor.integer(2) ?? 0, floats: tensor.floats(4))
                )
            }
        )
        inputs = try graph.messages(11).compactMap { $0.text(1) }
        outputs = try graph.messages(12).compactMap { $0.text(1) }
        metadata = Dictionary(
            uniqueKeysWithValues: try model.messages(14).map { ($0.text(1) ?? "", $0.text(2) ?? "") }
        )
    }

    /// The attribute's list of integers.
    static func integers(_ node: Node, _ name: String) -> [Int] { node.attributes[name]?.integers(8) ?? [] }
}
