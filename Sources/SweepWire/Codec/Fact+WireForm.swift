package import SweepCore

extension Fact {
    /// The fact as one form; `observed` as one for each run of epochs.
    func forms() throws(WireError) -> [Sweepd_Journal_Fact] {
        var form = Sweepd_Journal_Fact()
        switch self {
        case .sweepSubmitted(let submission): form.sweepSubmitted = try submission.form()
        case .sweepChanged(let sweep, let change): form.sweepChanged = change.form(sweep)
        case .trialProposed(let proposal): form.trialProposed = proposal.form()
        case .segmentDecided(let trial, let from, let to, let virtualEnd, let order):
            form.segmentDecided.trial = trial.form()
            form.segmentDecided.fromEpoch = UInt32(clamping: from)
            form.segmentDecided.toEpoch = UInt32(clamping: to)
            form.segmentDecided.virtualEnd = virtualEnd
            form.segmentDecided.order = UInt64(clamping: order)
        case .leased(let lease, let worker, let from, let to, let kernels):
            form.leased.lease = lease.form()
            form.leased.worker = worker.form()
            form.leased.fromEpoch = UInt32(clamping: from)
            form.leased.toEpoch = UInt32(clamping: to)
            form.leased.kernels = kernels
        case .observed(let lease, let observations):
            let item = Reports.Item(lease: lease, observations: observations)
            let runs = item.runs
            var forms: [Sweepd_Journal_Fact] = []
            for run in runs.isEmpty ? [item] : runs {
                var form = Sweepd_Journal_Fact()
                form.observed = try run.form()
                forms.append(form)
            }
            return forms
        case .noted(let trial, let notes):
            form.noted.trial = trial.form()
            form.noted.notes = notes.map { $0.form() }
        case .measured(let trial, let reading):
            form.measured.trial = trial.form()
            form.measured.reading = field(reading.bytes)
        case .checkpointKept(let trial, let epoch, let checkpoint):
            form.checkpointKept.trial = trial.form()
            form.checkpointKept.epoch = UInt32(clamping: epoch)
            form.checkpointKept.checkpoint = checkpoint.form()
        case .segmentResolved(let trial, let epoch, let cost):
            form.segmentResolved.trial = trial.form()
            form.segmentResolved.epoch = UInt32(clamping: epoch)
            form.segmentResolved.cost = cost
        case .leaseEnded(let lease, let end):
            form.leaseEnded.lease = lease.form()
            switch end {
            case .lapsed: form.leaseEnded.lapsed = .init()
            case .died(let text): form.leaseEnded.died = text
            case .handedBack: form.leaseEnded.handedBack = .init()
            case .superseded: form.leaseEnded.superseded = .init()
            }
        case .trialEnded(let trial, let state):
            form.trialEnded.trial = trial.form()
            switch state {
            case .completed: form.trialEnded.completed = .init()
            case .pruned(let reason): form.trialEnded.pruned = reason.rawValue
            case .failed(let reason): form.trialEnded.failed = reason
            case .waiting, .running, .paused:
                throw WireError(.notAllowed, "trial \(trial) cannot end in the state \(state.name)")
            }
        case .workerSequence(let worker, let sequence):
            form.workerSequence.worker = worker.form()
            form.workerSequence.sequence = sequence
        }
        return [form]
    }

    init(_ form: Sweepd_Journal_Fact) throws(WireError) {
        try self.init(unchecked: form)
        // What no coordinator writes: numbers that nothing could follow in the end, and a segment whose end no order places.
        switch self {
        case .sweepSubmitted(let submission) where submission.id.rawValue >= 1 << 31:
            throw .undecodable("it is damaged: a sweep has the number \(submission.id.rawValue)")
        case .leased(let lease, _, _, _, _) where lease.attempt.rawValue >= 1 << 31:
            throw .undecodable("it is damaged: trial \(lease.trial) is at attempt \(lease.attempt.rawValue)")
        case .segmentDecided(let trial, _, _, let end, _) where !end.isFinite:
            throw .undecodable("it is damaged: a segment of trial \(trial) ends at no time")
        default: break
        }
    }

