/// Where a value stands in a sweep file: keys, list positions and options of choices, from the top.
package struct SpecPath: Hashable, Sendable, CustomStringConvertible {
    /// One step down.
    package enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
        case option(Int)
    }
    package private(set) var steps: [Step] = []

    /// The top of the file.
    package init() {}

    /// This path and one more step.
    package func appending(_ step: Step) -> SpecPath {
        var path = self
        path.steps.append(step)
        return path
    }

    /// The path as messages show it, for example `train.optimizer.choice[0].sgd.learning_rate`.
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key): text += text.isEmpty ? key : "." + key
            case .index(let index): text += "[\(index)]"
            case .option(let index): text += (text.isEmpty ? "" : ".") + "choice[\(index)]"
            }
        }
        return text
    }
}

/// A mistake in a sweep file: where it is, what is wrong, what was found, what is allowed.
package struct SpecProblem: Hashable, Sendable {
    package let path: SpecPath
    /// What is wrong, in a few words.
    package let message: String
    /// What stood there; nil when something is missing.
    package let found: String?
    /// What may stand there.
    package let allowed: String?

    package init(path: SpecPath, message: String, found: String? = nil, allowed: String? = nil) {
        self.path = path
        self.message = message
        self.found = found
        self.allowed = allowed
    }
}

/// Where a reader puts the mistakes it meets; each is kept once, in the order found.
package final class SpecProblems {
    package private(set) var all: [SpecProblem] = []
    private var seen: Set<SpecProblem> = []

    package init() {}

    /// Keeps `problem`, unless it is already there.
    package func add(_ problem: SpecProblem) {
        if seen.insert(problem).inserted { all.append(problem) }
    }
}
