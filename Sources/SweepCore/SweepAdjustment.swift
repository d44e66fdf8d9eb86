/// What is changed of a sweep while it runs; nil leaves a thing as it is.
package struct SweepAdjustment: Hashable, Sendable {
    package var priority: Int?
    package var maxParallel: Limit?
    /// Trials there will be, repeats included.
    package var trials: Int?

    /// A limit of trials at once.
    package enum Limit: Hashable, Sendable {
        case unlimited
        case atMost(Int)

        package init(_ number: Int?) { self = number.map { .atMost($0) } ?? .unlimited }

        /// The number; nil where there is no limit.
        package var number: Int? {
            if case .atMost(let number) = self { number } else { nil }
        }
    }

    package init(priority: Int? = nil, maxParallel: Limit? = nil, trials: Int? = nil) {
        self.priority = priority
        self.maxParallel = maxParallel
        self.trials = trials
    }

    /// Whether it changes nothing at all.
    package var isEmpty: Bool { self == SweepAdjustment() }

    /// What cannot be, whatever the sweep; nil when nothing of it is out of bounds.
    package var problem: String? {
        if let priority, !Placement.priorities.contains(priority) {
            return Self.outOfBounds("priority", priority, Placement.priorities)
        }
        if let limit = maxParallel?.number, !Placement.limits.contains(limit) {
            return Self.outOfBounds("max_parallel", limit, Placement.limits) + ", or none"
        }
        if let trials, !(1...SearchSpec.greatestTrials).contains(trials) {
            return Self.outOfBounds("trials", trials, 1...SearchSpec.greatestTrials)
        }
        return nil
    }

    private static func outOfBounds(_ name: String, _ found: Int, _ allowed: ClosedRange<Int>) -> String {
        "\(name): found \(found), allowed an integer from \(allowed.lowerBound) to \(allowed.upperBound)"
    }
}
