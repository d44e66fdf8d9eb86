package import SweepCore
import SweepSearch
import SweepWire

/// The state that a journal has led to, so that a restart need not read the journal from its beginning.
///
/// A cache: what it holds is what a replay of the same entries gives, curves of ended trials thinned, and nothing is in it that the
/// journal has not. A value, taken in microseconds; it is written elsewhere while events change the core.
package struct CoreSnapshot: Sendable {
    /// What `parts` write; a snapshot of another format is passed over.
    package static let format = 6

    let attempts: Int
    /// Leases that were ever given.
    let leasesGiven: Int
    let sweeps: [SweepID: SweepProgress]
    let sequences: [WorkerID: UInt64]
    let unreadable: [SweepID]
    let deleted: Set<SweepID>
    /// Workers that hold leases.
    let holders: [WorkerProgress]

    /// Trials, or entries of a log, in one part: some hundred KiB up to some MiB.
    static let perPart = 4096

    /// Gives the bytes part by part; the curves of ended trials are thinned in them.
    package func write(_ part: ([UInt8]) throws -> Void) rethrows {
        try part(header)
        for id in sweeps.keys.sorted() {
            guard let sweep = sweeps[id] else { continue }
            for start in stride(from: 0, to: sweep.trials.count, by: Self.perPart) {
                let numbers = start..<min(start + Self.perPart, sweep.trials.count)
                try part(trials(numbers, of: sweep))
            }
            for block in sweep.told.blocks { try part(log(block, of: sweep)) }
        }
    }

    /// All parts.
    package var parts: [[UInt8]] {
        var parts: [[UInt8]] = []
        write { parts.append($0) }
        return parts
    }

    /// Gives the whole curves of ended trials: what the parts leave out, and what is to be kept before them.
    package func forEachWholeCurve(_ body: (TrialID, LearningCurve) throws -> Void) rethrows {
        for id in sweeps.keys.sorted() {
            guard let sweep = sweeps[id] else { continue }
            for trial in sweep.trials {
                guard sweep.isToldWhole(trial), trial.curve.isWhole, trial.curve.epochs > 0 else { continue }
                try body(TrialID(sweep: id, number: trial.number), trial.curve)
            }
        }
    }

    private var header: [UInt8] {
        var writer = SnapshotWriter()
        writer.byte(PartKind.header.rawValue)
        writer.integer(Self.format)
        writer.integer(attempts)
        writer.integer(leasesGiven)
        writer.list(unreadable) { $0.number(UInt64($1.rawValue)) }
        writer.list(deleted.sorted()) { $0.number(UInt64($1.rawValue)) }
        writer.list(sequences.keys.sorted()) { writer, worker in
            writer.worker(worker)
            writer.number(sequences[worker] ?? 0)
        }
        writer.list(holders.sorted { $0.id < $1.id }) { writer, worker in
            writer.worker(worker.id)
            writer.list(worker.held) { $0.trial($1) }
            writer.optional(worker.alone) { $0.trial($1) }
        }
        writer.list(sweeps.keys.sorted()) { writer, id in
            if let sweep = sweeps[id] { writer.sweep(sweep) }
        }
        return writer.bytes
    }

    private func trials(_ numbers: Range<Int>, of sweep: SweepProgress) -> [UInt8] {
        var writer = SnapshotWriter()
        writer.byte(PartKind.trials.rawValue)
        writer.number(UInt64(sweep.id.rawValue))
        writer.integer(numbers.lowerBound)
        writer.integer(numbers.count)
        let objective = sweep.sweep.objective
        for index in numbers {
            let trial = sweep.trials[index]
            writer.trial(trial, sweep.isToldWhole(trial) ? trial.curve.thinned(for: objective) : trial.curve)
        }
        return writer.bytes
    }

    private func log(_ entries: [DecisionLog.Entry], of sweep: SweepProgress) -> [UInt8] {
        var writer = SnapshotWriter()
        writer.byte(PartKind.log.rawValue)
        writer.number(UInt64(sweep.id.rawValue))
        writer.list(entries) { writer, entry in
            writer.byte(entry.kind.rawValue)
            writer.number(UInt64(entry.trial))
            writer.number(UInt64(entry.epoch))
            if entry.hasCost { writer.real(entry.cost) }
        }
        return writer.bytes
    }

    /// What a part's first byte says of it.
    enum PartKind: UInt8 {
        case header = 1
        case trials = 2
        case log = 3
    }
}