    private init(unchecked form: Sweepd_Journal_Fact) throws(WireError) {
        switch form.fact {
        case .sweepSubmitted(let form): self = .sweepSubmitted(try SweepSubmission(form))
        case .sweepChanged(let form):
            self = .sweepChanged(SweepID(rawValue: form.id), try SweepChange(form))
        case .trialProposed(let form): self = .trialProposed(try TrialProposal(form))
        case .segmentDecided(let form):
            self = .segmentDecided(
                try TrialID(form.trial),
                from: try Check.integer(form.fromEpoch, "an epoch"),
                to: try Check.integer(form.toEpoch, "an epoch"),
                virtualEnd: form.virtualEnd,
                order: try Check.integer(form.order, "an order", in: 0...(1 << 53))
            )
        case .leased(let form):
            self = .leased(
                try LeaseID(form.lease),
                worker: WorkerID(form.worker),
                from: try Check.integer(form.fromEpoch, "an epoch"),
                to: try Check.integer(form.toEpoch, "an epoch"),
                kernels: form.kernels
            )
        case .observed(let form):
            let item = try Reports.Item(form)
            self = .observed(item.lease, item.observations)
        case .noted(let form): self = .noted(try TrialID(form.trial), try [TrialNote](forms: form.notes))
        case .measured(let form):
            self = .measured(try TrialID(form.trial), try PackedReading(wireBytes: array(form.reading)))
        case .checkpointKept(let form):
            self = .checkpointKept(
                try TrialID(form.trial),
                epoch: try Check.integer(form.epoch, "an epoch"),
                try CheckpointID(form.checkpoint)
            )
        case .segmentResolved(let form):
            self = .segmentResolved(
                try TrialID(form.trial),
                epoch: try Check.integer(form.epoch, "an epoch"),
                cost: form.cost
            )
        case .leaseEnded(let form): self = .leaseEnded(try LeaseID(form.lease), try LeaseEnd(form))
        case .trialEnded(let form): self = .trialEnded(try TrialID(form.trial), try TrialState(form))
        case .workerSequence(let form):
            self = .workerSequence(WorkerID(form.worker), sequence: form.sequence)
        case nil: throw .undecodable("a fact of no kind that is known here")
        }
    }
}

extension TrialID {
    fileprivate func form() -> Sweepd_Journal_TrialId {
        var form = Sweepd_Journal_TrialId()
        form.sweep = sweep.rawValue
        form.number = UInt64(clamping: number)
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_TrialId) throws(WireError) {
        self.init(
            sweep: SweepID(rawValue: form.sweep),
            number: try Check.integer(form.number, "a trial's number")
        )
    }
}

extension WorkerID {
    fileprivate func form() -> Sweepd_Journal_Worker {
        var form = Sweepd_Journal_Worker()
        form.name = name
        form.incarnation = incarnation
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_Worker) {
        self.init(name: form.name, incarnation: form.incarnation)
    }
}

extension LeaseEnd {
    fileprivate init(_ form: Sweepd_Journal_LeaseEnded) throws(WireError) {
        switch form.end {
        case .lapsed: self = .lapsed
        case .died(let text): self = .died(text)
        case .handedBack: self = .handedBack
        case .superseded: self = .superseded
        case nil: throw .undecodable("a lease's end of no kind that is known here")
        }
    }
}

extension TrialState {
    fileprivate init(_ form: Sweepd_Journal_TrialEnded) throws(WireError) {
        switch form.state {
        case .completed: self = .completed
        case .pruned(let word):
            guard let reason = PruneReason(rawValue: word) else {
                throw .undecodable("the prune reason \(Check.head(word, limit: WireLimits.name)) is not known here")
            }
            self = .pruned(reason)
        case .failed(let reason): self = .failed(reason)
        case nil: throw .undecodable("a trial's end of no kind that is known here")
        }
    }
}

