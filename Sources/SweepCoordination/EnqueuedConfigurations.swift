package import SweepCore

/// What was enqueued of a sweep while it ran: the configurations that wait, and the trials that others became.
package struct EnqueuedConfigurations: Hashable, Sendable {
    /// In the order in which they are begun.
    package private(set) var waiting: [Configuration]
    /// The first run of each that was begun.
    package private(set) var trials: Set<Int>
    /// The names of the newest requests that had one, the oldest first.
    package private(set) var keys: [String]

    package init(waiting: [Configuration] = [], trials: Set<Int> = [], keys: [String] = []) {
        self.waiting = waiting
        self.trials = trials
        self.keys = keys
    }

    /// How many there ever were.
    var count: Int { waiting.count + trials.count }

    /// Bytes of those that wait, by `Configuration.size`.
    var size: Int { waiting.reduce(0) { $0 + $1.size } }

    /// Lets configurations wait behind those that do.
    mutating func add(_ configurations: [Configuration], key: String) {
        waiting += configurations
        guard !key.isEmpty else { return }
        if keys.count >= EnqueueRequest.greatestKeys { keys.removeFirst() }
        keys.append(key)
    }

    /// Takes notice that a trial is the first run of `configuration`: of the one that is next, if it waits.
    ///
    /// While one waits nothing else is proposed anew, and none is equal to a trial that was begun before.
    mutating func begin(_ configuration: Configuration, as trial: Int) {
        guard waiting.first == configuration else { return }
        waiting.removeFirst()
        trials.insert(trial)
    }
}
