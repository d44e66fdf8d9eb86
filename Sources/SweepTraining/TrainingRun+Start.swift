import KernelAPI
package import SweepCore
import SweepKernels

/// A parameter without its numbers.
package struct ParameterShape: Hashable, Sendable {
    /// As `ParameterValues.name`.
    package let name: String
    package let shape: [Int]
    /// Whether it belongs to the head, the last layer.
    package let isOfHead: Bool
}

extension TrainingSpec {
    /// The parameters of the model on rows of a schema, first layer first; throws when the layers cannot follow each other.
    package func parameterShapes(on schema: DataSchema) throws(LayerShapeError) -> [ParameterShape] {
        // Nothing is computed, so any kernels and one row will do.
        try Network(spec: self, schema: schema, capacity: 1, kernels: .reference, arena: Arena(measuring: ())).shapes
    }
}

extension Network {
    /// All parameters by name, first layer first.
    var shapes: [ParameterShape] {
        layers.enumerated().flatMap { index, layer in
            layer.namedParameters.map { name, parameter in
                ParameterShape(
                    name: "\(index + 1).\(name)",
                    shape: parameter.layout.shape,
                    isOfHead: index + 1 == layers.count
                )
            }
        }
    }
}

extension StartingPoint {
    /// Why a model with these parameters cannot begin with those of a file; nil when it can.
    package func mismatch(
        _ own: [ParameterShape],
        given: [(name: String, shape: [Int])]
    ) -> (message: String, allowed: String)? {
        let shapes = Dictionary(given.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        func sides(_ shape: [Int]) -> String { shape.map { String($0) }.joined(separator: " × ") }
        for parameter in own where !(drawsHead && parameter.isOfHead) {
            guard let shape = shapes[parameter.name] else {
                return (
                    "the file has no \(parameter.name), which the model has with \(sides(parameter.shape)) numbers",
                    "weights of a model with the same layers"
                )
            }
            guard shape == parameter.shape else {
                let head = parameter.isOfHead ? ", or head: new" : ""
                return (
                    "\(parameter.name) has \(sides(shape)) numbers in the file and \(sides(parameter.shape)) in the model",
                    "weights of a model with the same layers and the same preprocessing\(head)"
                )
            }
        }
        let names = Set(own.map(\.name))
        // With a new head the file's own head may be of any shape, but it is the same layer.
        if let more = given.first(where: { !names.contains($0.name) }) {
            return ("the file has \(more.name), which the model has not", "weights of a model with the same layers")
        }
        return nil
    }
}

extension TrainingRun {
    /// Puts the weights in place that the specification wants to begin with; those of a new head stay as they were drawn.
    func takeStartingWeights() throws(TrainingError) {
        guard let start = spec.startingPoint else { return }
        guard let given = data.startingWeights[start.file] else { throw .noStartingWeights(file: start.file) }
        let shapes = network.shapes
        if let (message, _) = start.mismatch(shapes, given: given.map { ($0.name, $0.shape) }) {
            throw .otherStartingWeights(file: start.file, message)
        }
        let byName = Dictionary(given.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let values = zip(shapes, network.named { $0.values }).map { shape, drawn in
            start.drawsHead && shape.isOfHead ? drawn : byName[shape.name] ?? drawn
        }
        guard network.setParameters(values) else { throw .otherParameters }
    }
}