extension SweepChange {
    fileprivate func form(_ sweep: SweepID) -> Sweepd_Journal_SweepChanged {
        var form = Sweepd_Journal_SweepChanged()
        form.id = sweep.rawValue
        switch self {
        case .paused: form.paused = .init()
        case .resumed: form.resumed = .init()
        case .cancelled: form.cancelled = .init()
        case .finished: form.finished = .init()
        case .halted(let reason): form.halted = reason
        case .adjusted(let adjustment): form.adjusted = adjustment.form()
        case .ran(let milliseconds): form.ran = UInt64(clamping: milliseconds)
        case .deleted(let standings, let leasesGiven):
            form.deleted.leasesGiven = UInt64(clamping: leasesGiven)
            form.deleted.standings = standings.map { standing in
                var form = Sweepd_Journal_Standing()
                form.sweep = standing.sweep.rawValue
                form.head = standing.head
                form.newestLease = UInt64(clamping: standing.newestLease)
                return form
            }
        case .enqueued(let configurations, let key):
            form.enqueued.key = key
            form.enqueued.configurations = configurations.map { configuration in
                var form = Sweepd_Journal_EnqueuedConfiguration()
                form.entries = configuration.forms()
                return form
            }
        case .experiment(let experiment): form.experiment = experiment.form
        case .experimentsOver(let reason): form.experimentsOver = reason
        }
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_SweepChanged) throws(WireError) {
        switch form.change {
        case .paused: self = .paused
        case .resumed: self = .resumed
        case .cancelled: self = .cancelled
        case .finished: self = .finished
        case .halted(let reason): self = .halted(reason)
        case .adjusted(let form): self = .adjusted(try SweepAdjustment(form))
        case .ran(let milliseconds):
            self = .ran(milliseconds: try Check.integer(milliseconds, "a time", in: 0...1 << 53))
        case .deleted(let form):
            let standings = try Check.list(form.standings, "standings", limit: .max) {
                form throws(WireError) -> SweepStanding in
                guard form.head.isFinite else { throw .undecodable("a head start of \(form.head)") }
                return SweepStanding(
                    sweep: SweepID(rawValue: form.sweep),
                    head: form.head,
                    newestLease: try Check.integer(form.newestLease, "a lease's place", in: 0...1 << 53)
                )
            }
            let leases = try Check.integer(form.leasesGiven, "leases", in: 0...1 << 53)
            self = .deleted(standings, leasesGiven: leases)
        case .enqueued(let form):
            guard !form.configurations.isEmpty else { throw .undecodable("nothing is enqueued") }
            let limit = EnqueueRequest.greatestWaiting
            self = .enqueued(
                try Check.list(form.configurations, "enqueued configurations", limit: limit) {
                    form throws(WireError) in try Configuration(forms: form.entries)
                },
                key: try Check.text(form.key, "a request's key")
            )
        case .experiment(let form): self = .experiment(try SweepExperiment(form))
        case .experimentsOver(let reason): self = .experimentsOver(reason)
        case nil: throw .undecodable("a sweep's change of no kind that is known here")
        }
    }
}

extension SweepExperiment {
    fileprivate var form: Sweepd_Journal_Experiment {
        var form = Sweepd_Journal_Experiment()
        form.trial = UInt64(clamping: trial)
        form.round = UInt32(clamping: round)
        form.sweeps = sweeps.map(\.rawValue)
        form.causes = causes.map(\.rawValue)
        form.epochs = UInt64(clamping: epochs)
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_Experiment) throws(WireError) {
        let limit = Self.greatestParts
        self.init(
            trial: try Check.integer(form.trial, "a trial's number", in: 1...1 << 53),
            round: try Check.integer(UInt64(form.round), "a round", in: 1...2),
            sweeps: try Check.list(form.sweeps, "an experiment's sweeps", limit: limit) { number throws(WireError) in
                SweepID(rawValue: number)
            },
            causes: try Check.list(form.causes, "an experiment's causes", limit: limit) { word throws(WireError) in
                guard let cause = Cause(rawValue: word) else {
                    throw .undecodable("a cause called so: \(word.prefix(40))")
                }
                return cause
            },
            epochs: try Check.integer(form.epochs, "epochs", in: 0...1 << 53)
        )
    }
}

