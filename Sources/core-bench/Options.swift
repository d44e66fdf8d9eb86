import SweepCore
import SweepReports

/// What the program was asked to do.
struct Options {
    /// What is done with the model.
    enum Command: String, CaseIterable {
        /// Trains for some seconds and prints a line of JSON.
        case measure
        /// Prints such a line for each line of the input, which says for how many seconds.
        case serve
        /// Prints a line of JSON with what measuring costs beside the steps, over `--steps` epochs.
        case instruments
        /// Trains one step and prints a line of JSON.
        case firstStep = "first-step"
        /// Trains some steps and prints nothing: for counting what a step costs beside its time.
        case steps
        /// Writes a run, step by step, into a file.
        case trace
    }

    var command = Command.measure
    var model: ModelShorthand?
    var train: SpecNode?
    var augment: SpecNode?
    var input: InputShape?
    var outputs: Int?
    var optimizer = "adam"
    var batch = 64
    var rows: Int?
    var images: String?
    var labels: String?
    var seconds = 3.0
    var steps = 1
    var seed: UInt64 = 1
    var kernels: String?
    var out: String?

    static let usage = """
        usage: core-bench [measure|serve|instruments|first-step|steps|trace] OPTIONS
          --model mlp:784-256-128-10      the model in its short form (this one is the default), or
          --model cnn:28x28x1-conv32k3v-pool2-10
          --train JSON                    train of a sweep file, with --input 784|28x28x1 and --outputs N
          --optimizer KIND --batch N      with --model; default adam, 64
          --images FILE --labels FILE     IDX files to train on, scaled to [0, 1]; else made-up rows (--rows N)
          --seconds S                     how long measure takes
          --augment JSON                  data.augment of a sweep file
          --steps N                       how many steps are trained or traced, of how many epochs instruments are told
          --out FILE                      where trace writes
          --seed N                        of the weights, the order and the made-up rows
          --kernels v2|v3|v4|reference
        """

    /// Reads the command line without the program's name.
    init(_ words: [String]) throws(Refusal) {
        var words = words[...]
        if let first = words.first, !first.hasPrefix("--") {
            guard let command = Command(rawValue: first) else {
                throw Refusal("\(first): no such command; allowed: \(Command.allCases.map(\.rawValue))")
            }
            self.command = command
            words.removeFirst()
        }
        while let key = words.popFirst() {
            guard let value = words.popFirst() else { throw Refusal("\(key): a value is missing") }
            try set(key, value)
        }
        guard (images == nil) == (labels == nil) else { throw Refusal("--images and --labels go together") }
        guard train == nil || (input != nil && outputs != nil) else {
            throw Refusal("--train needs --input and --outputs")
        }
        guard train == nil || model == nil else { throw Refusal("--model and --train say the same") }
        guard command != .trace || out != nil else { throw Refusal("trace needs --out") }
        if train == nil, model == nil { model = try Self.model("mlp:784-256-128-10") }
    }

    private static func model(_ text: String) throws(Refusal) -> ModelShorthand {
        do throws(ModelShorthandError) { return try ModelShorthand(text) } catch { throw Refusal("--model: \(error)") }
    }

    private mutating func set(_ key: String, _ value: String) throws(Refusal) {
        func count() throws(Refusal) -> Int {
            guard let number = Int(value), number > 0 else {
                throw Refusal("\(key): \(value): not an integer above 0")
            }
            return number
        }
        switch key {
        case "--model": model = try Self.model(value)
        case "--train": train = try Self.node(key, value)
        case "--augment": augment = try Self.node(key, value)
        case "--input": input = try InputShape(value)
        case "--outputs": outputs = try count()
        case "--optimizer": optimizer = value
        case "--batch": batch = try count()
        case "--rows": rows = try count()
        case "--images": images = value
        case "--labels": labels = value
        case "--steps": steps = try count()
        case "--kernels": kernels = value
        case "--out": out = value
        case "--seed":
            guard let number = UInt64(value) else { throw Refusal("--seed: \(value): not a whole number") }
            seed = number
        case "--seconds":
            guard let number = Double(value), number > 0, number < 1e6 else {
                throw Refusal("--seconds: \(value): not a number above 0")
            }
            seconds = number
        default: throw Refusal("\(key): no such option")
        }
    }

    /// An option's JSON as values of a sweep file.
    private static func node(_ key: String, _ text: String) throws(Refusal) -> SpecNode {
        guard let value = try? JSONValue(parsing: Array(text.utf8)), let node = try? SpecNode(DocumentReader(value))
        else { throw Refusal("\(key): not JSON: \(text)") }
        return node
    }

    /// `train` of a sweep file, from either form.
    var trainNode: SpecNode {
        if let train { return train }
        let rate = optimizer == "sgd" ? 0.01 : 0.001
        var settings = [SpecEntry("learning_rate", .real(rate))]
        if optimizer == "sgd" { settings.append(SpecEntry("momentum", .real(0.9))) }
        return .map([
            SpecEntry("model", model?.node ?? .text("linear")),
            SpecEntry("optimizer", .map([SpecEntry(optimizer, .map(settings))])),
            SpecEntry("batch_size", .integer(batch)),
            SpecEntry("epochs", .integer(1)),
        ])
    }

    /// The training run, checked as a sweep file is.
    func spec() throws(Refusal) -> TrainingSpec {
        let problems = SpecProblems()
        let reader = SpecReader(trainNode, path: SpecPath([.key("train")]), problems: problems)
        var spec = TrainingSpec.read(reader)
        if let augment {
            let path = SpecPath([.key("data"), .key("augment")])
            spec?.augment = AugmentStep.readList(SpecReader(augment, path: path, problems: problems)) ?? []
        }
        guard let spec, problems.all.isEmpty else {
            let lines = problems.all.map { problem in
                "\(problem.path): \(problem.message)" + (problem.found.map { ", found \($0)" } ?? "")
                    + (problem.allowed.map { ", allowed: \($0)" } ?? "")
            }
            throw Refusal(lines.joined(separator: "\n"))
        }
        return spec
    }

    /// What the rows are like, and how wide the model's head is.
    var shape: (input: InputShape, outputs: Int) {
        if let model { return (InputShape(model.input), model.outputs) }
        return (input ?? InputShape(columns: 1), outputs ?? 1)
    }
}

/// Why the program does not begin: a sentence for its user.
struct Refusal: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

/// One row's features: a vector or an image.
struct InputShape {
    let columns: Int
    /// Height, width and channels.
    let image: (height: Int, width: Int, channels: Int)?

    init(columns: Int) {
        self.columns = columns
        image = nil
    }

    init(_ shape: TensorShape) {
        columns = shape.count
        if case .image(let height, let width, let channels) = shape {
            image = (height, width, channels)
        } else {
            image = nil
        }
    }

    /// The shape of what the first layer is given.
    var tensor: TensorShape {
        image.map { .image(height: $0.height, width: $0.width, channels: $0.channels) } ?? .vector(columns)
    }

    /// Reads `784` or `28x28x1`.
    init(_ text: String) throws(Refusal) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 1 || sides.count == 3, sides.allSatisfy({ 1...65_536 ~= $0 }) else {
            throw Refusal("\(text): neither a number of features nor height x width x channels")
        }
        columns = sides.reduce(1, *)
        image = sides.count == 3 ? (sides[0], sides[1], sides[2]) : nil
    }
}
