import SweepCore

extension Welcome: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Welcome {
        try Check.count(refused, "leases")
        var form = Sweepd_Wire_Welcome()
        form.session = session
        form.heartbeatMs = UInt32(clamping: heartbeatMilliseconds)
        form.lapseMs = UInt32(clamping: lapseMilliseconds)
        form.coordinator = coordinator
        form.lastSequence = lastSequence
        form.refused = refused.map { $0.form() }
        if version >= 3 {
            form.version = UInt32(version)
            form.softwareVersion = softwareVersion
        }
        return form
    }

    init(_ form: Sweepd_Wire_Welcome) throws(WireError) {
        let beat = try Check.integer(form.heartbeatMs, "heartbeat_ms", in: 10...60_000)
        guard form.lastSequence < 1 << 62 else { throw .undecodable("last sequence number \(form.lastSequence)") }
        self.init(
            session: form.session,
            heartbeatMilliseconds: beat,
            lapseMilliseconds: try Check.integer(form.lapseMs, "lapse_ms", in: 3 * beat...600_000),
            coordinator: try Check.text(form.coordinator, "a coordinator's name"),
            lastSequence: form.lastSequence,
            refused: try Check.list(form.refused, "leases") { lease throws(WireError) in try LeaseID(lease) },
            version: form.version == 0
                ? handshakeVersion : UInt8(try Check.integer(form.version, "a protocol version", in: 1...255)),
            softwareVersion: try Check.text(form.softwareVersion, "a software version")
        )
    }
}

extension Assignments: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Assignments {
        try Check.count(leases, "leases")
        var form = Sweepd_Wire_Assignments()
        for lease in leases { form.leases.append(try lease.form()) }
        return form
    }

    init(_ form: Sweepd_Wire_Assignments) throws(WireError) {
        self.init(
            leases: try Check.list(form.leases, "leases") { lease throws(WireError) in try Assignment(lease) }
        )
    }
}

extension Assignment: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Assignment {
        try Check.count(metrics, "metrics", limit: WireLimits.metrics)
        var form = Sweepd_Wire_Assignment()
        form.lease = lease.form()
        form.sweepName = sweepName
        form.spec = field(try spec.wireBytes())
        form.seed = seed
        form.fromEpoch = UInt32(clamping: from)
        form.toEpoch = UInt32(clamping: to)
        if let checkpoint { form.checkpoint = checkpoint.form() }
        form.dataSet = dataSet.form()
        form.keepsCheckpoint = keepsCheckpoint
        form.metrics = metrics.map(\.rawValue)
        return form
    }

    init(_ form: Sweepd_Wire_Assignment) throws(WireError) {
        let from = try Check.integer(form.fromEpoch, "from_epoch")
        let to = try Check.integer(form.toEpoch, "to_epoch")
        guard from < to else { throw .undecodable("a segment from epoch \(from) to \(to)") }
        guard form.hasCheckpoint == (from > 0) else {
            throw .undecodable("a segment from epoch \(from) \(from > 0 ? "without" : "with") a checkpoint")
        }
        self.init(
            lease: try LeaseID(form.lease),
            sweepName: try Check.text(form.sweepName, "a sweep's name"),
            spec: try SpecNode(wireBytes: array(form.spec)),
            seed: form.seed,
            from: from,
            to: to,
            checkpoint: form.hasCheckpoint ? try CheckpointID(form.checkpoint) : nil,
            dataSet: try DataSetID(form.dataSet),
            keepsCheckpoint: form.keepsCheckpoint,
            metrics: try [Metric](names: form.metrics)
        )
    }
}

extension Acknowledged: WireForm {
    func form() -> Sweepd_Wire_Acknowledged {
        var form = Sweepd_Wire_Acknowledged()
        form.sequence = sequence
        return form
    }

    init(_ form: Sweepd_Wire_Acknowledged) throws(WireError) {
        guard form.sequence < 1 << 62 else { throw .undecodable("sequence number \(form.sequence)") }
        self.init(sequence: form.sequence)
    }
}

extension Verdicts: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Verdicts {
        try Check.count(items, "verdicts")
        var form = Sweepd_Wire_Verdicts()
        form.items = items.map { item in
            var form = Sweepd_Wire_Verdict()
            form.lease = item.lease.form()
            form.stop =
                switch item.stop {
                case .cancelled: .cancelled
                case .paused: .paused
                case .superseded: .superseded
                }
            return form
        }
        return form
    }

    init(_ form: Sweepd_Wire_Verdicts) throws(WireError) {
        self.init(
            items: try Check.list(form.items, "verdicts") { item throws(WireError) in
                guard let raw = UInt32(exactly: item.stop.rawValue), let stop = StopReason(rawValue: raw) else {
                    throw .undecodable("the verdict \(item.stop.rawValue) is not known here")
                }
                return Item(lease: try LeaseID(item.lease), stop: stop)
            }
        )
    }
}

extension ClientRequest: WireForm {
    func form() -> Sweepd_Wire_Request {
        var form = Sweepd_Wire_Request()
        form.id = id
        form.verb = verb
        form.body = field(body)
        return form
    }

    init(_ form: Sweepd_Wire_Request) throws(WireError) {
        self.init(id: form.id, verb: try Check.text(form.verb, "a verb"), body: array(form.body))
    }
}

extension ClientResponse: WireForm {
    func form() -> Sweepd_Wire_Response {
        var form = Sweepd_Wire_Response()
        form.id = id
        form.status = status.rawValue
        form.more = more
        form.body = field(body)
        return form
    }

    init(_ form: Sweepd_Wire_Response) throws(WireError) {
        guard let status = ResponseStatus(rawValue: form.status) else {
            throw .undecodable("the status \(form.status) is not known here")
        }
        self.init(id: form.id, status: status, more: form.more, body: array(form.body))
    }
}
