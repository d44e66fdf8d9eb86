/// A random change of a training row, drawn anew each time the row is seen; validation and test rows are never changed.
///
/// Steps follow one another and work on the values after preprocessing. All but `noise` and `mixup` are for images.
package enum AugmentStep: Hashable, Sendable {
    /// Left and right change places with this probability.
    case flipHorizontal(probability: Double)
    /// Top and bottom change places with this probability.
    case flipVertical(probability: Double)
    /// Moves by whole pixels, evenly drawn up to these shares of the height and the width, to either side.
    case shift(height: Double, width: Double, fill: Fill)
    /// Turns about the centre by an angle evenly drawn up to so many degrees, to either side.
    case rotate(degrees: Double, fill: Fill)
    /// Adds so many zero pixels on each side and cuts the old size out at a random place.
    case padCrop(pixels: Int)
    /// Cuts a window of this size out at a random place and enlarges it to the old size.
    case crop(height: Int, width: Int)
    /// Adds one number to all values, evenly drawn up to `amount`, to either side.
    case brightness(amount: Double)
    /// Multiplies the distances from the image's mean by 1 plus a number evenly drawn up to `amount`, to either side.
    case contrast(amount: Double)
    /// Adds a normal number of this standard deviation to each value; also for tables.
    case noise(deviation: Double)
    /// Sets a square of so many pixels a side to zero; its centre is any pixel, so it may stick out.
    case cutout(size: Int)
    /// Mixes each row, and its target, with another of the batch by shares drawn from Beta(α, α); also for tables.
    case mixup(alpha: Double)

    /// What comes in from beyond the edge.
    package enum Fill: String, CaseIterable, Sendable {
        /// Zero, which after standardizing is the mean.
        case zero
        /// The nearest pixel of the image.
        case edge
    }

    /// The word of the sweep file.
    package var kind: String {
        switch self {
        case .flipHorizontal: "flip_horizontal"
        case .flipVertical: "flip_vertical"
        case .shift: "shift"
        case .rotate: "rotate"
        case .padCrop: "pad_crop"
        case .crop: "crop"
        case .brightness: "brightness"
        case .contrast: "contrast"
        case .noise: "noise"
        case .cutout: "cutout"
        case .mixup: "mixup"
        }
    }

    /// Whether the step also works on rows that are no images.
    package var worksOnTables: Bool {
        switch self {
        case .noise, .mixup: true
        default: false
        }
    }
}

extension AugmentStep {
    static let kinds = [
        "flip_horizontal", "flip_vertical", "shift", "rotate", "pad_crop", "crop", "brightness", "contrast", "noise",
        "cutout", "mixup",
    ]
    static let plannedKinds = ["zoom", "shear", "elastic", "cutmix", "hue", "saturation", "random_erasing"]

    /// The most steps of a list: the training core keeps room for as many.
    package static let greatestCount = 16

    /// Reads `augment`, a list of steps.
    package static func readList(_ reader: SpecReader) -> [AugmentStep]? {
        reader.alternatives { reader in
            guard let items = reader.items(count: 0...greatestCount) else { return nil }
            let mixing = items.filter { mayMix($0.node) }
            if mixing.count > 1 {
                mixing[1].report("a second mixup", allowed: "one mixup")
                return nil
            }
            let steps = items.map { $0.alternatives(read) }
            return steps.contains { $0 == nil } ? nil : steps.compactMap { $0 }
        }
    }

    /// Whether an item is `mixup`, or has it among its options.
    private static func mayMix(_ node: SpecNode) -> Bool {
        if case .domain(.choice(let options)) = node { return options.contains { mayMix($0.node) } }
        return node == .text("mixup") || node["mixup"] != nil
    }

