import SweepCore
import SweepData
import SweepReports
import SweepTraining
import SwiftProtobuf

extension TrainedModel {
    /// The version of the intermediate representation that came with operator set 17.
    private static let representation: Int64 = 8
    /// The first operator set with layer normalisation.
    private static let operators: Int64 = 17

    /// The model as an ONNX file: rows as the data set holds them in, logits and probabilities, or the number, out.
    ///
    /// Inputs: `features`, float32, rows × columns. Outputs for classes: `logits`, `probabilities` (a column a class) and
    /// `class` (its index); for numbers `value`, rows × 1, in the target's own unit. The same model gives the same bytes.
    ///
    /// A date is two columns, its day and its second, as the data set has it: ONNX has no operators that read dates. What
    /// they become is computed by the graph.
    package func onnx() throws(ModelError) -> [UInt8] {
        var input = InputGraph(graph: GraphBuilder(name: origin.sweep))
        input.graph.declareInput("features", columns: layout.columns.count, about: inputMeaning)
        let prepared = input.add(layout, steps, to: "features")
        var layers = LayerGraph(input.graph, parameters: parameters)
        let entrance = layers.enter(prepared, shape: trial.training.inputShape(on: schema))
        let isClassification = schema.task.kind == .classification
        let logits = try layers.add(
            trial.training.model.layers,
            outputs: outputs,
            to: entrance,
            named: isClassification ? "logits" : targetScale.isIdentity ? "value" : "output"
        )
        var graph = layers.graph
        if isClassification { classify(logits.name, &graph) } else { measure(logits.name, &graph) }
        var model = Onnx_ModelProto()
        model.irVersion = Self.representation
        model.producerName = "sweepd"
        model.producerVersion = origin.program
        model.docString = "\(targetName) by trial \(origin.trial) of the sweep \(origin.sweep)"
        var operators = Onnx_OperatorSetIdProto()
        operators.domain = ""
        operators.version = Self.operators
        model.opsetImport = [operators]
        model.metadataProps = metadata.map { key, value in
            var entry = Onnx_StringStringEntryProto()
            entry.key = key
            entry.value = value
            return entry
        }
        model.graph = graph.graph
        guard let bytes: [UInt8] = try? model.serializedBytes() else { throw .tooLarge }
        return bytes
    }

    private func classify(_ logits: String, _ graph: inout GraphBuilder) {
        let classes = schema.classes.count
        graph.declareOutput("logits", columns: outputs, about: "what the last layer gives")
        graph.declareOutput(
            "probabilities",
            columns: classes,
            about: loss.kind == .softmaxCrossEntropy || outputs == 1
                ? "of each class; they sum to 1" : "of each class by itself"
        )
        graph.declareOutput("class", .int64, columns: nil, about: "the index of the most probable class")
        if loss.kind == .softmaxCrossEntropy {
            _ = graph.add("Softmax", [logits], [.integer("axis", 1)], output: "probabilities")
        } else if outputs == 1 {
            let second = graph.add("Sigmoid", [logits])
            let one = graph.constant("one", shape: [], floats: [1])
            let first = graph.add("Sub", [one, second])
            _ = graph.add("Concat", [first, second], [.integer("axis", 1)], output: "probabilities")
        } else {
            _ = graph.add("Sigmoid", [logits], output: "probabilities")
        }
        _ = graph.add(
            "ArgMax",
            ["probabilities"],
            [.integer("axis", 1), .integer("keepdims", 0)],
            output: "class"
        )
    }

    private func measure(_ output: String, _ graph: inout GraphBuilder) {
        graph.declareOutput("value", columns: 1, about: "\(targetName), in its own unit")
        guard !targetScale.isIdentity else { return }
        var numbers = InputGraph(graph: graph)
        let factor = numbers.graph.constant("target_factor", shape: [], doubles: [targetScale.factor])
        let shift = numbers.graph.constant("target_shift", shape: [], doubles: [targetScale.shift])
        let scaled = numbers.graph.add("Mul", [numbers.wide(output), factor])
        _ = numbers.narrow(numbers.graph.add("Add", [scaled, shift]), output: "value")
        graph = numbers.graph
    }

    private var inputMeaning: String {
        "rows as the data set holds them, before any preprocessing: numbers as they are (missing: NaN), of a category its index "
            + "in the metadata sweepd.features (none of them: -1), which names the columns; of a date its days since 1970-01-01 "
            + "(kind day) and, where the data have times, the seconds since its midnight (kind second_of_day, 0 without a "
            + "time), both in UTC where a time has an offset"
    }

    /// What the model tells about itself.
    private var metadata: [(String, String)] {
        let features = JSONValue.array(layout.columns.map(\.json))
        return [
            ("sweepd.version", origin.program),
            ("sweepd.core_version", String(origin.core)),
            ("sweepd.sweep", origin.sweep),
            ("sweepd.trial", String(origin.trial)),
            ("sweepd.seed", String(origin.seed)),
            ("sweepd.epoch", String(origin.epoch)),
            ("sweepd.configuration", origin.configuration.json.text()),
            ("sweepd.specification", specification.json.text()),
            ("sweepd.input", inputMeaning),
            ("sweepd.features", features.text()),
            ("sweepd.target", targetName),
            ("sweepd.classes", JSONValue.array(schema.classes.map { .text($0) }).text()),
        ]
    }
}
