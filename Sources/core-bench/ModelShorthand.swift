import SweepCore

/// A model in its short form: `mlp:784-256-128-10`, `cnn:28x28x1-conv32k3v-pool2-10`.
///
/// After the input's size come the layers: a number is a dense layer of so many units; `conv32k3v` a convolution of 32
/// channels 3 × 3 with stride 1 (`conv32k3s2v`: stride 2), valid or, with `p`, padded to the same size; `pool2` a max
/// pool of 2 × 2. A ReLU follows every layer with weights but the last, which is the head; one unit there: regression.
struct ModelShorthand {
    let input: InputShape
    let outputs: Int
    /// `train.model` of a sweep file.
    let node: SpecNode
    /// Useful floating-point operations a row and step: two a multiply-add, forward, by the weights, and by the input
    /// for all layers but the first.
    let operations: Double

    init(_ text: String) throws(Refusal) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, ["mlp", "cnn"].contains(parts[0]) else {
            throw Refusal("--model: \(text): begins with neither mlp: nor cnn:")
        }
        let words = parts[1].split(separator: "-").map(String.init)
        guard words.count >= 2, let last = words.last, let outputs = Int(last), outputs > 0 else {
            throw Refusal("--model: \(text): ends with no number of outputs")
        }
        input = try InputShape(words[0])
        guard (input.image != nil) == (parts[0] == "cnn") else {
            throw Refusal("--model: \(text): cnn: takes an image (28x28x1), mlp: a number of features")
        }
        self.outputs = outputs
        var shape = [input.image?.height ?? 1, input.image?.width ?? 1, input.image?.channels ?? input.columns]
        var sum = 0
        var isFirst = true
        func count(_ multiplyAdds: Int) {
            sum += multiplyAdds * (isFirst ? 4 : 6)
            isFirst = false
        }
        var layers: [SpecNode] = []
        var widths: [SpecNode] = []
        for (index, word) in words.dropFirst().enumerated() {
            let isHead = index == words.count - 2
            if let units = Int(word), units > 0 {
                if shape[0] * shape[1] > 1 { layers.append(.text("flatten")) }
                count(shape.reduce(1, *) * units)
                shape = [1, 1, units]
                if isHead { continue }
                widths.append(.integer(units))
                layers.append(.map([SpecEntry("dense", .integer(units))]))
                layers.append(.text("relu"))
            } else if input.image != nil, let convolution = Convolution(word) {
                let depth = convolution.kernel * convolution.kernel * shape[2]
                shape = convolution.output(of: shape)
                count(depth * shape.reduce(1, *))
                layers.append(convolution.node)
                layers.append(.text("relu"))
            } else if input.image != nil, word.hasPrefix("pool"), let size = Int(word.dropFirst(4)), size > 0 {
                shape = [shape[0] / size, shape[1] / size, shape[2]]
                layers.append(.map([SpecEntry("max_pool", .map([SpecEntry("size", .integer(size))]))]))
            } else {
                throw Refusal("--model: \(text): \(word) is no layer")
            }
            guard shape.allSatisfy({ $0 > 0 }) else { throw Refusal("--model: \(text): nothing is left after \(word)") }
        }
        operations = Double(sum)
        if input.image == nil {
            node =
                widths.isEmpty
                ? .text("linear") : .map([SpecEntry("mlp", .map([SpecEntry("widths", .list(widths))]))])
        } else {
            node = .map([SpecEntry("layers", .list(layers))])
        }
    }
}

/// The word of a convolution.
private struct Convolution {
    let channels: Int
    let kernel: Int
    let stride: Int
    let isPadded: Bool

    /// Reads `conv32k3v`, `conv32k3s2p`; nil for anything else.
    init?(_ word: String) {
        guard word.hasPrefix("conv"), let end = word.last, end == "v" || end == "p" else { return nil }
        isPadded = end == "p"
        let parts = word.dropFirst(4).dropLast().split(separator: "k", omittingEmptySubsequences: false)
        guard parts.count == 2, let channels = Int(parts[0]), channels > 0 else { return nil }
        let sizes = parts[1].split(separator: "s", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sizes.count <= 2, sizes.allSatisfy({ $0 > 0 }) else { return nil }
        self.channels = channels
        kernel = sizes[0]
        stride = sizes.count == 2 ? sizes[1] : 1
    }

    /// Height, width and channels after it.
    func output(of shape: [Int]) -> [Int] {
        let sides = shape[..<2].map { isPadded ? ($0 + stride - 1) / stride : ($0 - kernel + stride) / stride }
        return sides + [channels]
    }

    /// `conv` of a sweep file.
    var node: SpecNode {
        .map([
            SpecEntry(
                "conv",
                .map([
                    SpecEntry("channels", .integer(channels)),
                    SpecEntry("kernel", .integer(kernel)),
                    SpecEntry("stride", .integer(stride)),
                    SpecEntry("padding", .text(isPadded ? "same" : "valid")),
                ])
            )
        ])
    }
}
