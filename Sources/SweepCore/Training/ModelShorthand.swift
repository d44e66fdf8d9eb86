/// A model in its short form: `mlp:784-256-128-10`, `cnn:28x28x1-conv32k3v-pool2-10`.
///
/// After the input's size come the layers: a number is a dense layer of so many units; `conv32k3v` a convolution of 32
/// channels 3 × 3 with stride 1 (`conv32k3s2v`: stride 2), valid or, with `p`, padded to the same size; `pool2` a max
/// pool of 2 × 2. A ReLU follows every layer with weights but the last, which is the head.
package struct ModelShorthand: Hashable, Sendable {
    package let input: TensorShape
    /// The layers before the head, as `train.model` of a sweep file writes them.
    package let node: SpecNode
    /// The same, read.
    package let model: ModelSpec
    /// Units of the head; one: a number is predicted.
    package let outputs: Int

    /// The input's size where it is an image.
    package var image: ImageShape? {
        guard case .image(let height, let width, let channels) = input else { return nil }
        return ImageShape(height: height, width: width, channels: channels)
    }

    /// Reads the short form; throws what is wrong with it.
    package init(_ text: String) throws(ModelShorthandError) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, ["mlp", "cnn"].contains(parts[0]) else { throw .kind(text) }
        let words = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard words.count >= 2, let outputs = Self.number(words[words.count - 1]) else { throw .outputs(text) }
        let sides = words[0].split(separator: "x", omittingEmptySubsequences: false).map { Self.number(String($0)) }
        switch (parts[0], sides.count) {
        case ("mlp", 1):
            guard let columns = sides[0] else { throw .input(words[0]) }
            input = .vector(columns)
        case ("cnn", 3):
            guard let height = sides[0], let width = sides[1], let channels = sides[2] else { throw .input(words[0]) }
            input = .image(height: height, width: width, channels: channels)
        default: throw .input(words[0])
        }
        self.outputs = outputs
        let layers = try Self.layers(words.dropFirst().dropLast(), isImage: sides.count == 3)
        node = layers.isEmpty ? .text("linear") : .map([SpecEntry("layers", .list(layers))])
        let problems = SpecProblems()
        guard let model = ModelSpec.read(SpecReader(node, problems: problems)) else {
            throw .layer(problems.all.first?.message ?? text)
        }
        self.model = model
        do throws(ShapeError) { _ = try model.shapes(input: input) } catch { throw .shape(text, error.message) }
    }

    private static func number(_ text: String) -> Int? { Int(text).flatMap { (1...65_536).contains($0) ? $0 : nil } }

    private static func layers(
        _ words: some Collection<String>,
        isImage: Bool
    ) throws(ModelShorthandError) -> [SpecNode] {
        func layer(_ kind: String, _ settings: SpecNode) -> SpecNode { .map([SpecEntry(kind, settings)]) }
        var layers: [SpecNode] = []
        var isFlat = !isImage
        for word in words {
            if let units = number(word) {
                if !isFlat { layers.append(.text("flatten")) }
                isFlat = true
                layers += [layer("dense", .integer(units)), .text("relu")]
            } else if !isFlat, let settings = convolution(word) {
                layers += [layer("conv", settings), .text("relu")]
            } else if !isFlat, word.hasPrefix("pool"), let size = number(String(word.dropFirst(4))) {
                layers.append(layer("max_pool", .map([SpecEntry("size", .integer(size))])))
            } else {
                throw .layer(word)
            }
        }
        if !isFlat { layers.append(.text("flatten")) }
        return layers
    }

    /// The settings of `conv32k3v` or `conv32k3s2p`; nil for anything else.
    private static func convolution(_ word: String) -> SpecNode? {
        guard word.hasPrefix("conv"), let end = word.last, end == "v" || end == "p" else { return nil }
        let parts = word.dropFirst(4).dropLast().split(separator: "k", omittingEmptySubsequences: false)
        guard parts.count == 2, let channels = number(String(parts[0])) else { return nil }
        let sizes = parts[1].split(separator: "s", omittingEmptySubsequences: false).map { number(String($0)) }
        guard sizes.count <= 2, let kernel = sizes[0], let stride = sizes.count == 2 ? sizes[1] : 1 else { return nil }
        return .map([
            SpecEntry("channels", .integer(channels)),
            SpecEntry("kernel", .integer(kernel)),
            SpecEntry("stride", .integer(stride)),
            SpecEntry("padding", .text(end == "p" ? "same" : "valid")),
        ])
    }
}

/// What is wrong with a model's short form.
package enum ModelShorthandError: Error, Hashable, Sendable, CustomStringConvertible {
    case kind(String)
    case outputs(String)
    case input(String)
    case layer(String)
    case shape(String, String)

    package var description: String {
        switch self {
        case .kind(let text): "\(text) begins with neither mlp: nor cnn:"
        case .outputs(let text): "\(text) ends with no number of outputs"
        case .input(let word):
            "\(word) is no input; allowed a number of features after mlp:, HEIGHTxWIDTHxCHANNELS after cnn:"
        case .layer(let word):
            "\(word) is no layer; allowed a number of units, and of images conv32k3v, conv32k3p, pool2"
        case .shape(let text, let message): "\(text): \(message)"
        }
    }
}
