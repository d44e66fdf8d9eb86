import SweepCore

extension Register: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Register {
        try Check.count(labels, "labels", limit: WireLimits.labels)
        try Check.count(dataSets, "data sets")
        try Check.count(leases, "leases")
        var form = Sweepd_Wire_Register()
        form.name = worker.name
        form.incarnation = worker.incarnation
        form.host = host
        form.pid = pid
        form.slots = UInt32(clamping: slots)
        form.prefetch = UInt32(clamping: prefetch)
        form.kernels = kernels
        form.coreVersion = coreVersion
        form.softwareVersion = softwareVersion
        form.labels = labels.map { label in
            var form = Sweepd_Wire_Label()
            form.key = label.key
            form.value = label.value
            return form
        }
        form.dataSets = dataSets.map { $0.form() }
        form.leases = leases.map { held in
            var form = Sweepd_Wire_HeldLease()
            form.lease = held.lease.form()
            form.epoch = UInt32(clamping: held.epoch)
            return form
        }
        form.oldestSequence = oldestSequence
        // What is not said means the same, and a coordinator of version 2 gets the bytes that it knows.
        if versions != ProtocolVersions(only: handshakeVersion) {
            form.oldestVersion = UInt32(versions.oldest)
            form.newestVersion = UInt32(versions.newest)
        }
        if let samplesPerSecond, samplesPerSecond > 0, samplesPerSecond <= Self.fastest {
            form.samplesPerSecond = samplesPerSecond
        }
        return form
    }

    init(_ form: Sweepd_Wire_Register) throws(WireError) {
        guard !form.name.isEmpty else { throw .undecodable("a worker without a name") }
        self.init(
            worker: WorkerID(name: try Check.text(form.name, "a worker's name"), incarnation: form.incarnation),
            host: try Check.text(form.host, "a host's name"),
            pid: form.pid,
            slots: try Check.integer(form.slots, "slots", in: 1...65_536),
            prefetch: try Check.integer(form.prefetch, "prefetch", in: 0...65_536),
            kernels: try Check.text(form.kernels, "a kernel table's name"),
            coreVersion: try Check.text(form.coreVersion, "a core version"),
            softwareVersion: try Check.text(form.softwareVersion, "a software version"),
            labels: try Check.list(form.labels, "labels", limit: WireLimits.labels) { label throws(WireError) in
                WorkerLabel(
                    key: try Check.text(label.key, "a label"),
                    value: try Check.text(label.value, "a label's value")
                )
            },
            dataSets: try Check.list(form.dataSets, "data sets") { set throws(WireError) in try DataSetID(set) },
            leases: try Check.list(form.leases, "leases") { held throws(WireError) in
                HeldLease(lease: try LeaseID(held.lease), epoch: try Check.integer(held.epoch, "an epoch"))
            },
            oldestSequence: try Check.sequence(max(form.oldestSequence, 1)),
            versions: try ProtocolVersions(said: form.oldestVersion, form.newestVersion),
            samplesPerSecond: try Self.speed(form.samplesPerSecond)
        )
    }

    /// What a registration says of the worker's speed, where 0 is nothing.
    private static func speed(_ said: Double) throws(WireError) -> Double? {
        if said == 0 { return nil }
        // NaN is in no range.
        guard said > 0, said <= fastest else { throw .undecodable("\(said) samples a second") }
        return said
    }
}

extension ProtocolVersions {
    /// What a registration says, where 0 and 0 is nothing.
    fileprivate init(said oldest: UInt32, _ newest: UInt32) throws(WireError) {
        guard (oldest, newest) != (0, 0) else {
            self.init(only: handshakeVersion)
            return
        }
        guard let first = UInt8(exactly: oldest), let last = UInt8(exactly: newest),
            let versions = ProtocolVersions(oldest: first, newest: last)
        else { throw .undecodable("protocol versions \(oldest) to \(newest)") }
        self = versions
    }
}

