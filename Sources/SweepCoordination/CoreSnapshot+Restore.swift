import SweepCore
import SweepSearch
import SweepWire

/// Makes a core of the parts of a snapshot.
///
/// Parts may come in any order after the header. Bytes that are not a snapshot's are refused; those of one whose numbers do not fit
/// together too.
package struct SnapshotRestoration {
    private let options: CoordinatorOptions?
    private let session: UInt64
    private var core: CoordinatorCore
    private var hasHeader = false
    /// Trials and entries of logs that the header tells of.
    private var expected: [SweepID: (trials: Int, told: Int)] = [:]
    private var arrived: [SweepID: [Int]] = [:]
    private var logs: [SweepID: DecisionLog] = [:]

    /// For a core with these options; without any, for one with those of the snapshot.
    package init(options: CoordinatorOptions?, session: UInt64) {
        self.options = options
        self.session = session
        core = CoordinatorCore(options: options ?? CoordinatorOptions(), session: session)
    }

    /// Takes the next part.
    package mutating func add(_ bytes: [UInt8]) throws(SnapshotError) {
        var failure: SnapshotError?
        bytes.withUnsafeBytes { buffer in
            do throws(SnapshotError) { try read(SnapshotReader(buffer)) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The core; throws when parts are missing.
    package mutating func finish() throws(SnapshotError) -> CoordinatorCore {
        guard hasHeader else { throw SnapshotReader.failure("its head is missing") }
        for id in core.sweeps.keys.sorted() {
            guard let (trials, told) = expected[id], core.sweeps[id]?.trials.count == trials,
                (logs[id]?.count ?? 0) == told
            else { throw SnapshotReader.failure("parts of sweep \(id.rawValue) are missing") }
            let log = logs[id] ?? DecisionLog()
            let known = 1...UInt32(clamping: max(1, trials))
            guard
                core.sweeps[id]?.timeline.slots.allSatisfy({ $0.trial >= 1 && $0.trial <= trials && $0.end.isFinite })
                    == true,
                core.sweeps[id]?.enqueued.trials.allSatisfy({ $0 >= 1 && $0 <= trials }) == true,
                log.blocks.allSatisfy({ $0.allSatisfy { known.contains($0.trial) && $0.trial <= trials } })
            else { throw SnapshotReader.failure("sweep \(id.rawValue) tells of trials that it has not") }
            core.sweeps[id]?.complete(told: log, arrived: arrived[id] ?? [])
            for trial in core.sweeps[id]?.trials ?? TrialList() {
                if let checkpoint = trial.checkpoint { core.checkpointUsers[checkpoint.id.hash, default: 0] += 1 }
                guard let lease = trial.lease else { continue }
                let held = core.workers[lease.worker]?.held.contains(TrialID(sweep: id, number: trial.number))
                guard held == true else { throw SnapshotReader.failure("a lease is nobody's") }
                let slots = core.slots(of: TrialID(sweep: id, number: trial.number))
                core.sweeps[id]?.share.leases += 1
                core.table.update(lease.worker) { $0.load += slots }
            }
        }
        for id in core.active {
            guard let needs = core.sweeps[id]?.needs else { continue }
            core.sweeps[id]?.pool = core.table.draw(on: needs)
        }
        return core
    }

    private mutating func read(_ reader: SnapshotReader) throws(SnapshotError) {
        var reader = reader
        let kind = CoreSnapshot.PartKind(rawValue: try reader.byte())
        guard hasHeader == (kind != .header) else { throw SnapshotReader.failure("its parts are in disorder") }
        switch kind {
        case .header: try header(&reader)
        case .trials: try trials(&reader)
        case .log: try log(&reader)
        case nil: throw SnapshotReader.failure()
        }
        guard reader.isEmpty else { throw SnapshotReader.failure() }
    }

    private mutating func header(_ reader: inout SnapshotReader) throws(SnapshotError) {
        let format = try reader.integer()
        guard format == CoreSnapshot.format else {
            throw SnapshotError(
                reason: "its format is \(format), this version's is \(CoreSnapshot.format)",
                isEarlier: (1..<CoreSnapshot.format).contains(format)
            )
        }
        let attempts = try reader.integer(in: 1...Int(Int32.max))
        if let options, options.attempts != attempts {
            throw SnapshotReader.failure(
                "it was made with \(attempts) attempts a trial, now they are \(options.attempts)"
            )
        }
        if options == nil { core = CoordinatorCore(options: CoordinatorOptions(attempts: attempts), session: session) }
        core.leasesGiven = try reader.integer(in: 0...1 << 53)
        core.unreadable = try reader.list { reader throws(SnapshotError) in try reader.sweepID() }
        core.deleted = Set(try reader.list { reader throws(SnapshotError) in try reader.sweepID() })
        for _ in 0..<(try reader.count()) {
            let worker = try reader.worker()
            core.sequences[worker] = try reader.number()
        }
        for _ in 0..<(try reader.count()) {
            let worker = try reader.worker()
            let held = try reader.list { reader throws(SnapshotError) in try reader.trialID() }
            let alone = try reader.optional { reader throws(SnapshotError) in try reader.trialID() }
            core.table.add(worker, at: .zero)
            core.table.update(worker) {
                $0.held = held
                $0.alone = alone
            }
        }
        for _ in 0..<(try reader.count()) { try sweep(&reader) }
        for id in core.unreadable + core.deleted + core.sweeps.keys {
            core.nextSweep = max(core.nextSweep, id.rawValue &+ 1)
        }
        core.active = core.sweeps.values.filter { !$0.state.isOver }.map(\.id).sorted()
        hasHeader = true
    }

    private mutating func sweep(_ reader: inout SnapshotReader) throws(SnapshotError) {
        guard case .sweepSubmitted(let submission)? = try? JournalCodec.decode(try reader.blob()).first,
            let read = Sweep.read(submission.source, problems: SpecProblems()), core.sweeps[submission.id] == nil
        else { throw SnapshotReader.failure("a sweep's file cannot be read") }
        var sweep = SweepProgress(sweep: read, submission: submission, attempts: core.options.attempts)
        let planned = try reader.optional { reader throws(SnapshotError) in try reader.integer(in: 0...1 << 53) }
        sweep.plan = sweep.plan.with(trials: planned)
        sweep.placement.priority = try reader.integer()
        sweep.placement.maxParallel = try reader.optional { reader throws(SnapshotError) in
            try reader.integer(in: 1...1 << 53)
        }
        sweep.share.newestLease = try reader.integer(in: 0...1 << 53)
        sweep.share.head = try reader.real()
        expected[sweep.id] = (try reader.epoch(), try reader.integer(in: 0...1 << 53))
        switch try reader.byte() {
        case 0: sweep.state = .running
        case 1: sweep.state = .paused
        case 2: sweep.state = .finished
        case 3: sweep.state = .cancelled
        case 4: sweep.state = .halted(try reader.text())
        default: throw SnapshotReader.failure()
        }
        sweep.timeline = VirtualTimeline(
            now: try reader.real(),
            slots: try reader.list { reader throws(SnapshotError) in
                VirtualTimeline.Slot(
                    trial: try reader.epoch(),
                    to: try reader.epoch(),
                    end: try reader.real(),
                    order: try reader.integer(in: 0...1 << 53)
                )
            }
        )
        let cause = try reader.optional { reader throws(SnapshotError) in
            guard let cause = FailureCause(rawValue: try reader.text()) else { throw SnapshotReader.failure() }
            return cause
        }
        sweep.brake = FailureBrake(
            cause: cause,
            configurations: try reader.list { reader throws(SnapshotError) in
                ConfigurationID(rawValue: try reader.word())
            }
        )
        sweep.longestEpochSeconds = try reader.real()
        sweep.decided = try reader.integer(in: 0...1 << 53)
        sweep.resolved = try reader.integer(in: 0...1 << 53)
        sweep.epochsDecided = try reader.integer(in: 0...1 << 53)
        sweep.leastCost = try reader.real()
        sweep.ranMilliseconds = try reader.integer(in: 0...1 << 53)
        sweep.epochsTrained = try reader.integer(in: 0...1 << 53)
        sweep.epochSeconds = try reader.real()
        sweep.incumbent = try reader.optional { reader throws(SnapshotError) in
            Incumbent(trial: try reader.epoch(), epoch: try reader.epoch(), value: try reader.real())
        }
        sweep.incumbents = IncumbentHistory(
            try reader.list { reader throws(SnapshotError) in
                IncumbentHistory.Step(
                    epochsTrained: try reader.integer(in: 0...1 << 53),
                    coreSeconds: try reader.real(),
                    incumbent: Incumbent(trial: try reader.epoch(), epoch: try reader.epoch(), value: try reader.real())
                )
            }
        )
        sweep.leastProbeLoss = try reader.optional { reader throws(SnapshotError) in try reader.real() }
        arrived[sweep.id] = try reader.list { reader throws(SnapshotError) in try reader.epoch() }
        sweep.enqueued = EnqueuedConfigurations(
            waiting: try reader.list { reader throws(SnapshotError) in try reader.configuration() },
            trials: Set(try reader.list { reader throws(SnapshotError) in try reader.epoch() }),
            keys: try reader.list { reader throws(SnapshotError) in try reader.text() }
        )
        sweep.experiments = try reader.list { reader throws(SnapshotError) in
            SweepExperiment(
                trial: try reader.epoch(),
                round: try reader.epoch(),
                sweeps: try reader.list { reader throws(SnapshotError) in try reader.sweepID() },
                causes: try reader.list { reader throws(SnapshotError) in
                    guard let cause = Cause(rawValue: try reader.text()) else { throw SnapshotReader.failure() }
                    return cause
                },
                epochs: try reader.integer(in: 0...1 << 53)
            )
        }
        sweep.experimentsEnd = try reader.optional { reader throws(SnapshotError) in try reader.text() }
        core.sweeps[sweep.id] = sweep
        core.noteExperiments(of: sweep.id)
    }

    private mutating func trials(_ reader: inout SnapshotReader) throws(SnapshotError) {
        let id = try reader.sweepID()
        let (first, count) = (try reader.epoch(), try reader.integer(in: 0...2 * CoreSnapshot.perPart))
        guard core.sweeps[id]?.trials.count == first, let columns = core.sweeps[id]?.columns else {
            throw SnapshotReader.failure("its trials are in disorder")
        }
        for number in first + 1..<first + 1 + count {
            let trial = try reader.trial(number, columns) { core.sweeps[id]?.nameToCopy($0) }
            core.sweeps[id]?.trials.append(trial)
        }
    }

    private mutating func log(_ reader: inout SnapshotReader) throws(SnapshotError) {
        let id = try reader.sweepID()
        guard core.sweeps[id] != nil else { throw SnapshotReader.failure() }
        for _ in 0..<(try reader.count()) {
            guard let kind = DecisionLog.Entry.Kind(rawValue: try reader.byte()) else { throw SnapshotReader.failure() }
            let (trial, epoch) = (try reader.count(), try reader.count())
            let cost = DecisionLog.Entry(kind, trial: trial).hasCost ? try reader.real() : 0
            logs[id, default: DecisionLog()].append(.init(kind, trial: trial, epoch: epoch, cost: cost))
        }
    }
}

extension SweepProgress {
    /// Makes everything that follows from the trials and from what was told.
    fileprivate mutating func complete(told log: DecisionLog, arrived: [Int]) {
        told = log
        for block in log.blocks { for entry in block { repeatTo(entry) } }
        self.arrived = arrived.filter { trials.indices.contains($0 - 1) }
        open = []
        tally = SweepTally(trials)
        searched = trials.indices.first { isFinal($0 + 1) } ?? trials.count
        for trial in trials where trial.ended == nil {
            open.insert(trial.number)
            makeReady(trial.number)
        }
    }
}

// MARK: - Values

extension SnapshotReader {
    fileprivate mutating func sweepID() throws(SnapshotError) -> SweepID {
        guard let value = UInt32(exactly: try number()) else { throw Self.failure() }
        return SweepID(rawValue: value)
    }

    fileprivate mutating func attempt() throws(SnapshotError) -> Attempt {
        guard let value = UInt32(exactly: try number()) else { throw Self.failure() }
        return Attempt(rawValue: value)
    }

    fileprivate mutating func trialID() throws(SnapshotError) -> TrialID {
        TrialID(sweep: try sweepID(), number: try epoch())
    }

    fileprivate mutating func worker() throws(SnapshotError) -> WorkerID {
        WorkerID(name: try name(), incarnation: try word())
    }

    /// An epoch, or a trial's number.
    fileprivate mutating func epoch() throws(SnapshotError) -> Int { try integer(in: 0...Int(Int32.max)) }

    /// A trial; `named` gives the name of an earlier one that belongs to that of a copy, if any does.
    fileprivate mutating func trial(
        _ number: Int,
        _ columns: CurveColumns,
        named: (Int) -> ConfigurationID??
    ) throws(SnapshotError) -> TrialProgress {
        let configuration = try configuration()
        let (run, seed) = (try epoch(), try word())
        let parent = try optional { reader throws(SnapshotError) in
            Parent(trial: try reader.epoch(), epoch: try reader.epoch())
        }
        var origin: (parent: Parent, id: ConfigurationID?)?
        if let parent {
            guard parent.trial < number, let id = named(parent.trial) else { throw Self.failure() }
            origin = (parent, id)
        }
        var trial = TrialProgress(
            number: number,
            configuration: configuration,
            runOfConfiguration: run,
            seed: seed,
            columns: columns,
            copiedFrom: origin
        )
        trial.curve = try curve(columns).inheriting(parent?.epoch ?? 0)
        guard trial.curve.epochs >= parent?.epoch ?? 0 else { throw Self.failure() }
        trial.checkpoint = try optional { reader throws(SnapshotError) in
            let (epoch, hex, size) = (try reader.epoch(), try reader.text(), try reader.integer(in: 0...Int.max))
            guard let hash = ContentHash(hex: hex) else { throw Self.failure() }
            return TrialProgress.KeptCheckpoint(epoch: epoch, id: CheckpointID(hash: hash, size: size))
        }
        trial.goal = try optional { reader throws(SnapshotError) in
            .init(to: try reader.epoch(), end: try reader.real(), order: try reader.integer(in: 0...1 << 53))
        }
        trial.lease = try optional { reader throws(SnapshotError) in
            .init(
                attempt: try reader.attempt(),
                worker: try reader.worker(),
                from: try reader.epoch(),
                to: try reader.epoch(),
                curveEpochs: try reader.epoch()
            )
        }
        trial.attempt = try attempt()
        trial.fruitlessAttempts = try epoch()
        trial.lastDeath = try optional { reader throws(SnapshotError) in
            AttemptDeath(reason: try reader.text(), log: try reader.text())
        }
        trial.avoided = try list { reader throws(SnapshotError) in try reader.worker() }
        switch try byte() {
        case 0: break
        case 1: trial.ended = .completed
        case 2:
            trial.ended = .completed
            trial.stoppedEarly = true
        case 3:
            guard let reason = PruneReason(rawValue: try name()) else { throw Self.failure() }
            trial.ended = .pruned(reason)
        case 4: trial.ended = .failed(try text())
        default: throw Self.failure()
        }
        trial.notes = try list { reader throws(SnapshotError) in
            TrialNote(epoch: try reader.epoch(), text: try reader.text())
        }
        for reading in try list({ reader throws(SnapshotError) in
            PackedReading(epoch: try reader.epoch(), bytes: try reader.blob())
        }) {
            let before = trial.readings.all.count
            guard trial.readings.keep(reading), trial.readings.all.count == before + 1 else { throw Self.failure() }
        }
        trial.workers = try list { reader throws(SnapshotError) in try reader.name() }
        trial.kernels = try list { reader throws(SnapshotError) in try reader.name() }
        guard trial.curve.isWhole || trial.ended != nil, trial.goal?.end.isFinite ?? true else { throw Self.failure() }
        return trial
    }

    fileprivate mutating func configuration() throws(SnapshotError) -> Configuration {
        Configuration(
            try list { reader throws(SnapshotError) in
                Configuration.Entry(path: try reader.name(), value: try reader.value())
            }
        )
    }

    private mutating func value() throws(SnapshotError) -> ParameterValue {
        switch try byte() {
        case 0: return .none
        case 1: return .flag(false)
        case 2: return .flag(true)
        case 3: return .integer(try integer())
        case 4: return .real(try real())
        case 5: return .text(try name())
        default: throw Self.failure()
        }
    }

    mutating func curve(_ columns: CurveColumns) throws(SnapshotError) -> LearningCurve {
        let curve: LearningCurve?
        if try flag() {
            let (epochs, best) = (try epoch(), try epoch())
            let firstNonFinite = try optional { reader throws(SnapshotError) in try reader.epoch() }
            let seconds = try real()
            curve = LearningCurve(
                columns,
                rows: try reals(),
                epochs: epochs,
                best: best,
                firstNonFinite: firstNonFinite,
                seconds: seconds
            )
        } else {
            curve = LearningCurve(columns, values: try reals(), seconds: try reals())
        }
        guard let curve else { throw Self.failure("a curve's numbers do not fit together") }
        return curve
    }
}
