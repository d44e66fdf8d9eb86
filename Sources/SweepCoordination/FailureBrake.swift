package import SweepCore

/// Stops a sweep whose configurations fail, one after the other, of a cause that is not theirs.
///
/// A configuration counts when it has used up its attempts; any epoch of the sweep starts the count anew. So one trial that
/// wants too much memory fails, and the rest of the sweep goes on; a machine on which nothing can run halts it.
package struct FailureBrake: Hashable, Sendable {
    /// The cause of the failures in a row; nil when there are none.
    package private(set) var cause: FailureCause?
    /// The configurations that failed of it, in order, each once.
    package private(set) var configurations: [ConfigurationID] = []

    package init() {}

    /// The row as it was written down.
    init(cause: FailureCause?, configurations: [ConfigurationID]) {
        self.cause = cause
        self.configurations = configurations
    }

    /// Configurations in a row that halt the sweep.
    ///
    /// One for what no configuration brings about. Three for memory: with two large models in a row nothing is shown, and each
    /// one more is a trial burned.
    package static func limit(_ cause: FailureCause) -> Int { cause.mayBeTheConfigurations ? 3 : 1 }

    /// Whether the sweep is to be halted when this configuration too has used up its attempts, by this cause.
    package func stops(_ configuration: ConfigurationID, _ cause: FailureCause) -> Bool {
        var next = self
        next.note(configuration, cause)
        return next.configurations.count >= Self.limit(cause)
    }

    /// Counts a configuration that used up its attempts.
    package mutating func note(_ configuration: ConfigurationID, _ cause: FailureCause?) {
        if cause != self.cause {
            self.cause = cause
            configurations = []
        }
        guard cause != nil, !configurations.contains(configuration) else { return }
        configurations.append(configuration)
    }

    /// An epoch was trained, or somebody acted: the row begins anew.
    package mutating func release() { self = FailureBrake() }
}