extension SweepAdjustment {
    fileprivate func form() -> Sweepd_Journal_Adjusted {
        var form = Sweepd_Journal_Adjusted()
        if let priority { form.priority = Int64(priority) }
        switch maxParallel {
        case nil: break
        case .unlimited: form.unlimited = .init()
        case .atMost(let limit): form.maxParallel = UInt64(clamping: limit)
        }
        if let trials { form.trials = UInt64(clamping: trials) }
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_Adjusted) throws(WireError) {
        self.init()
        if form.hasPriority { priority = Int(clamping: form.priority) }
        switch form.limit {
        case nil: break
        case .unlimited: maxParallel = .unlimited
        case .maxParallel(let limit):
            maxParallel = .atMost(
                try Check.integer(limit, "a limit of trials at once", in: 1...Placement.limits.upperBound)
            )
        }
        if form.hasTrials {
            trials = try Check.integer(form.trials, "a number of trials", in: 1...SearchSpec.greatestTrials)
        }
        if let problem { throw .undecodable(problem) }
    }
}

extension Configuration {
    fileprivate func forms() -> [Sweepd_Journal_ConfigurationEntry] {
        entries.map { entry in
            var form = Sweepd_Journal_ConfigurationEntry()
            form.path = entry.path
            form.value = entry.value.form()
            return form
        }
    }

    fileprivate init(forms: [Sweepd_Journal_ConfigurationEntry]) throws(WireError) {
        self.init(
            try Check.list(forms, "parameters", limit: WireLimits.treeNodes) { entry throws(WireError) in
                Entry(path: entry.path, value: try ParameterValue(entry.value))
            }
        )
    }
}

extension TrialProposal {
    fileprivate func form() -> Sweepd_Journal_TrialProposed {
        var form = Sweepd_Journal_TrialProposed()
        form.trial = trial.form()
        form.configuration = configuration.forms()
        form.configurationIndex = UInt64(clamping: configurationIndex)
        form.repeatIndex = UInt32(clamping: repeatIndex)
        form.seed = seed
        form.parent = UInt32(clamping: parent?.trial ?? 0)
        form.parentEpoch = UInt32(clamping: parent?.epoch ?? 0)
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_TrialProposed) throws(WireError) {
        let configuration = try Configuration(forms: form.configuration)
        guard (form.parent > 0) == (form.parentEpoch > 0) else {
            throw .undecodable("a parent \(form.parent) at epoch \(form.parentEpoch)")
        }
        let parent: Parent? =
            form.parent > 0
            ? Parent(
                trial: try Check.integer(form.parent, "a parent"),
                epoch: try Check.integer(form.parentEpoch, "a parent's epoch")
            ) : nil
        self.init(
            trial: try TrialID(form.trial),
            configuration: configuration,
            configurationIndex: try Check.integer(form.configurationIndex, "a configuration's index"),
            repeatIndex: try Check.integer(form.repeatIndex, "a repeat"),
            seed: form.seed,
            parent: parent
        )
    }
}

