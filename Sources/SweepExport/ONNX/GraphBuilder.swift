import SwiftProtobuf

/// Puts the nodes and constants of an ONNX graph together, in an order in which each node finds its inputs.
struct GraphBuilder {
    private(set) var graph = Onnx_GraphProto()
    /// How many nodes of each kind there are, for their names.
    private var counts: [String: Int] = [:]
    private var constants: Set<String> = []

    init(name: String) { graph.name = name }

    /// Adds an operator with one output, and returns the output's name: `output`, or one made from the operator's.
    mutating func add(
        _ operation: String,
        _ inputs: [String],
        _ attributes: [Onnx_AttributeProto] = [],
        output: String? = nil
    ) -> String {
        counts[operation, default: 0] += 1
        let name = "\(operation)_\(counts[operation, default: 0])"
        var node = Onnx_NodeProto()
        node.name = name
        node.opType = operation
        node.input = inputs
        node.output = [output ?? name]
        node.attribute = attributes
        graph.node.append(node)
        return output ?? name
    }

    /// Adds a constant of float32, row-major; a name that is taken gets a number behind it.
    mutating func constant(_ name: String, shape: [Int], floats: [Float]) -> String {
        var tensor = Onnx_TensorProto()
        tensor.dataType = Int32(Onnx_TensorProto.DataType.float.rawValue)
        tensor.floatData = floats
        return add(tensor, name, shape)
    }

    /// Adds a constant of float64.
    mutating func constant(_ name: String, shape: [Int], doubles: [Double]) -> String {
        var tensor = Onnx_TensorProto()
        tensor.dataType = Int32(Onnx_TensorProto.DataType.double.rawValue)
        tensor.doubleData = doubles
        return add(tensor, name, shape)
    }

    /// Adds a vector of integers, as shapes and indices are given.
    mutating func constant(_ name: String, integers: [Int]) -> String {
        var tensor = Onnx_TensorProto()
        tensor.dataType = Int32(Onnx_TensorProto.DataType.int64.rawValue)
        tensor.int64Data = integers.map { Int64($0) }
        return add(tensor, name, [integers.count])
    }

    private mutating func add(_ tensor: Onnx_TensorProto, _ wanted: String, _ shape: [Int]) -> String {
        var name = wanted
        var number = 1
        while !constants.insert(name).inserted {
            number += 1
            name = "\(wanted)_\(number)"
        }
        var tensor = tensor
        tensor.name = name
        tensor.dims = shape.map { Int64($0) }
        graph.initializer.append(tensor)
        return name
    }

    /// Declares an input of the graph: rows × `columns` of float32.
    mutating func declareInput(_ name: String, columns: Int, about: String) {
        graph.input.append(Self.info(name, .float, columns: columns, about: about))
    }

    /// Declares an output of the graph, rows × `columns`; without columns, one value a row.
    mutating func declareOutput(
        _ name: String,
        _ type: Onnx_TensorProto.DataType = .float,
        columns: Int?,
        about: String
    ) {
        graph.output.append(Self.info(name, type, columns: columns, about: about))
    }

    private static func info(
        _ name: String,
        _ type: Onnx_TensorProto.DataType,
        columns: Int?,
        about: String
    ) -> Onnx_ValueInfoProto {
        var rows = Onnx_TensorShapeProto.Dimension()
        rows.dimParam = "rows"
        var shape = Onnx_TensorShapeProto()
        shape.dim = [rows]
        if let columns {
            var dimension = Onnx_TensorShapeProto.Dimension()
            dimension.dimValue = Int64(columns)
            shape.dim.append(dimension)
        }
        var info = Onnx_ValueInfoProto()
        info.name = name
        info.docString = about
        info.type.tensorType.elemType = Int32(type.rawValue)
        info.type.tensorType.shape = shape
        return info
    }
}

extension Onnx_AttributeProto {
    static func integer(_ name: String, _ value: Int) -> Self {
        var attribute = Self()
        attribute.name = name
        attribute.type = .int
        attribute.i = Int64(value)
        return attribute
    }

    static func integers(_ name: String, _ values: [Int]) -> Self {
        var attribute = Self()
        attribute.name = name
        attribute.type = .ints
        attribute.ints = values.map { Int64($0) }
        return attribute
    }

    static func float(_ name: String, _ value: Double) -> Self {
        var attribute = Self()
        attribute.name = name
        attribute.type = .float
        attribute.f = Float(value)
        return attribute
    }
}
