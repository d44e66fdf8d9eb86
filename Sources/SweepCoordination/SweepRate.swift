package import SweepCore

/// What the workers of a sweep can do, beside each other.
package struct WorkerCapacity: Hashable, Sendable {
    /// Slots on which they train.
    package private(set) var slots = 0
    /// The same, each counted by how fast its worker is: slots of a worker of mean pace.
    package private(set) var speed = 0.0

    package init() {}

    /// Counts in a worker, whose epochs take `slowness` times as long as the mean.
    package mutating func add(slots: Int, slowness: Double) {
        self.slots += slots
        speed += Double(slots) / slowness
    }
}

/// How fast a sweep goes for what its workers can do, so that the time left is known though workers come and go.
///
/// Epochs that were trained are set against the capacity that was there, over time. While the same workers are there that is
/// the measured rate, whatever their paces are; of other workers it is that rate in the relation of their capacities.
package struct SweepRate: Hashable, Sendable {
    /// Epochs, and the capacity's slot seconds and seconds in which they were trained; of long ago they count ever less.
    private var epochs = 0.0
    private var work = 0.0
    private var seconds = 0.0
    /// The part of the work that was done since the slots changed last.
    private var since = 0.0
    /// What was seen last, and when.
    private var trained: Int
    private var capacity: WorkerCapacity
    private var seen: Instant

    /// Epochs and seconds from which on what is older counts half: enough of both for a steady mean.
    private static let memory = (epochs: 512.0, seconds: 120.0)

    /// Begins to measure a sweep that has had so many epochs trained.
    package init(epochs: Int, capacity: WorkerCapacity, at now: Instant) {
        (trained, self.capacity, seen) = (epochs, capacity, now)
    }

    /// Takes notice of the epochs that all its trials have been trained for by now, and of what can be done from now on.
    package mutating func note(epochs count: Int, capacity new: WorkerCapacity, at now: Instant) {
        let passed = max(0, Double(seen.duration(to: now).wholeNanoseconds) / 1e9)
        work += passed * capacity.speed
        since += passed * capacity.speed
        seconds += passed
        epochs += Double(max(0, count - trained))
        // The same slots of another speed are the same workers, of which more is known: so it is of what they did before, and of no more
        // than that. What others did counts as it did.
        if new.slots != capacity.slots {
            since = 0
        } else if capacity.speed > 0 {
            let known = since * (new.speed / capacity.speed)
            (work, since) = (work - since + known, known)
        }
        (trained, capacity, seen) = (count, new, now)
        guard epochs >= Self.memory.epochs, seconds >= Self.memory.seconds else { return }
        (epochs, work, seconds, since) = (epochs / 2, work / 2, seconds / 2, since / 2)
    }

    /// Epochs a second that the workers of now are to do; 0 while there are none, nil while nothing was measured.
    package var epochsPerSecond: Double? {
        guard epochs > 0, work > 0 else { return nil }
        return epochs / work * capacity.speed
    }
}