extension Heartbeat: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Heartbeat {
        try Check.count(running, "running leases")
        var form = Sweepd_Wire_Heartbeat()
        form.running = running.map { progress in
            var form = Sweepd_Wire_Progress()
            form.lease = progress.lease.form()
            form.epoch = UInt32(clamping: progress.epoch)
            form.step = UInt64(clamping: progress.step)
            return form
        }
        form.busySlots = UInt32(clamping: busySlots)
        return form
    }

    init(_ form: Sweepd_Wire_Heartbeat) throws(WireError) {
        self.init(
            running: try Check.list(form.running, "running leases") { progress throws(WireError) in
                Progress(
                    lease: try LeaseID(progress.lease),
                    epoch: try Check.integer(progress.epoch, "an epoch"),
                    step: try Check.integer(progress.step, "a step", in: 0...Int.max)
                )
            },
            busySlots: try Check.integer(form.busySlots, "busy slots", in: 0...65_536)
        )
    }
}

extension Reports: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Reports {
        var form = Sweepd_Wire_Reports()
        form.sequence = sequence
        for item in items {
            for run in item.runs { form.items.append(try run.form()) }
        }
        try Check.count(form.items, "report items")
        return form
    }

    init(_ form: Sweepd_Wire_Reports) throws(WireError) {
        self.init(
            sequence: try Check.sequence(form.sequence),
            items: try Check.list(form.items, "report items") { item throws(WireError) in try Item(item) }
        )
    }
}

extension SegmentEnded: WireForm {
    func form() -> Sweepd_Wire_SegmentEnded {
        var form = Sweepd_Wire_SegmentEnded()
        form.sequence = sequence
        form.lease = lease.form()
        form.epoch = UInt32(clamping: epoch)
        if let checkpoint { form.checkpoint = checkpoint.form() }
        switch outcome {
        case .reached: form.reached = .init()
        case .notFinite: form.notFinite = .init()
        case .failed(let reason, let log): form.failed = failure(reason, log)
        case .died(let reason, let log): form.died = failure(reason, log)
        case .cancelled: form.cancelled = .init()
        case .stoppedEarly: form.stoppedEarly = .init()
        }
        return form
    }

    init(_ form: Sweepd_Wire_SegmentEnded) throws(WireError) {
        func log(_ failure: Sweepd_Wire_Failure) throws(WireError) -> (reason: String, log: String) {
            (
                try Check.text(failure.reason, "a reason", limit: WireLimits.sentence),
                try Check.text(failure.log, "a log", limit: WireLimits.log)
            )
        }
        let outcome: SegmentOutcome
        switch form.outcome {
        case .reached: outcome = .reached
        case .notFinite: outcome = .notFinite
        case .failed(let failure):
            let (reason, log) = try log(failure)
            outcome = .failed(reason: reason, log: log)
        case .died(let failure):
            let (reason, log) = try log(failure)
            outcome = .died(reason: reason, log: log)
        case .cancelled: outcome = .cancelled
        case .stoppedEarly: outcome = .stoppedEarly
        case nil: throw .undecodable("a segment ended with no outcome that is known here")
        }
        self.init(
            sequence: try Check.sequence(form.sequence),
            lease: try LeaseID(form.lease),
            epoch: try Check.integer(form.epoch, "an epoch"),
            outcome: outcome,
            checkpoint: form.hasCheckpoint ? try CheckpointID(form.checkpoint) : nil
        )
    }

    private func failure(_ reason: String, _ log: String) -> Sweepd_Wire_Failure {
        var form = Sweepd_Wire_Failure()
        form.reason = Check.head(reason, limit: WireLimits.sentence)
        form.log = Check.tail(log, limit: WireLimits.log)
        return form
    }
}

extension Draining: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Draining {
        try Check.count(handedBack, "leases")
        var form = Sweepd_Wire_Draining()
        form.handedBack = handedBack.map { $0.form() }
        return form
    }

    init(_ form: Sweepd_Wire_Draining) throws(WireError) {
        self.init(
            handedBack: try Check.list(form.handedBack, "leases") { lease throws(WireError) in try LeaseID(lease) }
        )
    }
}

extension Check {
    /// A number of a numbered message: from 1, and far from the end of its type.
    static func sequence(_ value: UInt64) throws(WireError) -> UInt64 {
        guard value >= 1, value < 1 << 62 else { throw .undecodable("sequence number \(value)") }
        return value
    }
}