extension SweepSubmission {
    fileprivate func form() throws(WireError) -> Sweepd_Journal_SweepSubmitted {
        var form = Sweepd_Journal_SweepSubmitted()
        form.id = id.rawValue
        form.source = field(try source.wireBytes())
        form.text = text
        form.fileName = fileName
        form.dataSet = dataSet.form()
        form.foldSets = foldSets.map { $0.form() }
        if let schema { form.schema = schema.form() }
        form.metrics = metrics.map(\.rawValue)
        form.coreVersion = coreVersion
        form.milliseconds = milliseconds
        if let experiment { form.experiment = experiment.form() }
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_SweepSubmitted) throws(WireError) {
        let schema: DataSchema? = form.hasSchema ? try DataSchema(form.schema) : nil
        var metrics = try [Metric](names: form.metrics)
        if metrics.isEmpty {
            // Programs have been trials for as long as sweeps keep their list.
            guard let schema else { throw .undecodable("a sweep without metrics and without a schema") }
            metrics = Metric.reportedAtFirst(for: schema.task.kind)
        }
        self.init(
            id: SweepID(rawValue: form.id),
            source: try SpecNode(wireBytes: array(form.source)),
            text: form.text,
            fileName: form.fileName,
            dataSet: try DataSetID(form.dataSet),
            foldSets: try Check.list(form.foldSets, "folds") { set throws(WireError) in try DataSetID(set) },
            schema: schema,
            metrics: metrics,
            coreVersion: form.coreVersion,
            milliseconds: form.milliseconds,
            experiment: form.hasExperiment ? try ExperimentPart(form.experiment) : nil
        )
    }
}

extension ExperimentPart {
    fileprivate func form() -> Sweepd_Journal_ExperimentPart {
        var form = Sweepd_Journal_ExperimentPart()
        form.sweep = sweep
        form.trial = UInt64(clamping: trial)
        form.round = UInt32(clamping: round)
        form.first = first
        return form
    }

    fileprivate init(_ form: Sweepd_Journal_ExperimentPart) throws(WireError) {
        self.init(
            sweep: form.sweep,
            trial: try Check.integer(form.trial, "an experiment's trial"),
            round: try Check.integer(form.round, "an experiment's round"),
            first: form.first
        )
        guard isPossible else { throw .undecodable("an experiment on \(sweep), trial \(trial), round \(round)") }
    }
}

extension DataSchema: WireForm {
    func form() -> Sweepd_Journal_Schema {
        var form = Sweepd_Journal_Schema()
        form.features = features
        if let image {
            form.imageHeight = UInt32(clamping: image.height)
            form.imageWidth = UInt32(clamping: image.width)
            // Journals of grey images stay the bytes they were.
            if image.channels != 1 { form.imageChannels = UInt32(clamping: image.channels) }
        }
        form.trainingRows = UInt64(clamping: trainingRows)
        form.validationRows = UInt64(clamping: validationRows)
        form.testRows = UInt64(clamping: testRows)
        switch task {
        case .classification(let classes, let counts):
            form.classes.labels = classes
            form.classes.trainingCounts = counts.map { UInt64(clamping: $0) }
        case .regression(let mean, let variance):
            form.numbers.mean = mean
            form.numbers.variance = variance
        }
        return form
    }

    init(_ form: Sweepd_Journal_Schema) throws(WireError) {
        let image: ImageShape? =
            form.hasImageHeight || form.hasImageWidth
            ? ImageShape(
                height: try Check.integer(form.imageHeight, "an image's height"),
                width: try Check.integer(form.imageWidth, "an image's width"),
                channels: form.hasImageChannels ? try Check.integer(form.imageChannels, "an image's channels") : 1
            ) : nil
        let task: DataTask
        switch form.task {
        case .classes(let classes):
            guard classes.labels.count == classes.trainingCounts.count else {
                throw .undecodable("\(classes.labels.count) classes with \(classes.trainingCounts.count) counts")
            }
            task = .classification(
                classes: classes.labels,
                trainingCounts: try Check.list(classes.trainingCounts, "classes", limit: .max) {
                    count throws(WireError) in try Check.integer(count, "a class's rows")
                }
            )
        case .numbers(let numbers): task = .regression(mean: numbers.mean, variance: numbers.variance)
        case nil: throw .undecodable("a schema without a task")
        }
        self.init(
            features: form.features,
            image: image,
            task: task,
            trainingRows: try Check.integer(form.trainingRows, "training rows"),
            validationRows: try Check.integer(form.validationRows, "validation rows"),
            testRows: try Check.integer(form.testRows, "test rows")
        )
    }
}
