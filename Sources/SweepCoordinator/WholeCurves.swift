package import SweepCoordination
package import SweepCore
package import SweepStore
import SweepWire

/// Where the curves of trials are whose state keeps a thinned one: beside the snapshot, and in the journal in any case.
package struct WholeCurves: Sendable {
    private let snapshots: SnapshotStore?
    private let store: Store?

    /// Looks in `snapshots`, and then in the journal of `store`.
    package init(snapshots: SnapshotStore?, store: Store?) {
        self.snapshots = snapshots
        self.store = store
    }

    /// The whole curve of a trial; it blocks while it is read.
    ///
    /// Of a damaged journal as much as there is.
    package func curve(of trial: TrialProgress, in sweep: SweepProgress) -> LearningCurve {
        if trial.curve.isWhole { return trial.curve }
        let id = TrialID(sweep: sweep.id, number: trial.number)
        if let bytes = try? snapshots?.curve(sweep: Int(id.sweep.rawValue), trial: id.number),
            let curve = try? LearningCurve(trial.curve.columns, bytes: bytes), curve.epochs == trial.curve.epochs
        {
            return curve
        }
        return replayed(id, trial.curve)
    }

    /// The curve as the journal has it: every row is read. For a snapshot that was damaged since it was opened.
    private func replayed(_ trial: TrialID, _ thinned: LearningCurve) -> LearningCurve {
        var curve = LearningCurve(thinned.columns)
        do {
            try store?.forEachEntry { _, entry in
                let row = try JournalCodec.row(entry.body)
                for case .epochs(let run) in row.entries where run.lease.trial == trial {
                    _ = curve.append(
                        epochsFrom: run.firstEpoch,
                        values: row.values[run.values],
                        seconds: row.seconds[run.epochs]
                    )
                }
                if curve.epochs >= thinned.epochs { throw CancellationError() }
            }
        } catch {}
        return curve
    }
}
