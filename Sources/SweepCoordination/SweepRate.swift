package import SweepCore

/// What the workers of a sweep can do, beside each other.
package struct WorkerCapacity: Hashable, Sendable {
    /// What one of them does for it.
    struct Share: Hashable, Sendable {
        /// Slots on which it trains.
        let slots: Int
        /// How many times as long as the mean its epochs take.
        let slowness: Double
    }

    /// Who they are.
    private(set) var workers: [WorkerID: Share] = [:]
    /// Slots on which they train.
    package private(set) var slots = 0
    /// The same, each counted by how fast its worker is: slots of a worker of mean pace.
    package private(set) var speed = 0.0

    package init() {}

    /// Counts in a worker that is not among them yet, whose epochs take `slowness` times as long as the mean.
    package mutating func add(_ worker: WorkerID, slots: Int, slowness: Double) {
        workers[worker] = Share(slots: slots, slowness: slowness)
        self.slots += slots
        speed += Double(slots) / slowness
    }
}

/// How fast a sweep goes for what its workers can do, so that the time left is known though workers come and go.
///
/// Epochs that were trained are set against what each worker could do, over time. While the same workers are there that is
/// the measured rate, whatever their paces are; of other workers it is that rate in the relation of their capacities.
package struct SweepRate: Hashable, Sendable {
    /// Epochs, and the seconds in which they were trained; of long ago they count ever less.
    private var epochs = 0.0
    private var seconds = 0.0
    /// How long each worker that is there has had its slots. What that was worth is told by the pace that it is known to have by now.
    private var slotSeconds: [WorkerID: Double] = [:]
    /// What the slot seconds of those that left were worth, by the last that was known of them.
    private var workOfOthers = 0.0
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

    /// Takes notice of the epochs that all its trials have been trained for by now, and of what can be done from now on: O(workers).
    package mutating func note(epochs count: Int, capacity new: WorkerCapacity, at now: Instant) {
        let passed = max(0, Double(seen.duration(to: now).wholeNanoseconds) / 1e9)
        for (worker, share) in capacity.workers {
            let had = slotSeconds[worker, default: 0] + passed * Double(share.slots)
            if new.workers[worker] == nil {
                workOfOthers += had / share.slowness
                slotSeconds[worker] = nil
            } else {
                slotSeconds[worker] = had
            }
        }
        seconds += passed
        epochs += Double(max(0, count - trained))
        (trained, capacity, seen) = (count, new, now)
        guard epochs >= Self.memory.epochs, seconds >= Self.memory.seconds else { return }
        (epochs, seconds, workOfOthers) = (epochs / 2, seconds / 2, workOfOthers / 2)
        for worker in slotSeconds.keys { slotSeconds[worker, default: 0] /= 2 }
    }

    /// Epochs a second that the workers of now are to do; 0 while there are none, nil while nothing was measured.
    package var epochsPerSecond: Double? {
        var work = workOfOthers
        for (worker, share) in capacity.workers { work += (slotSeconds[worker] ?? 0) / share.slowness }
        guard epochs > 0, work > 0 else { return nil }
        return epochs / work * capacity.speed
    }
}
