package import SweepCoordination
package import SweepCore
package import SweepMessaging
package import SweepStore

/// Writes snapshots on a thread of its own, beside the journal's.
package actor SnapshotThread {
    package nonisolated let loop = MessagingLoop(name: "snapshots")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let store: SnapshotStore

    package init(_ store: SnapshotStore) { self.store = store }

    /// Bytes of curves in one transaction: some tenths of a second of an ordinary disk, and as much memory.
    private static let batch = 16 << 20

    /// Keeps the state as of this entry; answers with the trials whose curves are kept with it.
    package func keep(_ snapshot: CoreSnapshot, at place: JournalPlace) throws
        -> (head: SnapshotStore.Head, trials: [TrialID])
    {
        var trials: [TrialID] = []
        var curves: [SnapshotStore.Curve] = []
        var bytes = 0
        try snapshot.forEachWholeCurve { trial, curve in
            let body = curve.bytes
            curves.append(.init(sweep: Int(trial.sweep.rawValue), trial: trial.number, body: body))
            trials.append(trial)
            bytes += body.count
            guard bytes >= Self.batch else { return }
            try store.add(curves)
            curves.removeAll()
            bytes = 0
        }
        if !curves.isEmpty { try store.add(curves) }
        let head = try store.replace(sequence: place.sequence, entry: place.checksum) { part in
            try snapshot.write(part)
        }
        return (head, trials)
    }

    /// Ends the thread.
    package func stop() { loop.stop() }

    /// Forgets the state, and the curves of these sweeps.
    func forget(_ sweeps: Set<SweepID>) throws {
        for sweep in sweeps { try store.forget(sweep: Int(sweep.rawValue)) }
    }

    /// Forgets what is of no use to this journal.
    func clear() throws { try store.clear() }
}
