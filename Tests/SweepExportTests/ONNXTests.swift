import SweepCore
import SweepData
import SweepExport
import SweepTraining
import Testing

@Suite struct ONNXTests {
    private static func graph(_ name: String) throws -> (ReadGraph, TrainedModel) {
        let sample = try #require(Sample.all.first { $0.name == name })
        let model = try sample.trained().model
        return (try ReadGraph(try model.onnx()), model)
    }

    @Test(arguments: Sample.all)
    func `every value is computed once before it is read`(sample: Sample) throws {
        let graph = try ReadGraph(try sample.trained().model.onnx())
        #expect(graph.representation == 8 && graph.operators == 17)
        var known = Set(graph.inputs).union(graph.constants.keys)
        #expect(graph.inputs == ["features"])
        for node in graph.nodes {
            #expect(node.inputs.allSatisfy { known.contains($0) }, "\(node)")
            for output in node.outputs { #expect(known.insert(output).inserted, "\(output) twice") }
        }
        #expect(graph.outputs.allSatisfy { known.contains($0) })
        #expect(graph.outputs == (sample.classes > 0 ? ["logits", "probabilities", "class"] : ["value"]))
    }

    @Test func `a dense network is one product a layer`() throws {
        let (graph, model) = try Self.graph("activation relu")
        #expect(graph.nodes.map(\.operation) == ["Gemm", "Relu", "Gemm", "Softmax", "ArgMax"])
        #expect(graph.nodes[0].inputs == ["features", "1.weights", "1.bias"])
        #expect(graph.constants["1.weights"]?.shape == [10, 16])
        #expect(graph.constants["1.weights"]?.floats == model.parameters[0].values)
        #expect(graph.constants["2.bias"]?.floats == model.parameters[3].values)
    }

    /// Ours are kernel height × kernel width × inputs × outputs, theirs outputs × inputs × kernel height × kernel width.
    @Test func `a convolution's weights and padding are in the order that ONNX has`() throws {
        let (graph, model) = try Self.graph("convolution with stride")
        let node = try #require(graph.nodes.first { $0.operation == "Conv" })
        #expect(ReadGraph.integers(node, "kernel_shape") == [3, 2])
        #expect(ReadGraph.integers(node, "strides") == [2, 2])
        // 7 rows by 2: 4 results of 3 need 9; 6 columns by 2: 3 results of 2 need 6.
        #expect(ReadGraph.integers(node, "pads") == [1, 0, 1, 0])
        let constant = try #require(graph.constants[node.inputs[1]])
        #expect(constant.shape == [5, 2, 3, 2])
        let ours = model.parameters[0].values
        for output in 0..<5 {
            for input in 0..<2 {
                for pixel in 0..<6 {
                    let theirs = constant.floats[(output * 2 + input) * 6 + pixel]
                    try #require(theirs == ours[(pixel * 2 + input) * 5 + output])
                }
            }
        }
    }

    @Test func `images come in and become vectors with their channels innermost`() throws {
        let (graph, _) = try Self.graph("convolution")
        #expect(
            graph.nodes.map(\.operation)
                == ["Reshape", "Transpose", "Conv", "Relu", "Transpose", "Reshape", "Gemm", "Softmax", "ArgMax"]
        )
        #expect(ReadGraph.integers(graph.nodes[1], "perm") == [0, 3, 1, 2])
        #expect(ReadGraph.integers(graph.nodes[4], "perm") == [0, 2, 3, 1])
    }

    @Test func `the model tells what it is`() throws {
        let (graph, _) = try Self.graph("linear")
        #expect(graph.metadata["sweepd.sweep"] == "sample" && graph.metadata["sweepd.trial"] == "7")
        #expect(graph.metadata["sweepd.configuration"] == #"{"train.l2":0.5}"#)
        #expect(graph.metadata["sweepd.classes"] == #"["c0", "c1", "c2"]"#)
        #expect(graph.metadata["sweepd.features"]?.hasPrefix(#"[{"name":"x0", "kind":"number"}, "#) == true)
        #expect(graph.metadata["sweepd.target"] == "answer")
        #expect(graph.metadata["sweepd.specification"]?.contains(#""batch_size":16"#) == true)
    }

    @Test func `the same model gives the same bytes`() throws {
        let sample = try #require(Sample.all.first { $0.name == "residual with projection" })
        #expect(try sample.trained().model.onnx() == sample.trained().model.onnx())
    }

    @Test func `categories are told by the indices that the metadata names`() throws {
        let (graph, _) = try Self.graph("categories and indicators")
        let features = try #require(graph.metadata["sweepd.features"])
        #expect(features.contains(#"{"name":"colour", "kind":"one_hot", "categories":["red", "green", ""]}"#))
        #expect(features.contains(#"{"name":"town", "kind":"buckets", "buckets":5}"#))
        #expect(graph.nodes.count { $0.operation == "Equal" } == 2)
    }

    @Test func `dates are told by the days and seconds that the metadata names`() throws {
        let (graph, _) = try Self.graph("dates")
        let features = try #require(graph.metadata["sweepd.features"])
        #expect(features.contains(#"{"name":"when", "kind":"day"}, {"name":"when_time", "kind":"second_of_day"}"#))
        let meaning = try #require(graph.metadata["sweepd.input"])
        #expect(meaning.contains("days since 1970-01-01") && meaning.contains("seconds since its midnight"))
        #expect(graph.constants["month_lengths"] != nil)
        #expect(try Self.graph("linear").0.constants["month_lengths"] == nil)
    }

    @Test func `parameters of another model are refused by name`() throws {
        let (_, model) = try Self.graph("batch norm")
        func error(_ parameters: [ParameterValues]) -> ModelError? {
            do throws(ModelError) {
                let other = try TrainedModel(
                    origin: model.origin,
                    specification: model.specification,
                    schema: model.schema,
                    layout: model.layout,
                    targetName: model.targetName,
                    targetScale: model.targetScale,
                    steps: model.steps,
                    parameters: parameters
                )
                _ = try other.onnx()
                return nil
            } catch { return error }
        }
        #expect(error(model.parameters) == nil)
        #expect(error(Array(model.parameters.dropLast())) == .parameters("after the last"))
        #expect(error(model.parameters + [model.parameters[0]]) == .parameters("1.weights"))
        #expect(error(Array(model.parameters.dropFirst())) == .parameters("1.bias"))
    }
}