    private static func read(_ item: SpecReader) -> AugmentStep? {
        guard let (kind, settings) = item.tagged(kinds, planned: plannedKinds) else { return nil }
        return settings.alternatives { settings in
            switch kind {
            case "flip_horizontal":
                settings.probability().map { .flipHorizontal(probability: $0) }
            case "flip_vertical":
                settings.probability().map { .flipVertical(probability: $0) }
            case "shift": settings.shift()
            case "rotate": settings.rotation()
            case "pad_crop":
                settings.only("pixels", "an integer from 1 to 4096")?.integer(in: 1...4096).map { .padCrop(pixels: $0) }
            case "crop": settings.crop()
            case "brightness": settings.amount(upTo: 1e6).map { .brightness(amount: $0) }
            case "contrast": settings.amount(upTo: 1).map { .contrast(amount: $0) }
            case "noise":
                settings.only("std", "a number above 0")?.real(in: 0...1e6, above: true).map { .noise(deviation: $0) }
            case "cutout":
                settings.only("size", "an integer from 1 to 4096")?.integer(in: 1...4096).map { .cutout(size: $0) }
            default:
                settings.only("alpha", "a number from 0.001 to 1000")?.real(in: 0.001...1000).map { .mixup(alpha: $0) }
            }
        }
    }

    /// What of `steps` cannot work on data of this schema; `path` is that of the list.
    package static func problems(of steps: [AugmentStep], on schema: DataSchema, at path: SpecPath) -> [SpecProblem] {
        steps.enumerated().flatMap { index, step in
            step.problems(on: schema, at: path.appending(.index(index)))
        }
    }

    private func problems(on schema: DataSchema, at place: SpecPath) -> [SpecProblem] {
        let settings = place.appending(.key(kind))
        guard let image = schema.image else {
            guard !worksOnTables else { return [] }
            return [
                SpecProblem(
                    path: place,
                    message: "\(kind) needs images, but the rows are a table",
                    found: kind,
                    allowed: "noise or mixup"
                )
            ]
        }
        let least = min(image.height, image.width)
        func excess(_ key: String, _ value: Int, _ limit: Int, _ message: String) -> [SpecProblem] {
            guard value > limit else { return [] }
            return [
                SpecProblem(
                    path: settings.appending(.key(key)),
                    message: "\(message) (images are \(image.height) × \(image.width))",
                    found: String(value),
                    allowed: "at most \(limit)"
                )
            ]
        }
        switch self {
        case .crop(let height, let width):
            return excess("height", height, image.height, "the window is higher than the image")
                + excess("width", width, image.width, "the window is wider than the image")
        case .padCrop(let pixels):
            return excess("pixels", pixels, least - 1, "the image may be cut away whole")
        case .cutout(let size): return excess("size", size, least, "the square is larger than the image")
        default: return []
        }
    }
}

extension SpecReader {
    /// The reader of the one setting that a step has and needs.
    fileprivate func only(_ key: String, _ what: String) -> SpecReader? { fields([key])?.required(key, what) }

    fileprivate func probability() -> Double? {
        guard let fields = fields(["probability"]) else { return nil }
        guard let given = fields.optional("probability") else { return 0.5 }
        return given.real(in: 0...1)
    }

    fileprivate func amount(upTo greatest: Double) -> Double? {
        only("amount", "a number above 0")?.real(in: 0...greatest, above: true)
    }

    fileprivate func shift() -> AugmentStep? {
        guard let fields = fields(["height", "width", "fill"]) else { return nil }
        guard fields.optional("height") != nil || fields.optional("width") != nil else {
            report("moves nothing", allowed: "height, width or both: shares of the size from 0 to 1")
            return nil
        }
        let height = fields.optional("height").map { $0.real(in: 0...1) } ?? 0
        let width = fields.optional("width").map { $0.real(in: 0...1) } ?? 0
        let fill = fields.optional("fill").map { $0.word(AugmentStep.Fill.self) } ?? .zero
        guard let height, let width, let fill else { return nil }
        return .shift(height: height, width: width, fill: fill)
    }

    fileprivate func rotation() -> AugmentStep? {
        guard let fields = fields(["degrees", "fill"]) else { return nil }
        let degrees = fields.required("degrees", "a number above 0, at most 180")?.real(in: 0...180, above: true)
        let fill = fields.optional("fill").map { $0.word(AugmentStep.Fill.self) } ?? .zero
        guard let degrees, let fill else { return nil }
        return .rotate(degrees: degrees, fill: fill)
    }

    fileprivate func crop() -> AugmentStep? {
        guard let fields = fields(["height", "width"]) else { return nil }
        let height = fields.required("height", "pixels")?.integer(in: 1...4096)
        let width = fields.required("width", "pixels")?.integer(in: 1...4096)
        guard let height, let width else { return nil }
        return .crop(height: height, width: width)
    }
}