extension CoordinatorCore {
    /// The state as its facts have made it so far, to be written.
    package var snapshot: CoreSnapshot {
        CoreSnapshot(
            attempts: options.attempts,
            leasesGiven: leasesGiven,
            sweeps: reading.sweeps,
            sequences: sequences,
            unreadable: unreadable,
            deleted: deleted,
            holders: table.all.values.filter { !$0.held.isEmpty }
        )
    }

    /// Lets go of the curves of ended trials that are kept elsewhere; others are left as they are.
    package mutating func thin(_ trials: some Sequence<TrialID>) {
        for trial in trials { sweeps[trial.sweep]?.thin(trial.number) }
    }
}

extension SweepProgress {
    /// Whether a trial has ended and nobody asks for its single epochs any more: a scheduler that reads curves is told them when
    /// the trial's last segment ends in virtual time, which may be after it ended.
    func isToldWhole(_ trial: TrialProgress) -> Bool {
        trial.ended != nil && (!readsCurves || timeline.slot(of: trial.number) == nil)
    }

    fileprivate mutating func thin(_ number: Int) {
        guard trials.indices.contains(number - 1), isToldWhole(trials[number - 1]) else { return }
        trials[number - 1].curve = trials[number - 1].curve.thinned(for: sweep.objective)
    }
}

// MARK: - Values

extension SnapshotWriter {
    mutating func worker(_ worker: WorkerID) {
        name(worker.name)
        word(worker.incarnation)
    }

    mutating func trial(_ trial: TrialID) {
        number(UInt64(trial.sweep.rawValue))
        integer(trial.number)
    }

    fileprivate mutating func sweep(_ sweep: SweepProgress) {
        // As the journal writes it; it has written it before.
        blob((try? JournalCodec.encode([.sweepSubmitted(sweep.submission)])) ?? [])
        optional(sweep.plan.trials) { $0.integer($1) }
        integer(sweep.placement.priority)
        optional(sweep.placement.maxParallel) { $0.integer($1) }
        integer(sweep.share.newestLease)
        real(sweep.share.head)
        integer(sweep.trials.count)
        integer(sweep.told.count)
        switch sweep.state {
        case .running: byte(0)
        case .paused: byte(1)
        case .finished: byte(2)
        case .cancelled: byte(3)
        case .halted(let reason):
            byte(4)
            text(reason)
        }
        real(sweep.timeline.now)
        list(sweep.timeline.slots) { writer, slot in
            writer.integer(slot.trial)
            writer.integer(slot.to)
            writer.real(slot.end)
            writer.integer(slot.order)
        }
        optional(sweep.brake.cause) { $0.text($1.rawValue) }
        list(sweep.brake.configurations) { $0.word($1.rawValue) }
        real(sweep.longestEpochSeconds)
        integer(sweep.decided)
        integer(sweep.resolved)
        integer(sweep.epochsDecided)
        real(sweep.leastCost)
        integer(sweep.ranMilliseconds)
        integer(sweep.epochsTrained)
        real(sweep.epochSeconds)
        optional(sweep.incumbent) { writer, best in
            writer.integer(best.trial)
            writer.integer(best.epoch)
            writer.real(best.value)
        }
        list(sweep.incumbents.steps) { writer, step in
            writer.integer(step.epochsTrained)
            writer.real(step.coreSeconds)
            writer.integer(step.incumbent.trial)
            writer.integer(step.incumbent.epoch)
            writer.real(step.incumbent.value)
        }
        optional(sweep.leastProbeLoss) { $0.real($1) }
        list(sweep.arrived) { $0.integer($1) }
        list(sweep.enqueued.waiting) { $0.configuration($1) }
        list(sweep.enqueued.trials.sorted()) { $0.integer($1) }
        list(sweep.enqueued.keys) { $0.text($1) }
        list(sweep.experiments) { writer, experiment in
            writer.integer(experiment.trial)
            writer.integer(experiment.round)
            writer.list(experiment.sweeps) { $0.number(UInt64($1.rawValue)) }
            writer.list(experiment.causes) { $0.text($1.rawValue) }
            writer.integer(experiment.epochs)
        }
        optional(sweep.experimentsEnd) { $0.text($1) }
    }

