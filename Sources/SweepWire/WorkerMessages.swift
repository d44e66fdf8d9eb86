package import SweepCore

/// A worker process introduces itself; the first message on every connection, and the answer to `unknownSession`.
package struct Register: Hashable, Sendable {
    package var worker: WorkerID
    package var host: String
    package var pid: Int32
    /// Trials it trains at once.
    package var slots: Int
    /// Leases it wants to hold beyond its slots.
    package var prefetch: Int
    /// The kernel table it chose, for example `v3`.
    package var kernels: String
    /// The version of its training core: trials of another version are not given to it.
    package var coreVersion: String
    package var softwareVersion: String
    /// Labels in the order of their keys.
    package var labels: [WorkerLabel]
    /// Data sets it holds.
    package var dataSets: [DataSetID]
    /// Leases it still holds, running or not; the welcome says which of them to drop.
    package var leases: [HeldLease]
    /// The number of the oldest message it keeps, or else of the next it will send; lower ones never come again.
    package var oldestSequence: UInt64
    /// What it speaks; one that does not say speaks the handshake's version alone.
    package var versions: ProtocolVersions
    /// Training rows a second of one core on the model that `doctor` trains, measured when the worker began: above 0, at most
    /// `fastest`; nil where nothing was measured.
    package var samplesPerSecond: Double?

    /// Slots that a worker may have: what `--slots` takes. The codec reads more, so that a coordinator can say so.
    package static let mostSlots = 4_096
    /// More than a core can do, for what is read of others: a row of the model takes about a million floating-point operations.
    package static let fastest = 1e9

    package init(
        worker: WorkerID,
        host: String,
        pid: Int32,
        slots: Int,
        prefetch: Int,
        kernels: String,
        coreVersion: String,
        softwareVersion: String,
        labels: [WorkerLabel] = [],
        dataSets: [DataSetID] = [],
        leases: [HeldLease] = [],
        oldestSequence: UInt64 = 1,
        versions: ProtocolVersions = .spoken,
        samplesPerSecond: Double? = nil
    ) {
        self.worker = worker
        self.host = host
        self.pid = pid
        self.slots = slots
        self.prefetch = prefetch
        self.kernels = kernels
        self.coreVersion = coreVersion
        self.softwareVersion = softwareVersion
        self.labels = labels
        self.dataSets = dataSets
        self.leases = leases
        self.oldestSequence = oldestSequence
        self.versions = versions
        self.samplesPerSecond = samplesPerSecond
    }
}

/// `--label key=value`.
package struct WorkerLabel: Hashable, Sendable {
    package var key: String
    package var value: String
    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A lease that a worker holds, with the epochs its trial has done.
package struct HeldLease: Hashable, Sendable {
    package var lease: LeaseID
    package var epoch: Int
    package init(lease: LeaseID, epoch: Int) {
        self.lease = lease
        self.epoch = epoch
    }
}

/// A worker's sign of life; a beating worker whose steps stand still has a stuck trainer.
package struct Heartbeat: Hashable, Sendable {
    /// How far one running trial is.
    package struct Progress: Hashable, Sendable {
        package var lease: LeaseID
        /// Epochs done.
        package var epoch: Int
        /// Steps done in the epoch under way.
        package var step: Int
        package init(lease: LeaseID, epoch: Int, step: Int) {
            self.lease = lease
            self.epoch = epoch
            self.step = step
        }
    }
    package var running: [Progress]
    package var busySlots: Int
    package init(running: [Progress], busySlots: Int) {
        self.running = running
        self.busySlots = busySlots
    }
}

/// Epochs that were trained since the last batch, of all trials; numbered, kept by the worker until acknowledged.
package struct Reports: Hashable, Sendable {
    /// Consecutive epochs of one trial; values in the order of the assignment's metrics.
    package struct Item: Hashable, Sendable {
        package var lease: LeaseID
        package var observations: [Observation]
        /// Whether the trial's own rule of early stopping ended it with the last of these epochs.
        package var stoppedEarly: Bool
        /// What happened in these epochs.
        package var notes: [TrialNote]
        /// What the network looked like after some of these epochs, by rising epoch.
        package var readings: [PackedReading]
        package init(
            lease: LeaseID,
            observations: [Observation],
            stoppedEarly: Bool = false,
            notes: [TrialNote] = [],
            readings: [PackedReading] = []
        ) {
            self.lease = lease
            self.observations = observations
            self.stoppedEarly = stoppedEarly
            self.notes = notes
            self.readings = readings
        }

        /// Adds the epochs that follow of the same lease.
        package mutating func append(_ next: Item) {
            observations += next.observations
            stoppedEarly = next.stoppedEarly
            notes += next.notes
            readings += next.readings
        }

        /// The epochs at these positions with their notes and readings; whether it stopped belongs to the last epoch.
        func part(_ range: Range<Int>) -> Item {
            let isLast = range.upperBound == observations.count
            let before = range.lowerBound == 0 ? Int.min : observations[range.lowerBound - 1].epoch
            let last = isLast ? Int.max : observations[range.upperBound - 1].epoch
            return Item(
                lease: lease,
                observations: Array(observations[range]),
                stoppedEarly: stoppedEarly && isLast,
                notes: notes.filter { $0.epoch > before && $0.epoch <= last },
                readings: readings.filter { $0.epoch > before && $0.epoch <= last }
            )
        }
    }
    package var sequence: UInt64
    package var items: [Item]
    package init(sequence: UInt64, items: [Item]) {
        self.sequence = sequence
        self.items = items
    }
}

/// A lease is done with; numbered, kept by the worker until acknowledged.
///
/// A checkpoint that it names is stored at the coordinator already: the worker sends this after `objectStored`.
package struct SegmentEnded: Hashable, Sendable {
    package var sequence: UInt64
    package var lease: LeaseID
    /// Epochs the trial has done.
    package var epoch: Int
    package var outcome: SegmentOutcome
    package var checkpoint: CheckpointID?
    package init(
        sequence: UInt64,
        lease: LeaseID,
        epoch: Int,
        outcome: SegmentOutcome,
        checkpoint: CheckpointID? = nil
    ) {
        self.sequence = sequence
        self.lease = lease
        self.epoch = epoch
        self.outcome = outcome
        self.checkpoint = checkpoint
    }
}

/// How a segment ended.
package enum SegmentOutcome: Hashable, Sendable {
    /// Its last epoch was trained.
    case reached
    /// A loss was NaN or infinite at the epoch named.
    case notFinite
    /// The trial's own rule of early stopping ended it at the epoch named, as the report of that epoch says.
    case stoppedEarly
    /// The trial cannot run, here or anywhere; trying again gives the same.
    case failed(reason: String, log: String)
    /// The process that trained it died; another attempt may work.
    case died(reason: String, log: String)
    /// Stopped because a verdict said so.
    case cancelled
}

/// "I take no more": the leases that were not begun go back.
package struct Draining: Hashable, Sendable {
    package var handedBack: [LeaseID]
    package init(handedBack: [LeaseID]) { self.handedBack = handedBack }
}
