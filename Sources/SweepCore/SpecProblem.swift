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

    /// The path of these steps.
    package init(_ steps: [Step]) { self.steps = steps }

    /// The path one step up; nil at the top.
    package var parent: SpecPath? { steps.isEmpty ? nil : SpecPath(Array(steps.dropLast())) }

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
    /// Which of the two, key or value, the mistake is in.
    package let side: Side

    /// The side of `key: value` that a mistake points at.
    package enum Side: Hashable, Sendable {
        case key, value
    }

    package init(path: SpecPath, message: String, found: String? = nil, allowed: String? = nil, side: Side = .value) {
        self.path = path
        self.message = message
        self.found = found
        self.allowed = allowed
        self.side = side
    }

    /// What is wrong, where, what was found and what is allowed.
    package var text: String {
        var parts: [String] = []
        if !path.steps.isEmpty { parts.append(path.description) }
        if let found { parts.append("found \(found)") }
        if let allowed { parts.append("allowed \(allowed)") }
        return message + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
    }
}

/// Where a reader puts the mistakes it meets; each is kept once, in the order found.
///
/// A place that is muted adds no more: once the value there is known to be broken, what a later reader makes of it is noise.
package final class SpecProblems {
    package private(set) var all: [SpecProblem] = []
    private var seen: Set<SpecProblem> = []
    private var muted: Set<SpecPath> = []

    package init() {}

    /// Keeps `problem`, unless it is already there or its place is muted.
    package func add(_ problem: SpecProblem) {
        guard !isMuted(problem.path), seen.insert(problem).inserted else { return }
        all.append(problem)
    }

    /// Keeps no more problems at or below `path`; call it after the problem that says why was added.
    package func mute(_ path: SpecPath) { muted.insert(path) }

    private func isMuted(_ path: SpecPath) -> Bool {
        guard !muted.isEmpty else { return false }
        var next: SpecPath? = path
        while let place = next {
            if muted.contains(place) { return true }
            next = place.parent
        }
        return false
    }
}