    fileprivate mutating func configuration(_ configuration: Configuration) {
        list(configuration.entries) { writer, entry in
            writer.name(entry.path)
            switch entry.value {
            case .none: writer.byte(0)
            case .flag(let value): writer.byte(value ? 2 : 1)
            case .integer(let value):
                writer.byte(3)
                writer.integer(value)
            case .real(let value):
                writer.byte(4)
                writer.real(value)
            case .text(let value):
                writer.byte(5)
                writer.name(value)
            }
        }
    }

    fileprivate mutating func trial(_ trial: TrialProgress, _ kept: LearningCurve) {
        configuration(trial.configuration)
        integer(trial.runOfConfiguration)
        word(trial.seed)
        optional(trial.parent) { writer, parent in
            writer.integer(parent.trial)
            writer.integer(parent.epoch)
        }
        curve(kept)
        optional(trial.checkpoint) { writer, checkpoint in
            writer.integer(checkpoint.epoch)
            writer.text(checkpoint.id.hash.hex)
            writer.integer(checkpoint.id.size)
        }
        optional(trial.goal) { writer, goal in
            writer.integer(goal.to)
            writer.real(goal.end)
            writer.integer(goal.order)
        }
        optional(trial.lease) { writer, lease in
            writer.number(UInt64(lease.attempt.rawValue))
            writer.worker(lease.worker)
            writer.integer(lease.from)
            writer.integer(lease.to)
            writer.integer(lease.curveEpochs)
        }
        number(UInt64(trial.attempt.rawValue))
        integer(trial.fruitlessAttempts)
        optional(trial.lastDeath) { writer, death in
            writer.text(death.reason)
            writer.text(death.log)
        }
        list(trial.avoided) { $0.worker($1) }
        switch trial.ended {
        case nil, .waiting, .running, .paused: byte(0)
        case .completed: byte(trial.stoppedEarly ? 2 : 1)
        case .pruned(let reason):
            byte(3)
            name(reason.rawValue)
        case .failed(let reason):
            byte(4)
            text(reason)
        }
        list(trial.notes) { writer, note in
            writer.integer(note.epoch)
            writer.text(note.text)
        }
        list(trial.readings.all) { writer, reading in
            writer.integer(reading.epoch)
            writer.blob(reading.bytes)
        }
        list(trial.workers) { $0.name($1) }
        list(trial.kernels) { $0.name($1) }
    }

    fileprivate mutating func curve(_ curve: LearningCurve) {
        let parts = curve.parts
        optional(parts.thinning) { writer, thin in
            writer.integer(thin.epochs)
            writer.integer(thin.best)
            writer.optional(thin.firstNonFinite) { $0.integer($1) }
            writer.real(thin.seconds)
        }
        reals(parts.values)
        if parts.thinning == nil { reals(parts.seconds) }
    }
}

extension LearningCurve {
    /// The bytes of a whole curve, to be kept beside a snapshot.
    package var bytes: [UInt8] {
        var writer = SnapshotWriter()
        writer.curve(self)
        return writer.bytes
    }

    /// The curve of such bytes; throws for others.
    package init(_ columns: CurveColumns, bytes: [UInt8]) throws(SnapshotError) {
        let curve = bytes.withUnsafeBytes { buffer -> LearningCurve? in
            var reader = SnapshotReader(buffer)
            guard let curve = try? reader.curve(columns), reader.isEmpty, curve.isWhole else { return nil }
            return curve
        }
        guard let curve else { throw SnapshotReader.failure() }
        self = curve
    }
}
