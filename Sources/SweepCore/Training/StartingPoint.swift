/// The weights of another run that a run begins with, instead of drawing its own; the optimizer begins with empty memory.
///
/// What fitting a loaded model again does in Keras: the curve does not start from initial weights.
package struct StartingPoint: Hashable, Sendable {
    /// The safetensors file, as the sweep file names it.
    package var file: String
    /// Whether the head, the last layer, is drawn all the same: for other targets than those the weights were trained for.
    package var drawsHead: Bool

    package init(file: String, drawsHead: Bool = false) {
        self.file = file
        self.drawsHead = drawsHead
    }

    private enum Head: String, CaseIterable {
        case kept, new
    }

    /// Reads `start_from`: `none`, `FILE` or `{weights: FILE, head: kept or new}`; `.some(nil)` for `none`, nil for what is wrong.
    static func read(_ reader: SpecReader) -> StartingPoint?? {
        reader.alternatives { reader -> StartingPoint?? in
            if reader.node == .text("none") { return .some(nil) }
            guard case .map = reader.node else { return reader.text().map { StartingPoint(file: $0) } }
            guard let fields = reader.fields(["weights", "head"]) else { return nil }
            let file = fields.required("weights", "a safetensors file")?.text()
            let head = fields.optional("head").map { $0.word(Head.self) } ?? .kept
            guard let file, let head else { return nil }
            return StartingPoint(file: file, drawsHead: head == .new)
        }
    }
}

extension Sweep {
    /// The files of weights that trials may begin with, each once, with where it is named first.
    package var startingFiles: [(file: String, place: SpecPath)] {
        var found: [(file: String, place: SpecPath)] = []
        for configuration in space.cover {
            guard let resolved = space.resolve(configuration),
                let trial = TrialSpec.read(resolved, problems: SpecProblems()),
                let start = trial.training.startingPoint, !found.contains(where: { $0.file == start.file })
            else { continue }
            found.append((start.file, place(ofStartIn: configuration)))
        }
        return found
    }

    /// Where a configuration's `start_from` stands in the sweep file.
    package func place(ofStartIn configuration: Configuration) -> SpecPath {
        let path = SpecPath([.key("train"), .key("start_from")])
        return arm(of: configuration)?.place(of: path) ?? space.place(of: path, in: configuration)
    }
}
