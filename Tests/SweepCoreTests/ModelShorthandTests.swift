import SweepCore
import Testing

@Suite struct ModelShorthandTests {
    @Test func `a perceptron and a convolutional network are read`() throws {
        let perceptron = try ModelShorthand("mlp:784-256-128-10")
        #expect(perceptron.input == .vector(784) && perceptron.outputs == 10 && perceptron.image == nil)
        #expect(perceptron.model == ModelSpec(widths: [256, 128]))
        #expect(try ModelShorthand("mlp:5-1").model == ModelSpec(layers: []))
        let network = try ModelShorthand("cnn:28x28x1-conv32k3v-pool2-conv8k5s2p-64-10")
        #expect(network.image == ImageShape(height: 28, width: 28, channels: 1))
        #expect(
            network.model.layers == [
                .convolution(ConvolutionSpec(channels: 32, padding: .valid)), .activation(.relu), .maxPool(PoolSpec()),
                .convolution(ConvolutionSpec(channels: 8, kernel: WindowSize(5), stride: WindowSize(2))),
                .activation(.relu), .flatten, .dense(DenseSpec(units: 64)), .activation(.relu),
            ]
        )
    }

    @Test(arguments: [
        ("784-10", "neither mlp: nor cnn:"), ("mlp:784", "no number of outputs"), ("mlp:784-x", "no number of outputs"),
        ("mlp:28x28x1-10", "no input"), ("cnn:784-10", "no input"), ("mlp:784-conv8k3p-10", "is no layer"),
        ("cnn:28x28x1-64-pool2-10", "is no layer"), ("cnn:28x28x1-conv8k-10", "is no layer"),
        ("cnn:4x4x1-conv8k5v-10", "does not fit"), ("mlp:0-10", "no input"), ("rnn:3-3", "neither"),
    ])
    func `what is wrong is told`(_ text: String, _ message: String) {
        do throws(ModelShorthandError) {
            _ = try ModelShorthand(text)
            Issue.record("\(text) was read")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }
}
