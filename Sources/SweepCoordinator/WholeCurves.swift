package import SweepCoordination
package import SweepCore
package import SweepStore
import SweepWire
import Synchronization

/// Where the curves of trials are whose state keeps a thinned one: beside the snapshot, and in the journal in any case.
package struct WholeCurves: Sendable {
    private let snapshots: SnapshotStore?
    private let store: Store?
    private let bytesAhead: Int
    private let block = ReadBlock()

    /// Looks in `snapshots`, and then in the journal of `store`. Of many curves some are read at once, until they come to `bytesAhead`.
    package init(snapshots: SnapshotStore?, store: Store?, bytesAhead: Int = 8 << 20) {
        self.snapshots = snapshots
        self.store = store
        self.bytesAhead = bytesAhead
    }

    /// The whole curve of a trial; it blocks while it is read.
    ///
    /// Of a damaged journal as much as there is.
    package func curve(of trial: TrialProgress, in sweep: SweepProgress) -> LearningCurve {
        if trial.curve.isWhole { return trial.curve }
        if let bytes = try? snapshots?.curve(sweep: Int(sweep.id.rawValue), trial: trial.number),
            let curve = Self.curve(of: trial, bytes)
        {
            return curve
        }
        return block.curve(of: trial, in: sweep) { numbers in replayed(numbers, of: sweep) }
    }

    /// Calls `body` with each of some trials, best in the order of their numbers, and its whole curve; it blocks while they are read.
    ///
    /// Of a sweep of 100,000 trials a statement for each takes longer than all that is made of the curves: they are read ahead, many in one.
    package func forEach(
        _ trials: some Sequence<TrialProgress>,
        in sweep: SweepProgress,
        _ body: (TrialProgress, LearningCurve) -> Void
    ) {
        var part: [TrialProgress] = []
        var bytes = 0
        for trial in trials {
            part.append(trial)
            if !trial.curve.isWhole { bytes += trial.curve.epochs * (trial.curve.metrics.count + 1) * 8 }
            guard bytes >= bytesAhead || part.count >= SnapshotStore.curvesAtOnce else { continue }
            give(part, in: sweep, body)
            part.removeAll(keepingCapacity: true)
            bytes = 0
        }
        give(part, in: sweep, body)
    }

    private func give(
        _ trials: [TrialProgress],
        in sweep: SweepProgress,
        _ body: (TrialProgress, LearningCurve) -> Void
    ) {
        var read: [Int: LearningCurve] = [:]
        try? snapshots?.forEachCurve(
            sweep: Int(sweep.id.rawValue),
            trials: trials.filter { !$0.curve.isWhole }.map(\.number)
        ) { number, bytes in
            read[number] = sweep[number].flatMap { Self.curve(of: $0, bytes) }
        }
        for trial in trials {
            let found = trial.curve.isWhole ? trial.curve : read[trial.number]
            body(trial, found ?? block.curve(of: trial, in: sweep) { numbers in replayed(numbers, of: sweep) })
        }
    }

    /// The bytes as the trial's curve; nil when they are another's.
    private static func curve(of trial: TrialProgress, _ bytes: [UInt8]) -> LearningCurve? {
        guard let curve = try? LearningCurve(trial.curve.columns, bytes: bytes), curve.epochs == trial.curve.epochs
        else {
            return nil
        }
        return curve.inheriting(trial.parent?.epoch ?? 0)
    }

    /// What the journal does not have of a trial's curve: the epochs of the trial that its state was copied from.
    private func inheritance(of trial: TrialProgress, in sweep: SweepProgress) -> LearningCurve {
        guard let parent = trial.parent, let donor = sweep[parent.trial] else {
            return LearningCurve(trial.curve.columns)
        }
        // The parent's number is lower, so that this ends; of each link the journal is read once more, which is rare.
        let whole = donor.curve.isWhole ? donor.curve : inherited(donor, in: sweep)
        return whole.inheritance(after: parent.epoch)
    }

    private func inherited(_ donor: TrialProgress, in sweep: SweepProgress) -> LearningCurve {
        let id = TrialID(sweep: sweep.id, number: donor.number)
        if let bytes = try? snapshots?.curve(sweep: Int(id.sweep.rawValue), trial: id.number),
            let curve = try? LearningCurve(donor.curve.columns, bytes: bytes), curve.epochs == donor.curve.epochs
        {
            return curve
        }
        return replayed(donor.number...donor.number, of: sweep)[donor.number] ?? LearningCurve(donor.curve.columns)
    }

    /// The curves of some trials as the journal has them: every row is read, once. For a snapshot that was damaged since it was opened.
    private func replayed(_ numbers: ClosedRange<Int>, of sweep: SweepProgress) -> [Int: LearningCurve] {
        var curves: [Int: LearningCurve] = [:]
        var missing = 0
        for number in numbers {
            guard let trial = sweep[number], !trial.curve.isWhole else { continue }
            curves[number] = inheritance(of: trial, in: sweep)
            if trial.curve.epochs > curves[number]?.epochs ?? 0 { missing += 1 }
        }
        do {
            try store?.forEachEntry { _, entry in
                let row = try JournalCodec.row(entry.body)
                for case .epochs(let run) in row.entries where run.lease.trial.sweep == sweep.id {
                    let number = run.lease.trial.number
                    guard let epochs = curves[number]?.epochs, let whole = sweep[number]?.curve.epochs, epochs < whole
                    else { continue }
                    _ = curves[number]?.append(
                        epochsFrom: run.firstEpoch,
                        values: row.values[run.values],
                        seconds: row.seconds[run.epochs]
                    )
                    if curves[number]?.epochs == whole { missing -= 1 }
                }
                if missing <= 0 { throw CancellationError() }
            }
        } catch {}
        return curves
    }
}

/// The curves that were last read from a journal: those of neighbours are asked for one after the other, and to read a journal for each
/// would take as long as there are trials times as long as a restart.
private final class ReadBlock: Sendable {
    private struct Block: Sendable {
        let sweep: SweepID
        let curves: [Int: LearningCurve]
    }

    /// Trials of a block: of fifty epochs some ten megabytes.
    private static let size = 4096
    private let kept = Mutex<Block?>(nil)

    /// The trial's curve; `read` gives those of a range of trials.
    func curve(
        of trial: TrialProgress,
        in sweep: SweepProgress,
        _ read: (ClosedRange<Int>) -> [Int: LearningCurve]
    ) -> LearningCurve {
        kept.withLock { kept in
            if let kept, kept.sweep == sweep.id, let curve = kept.curves[trial.number] { return curve }
            let first = (trial.number - 1) / Self.size * Self.size + 1
            let curves = read(first...first + Self.size - 1)
            kept = Block(sweep: sweep.id, curves: curves)
            return curves[trial.number] ?? LearningCurve(trial.curve.columns)
        }
    }
}
