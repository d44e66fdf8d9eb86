import SweepCore

extension LeaseID: WireForm {
    func form() -> Sweepd_Wire_LeaseId {
        var form = Sweepd_Wire_LeaseId()
        form.sweep = trial.sweep.rawValue
        form.trial = UInt64(clamping: trial.number)
        form.attempt = attempt.rawValue
        return form
    }

    init(_ form: Sweepd_Wire_LeaseId) throws(WireError) {
        self.init(
            trial: TrialID(
                sweep: SweepID(rawValue: form.sweep),
                number: try Check.integer(form.trial, "a trial's number")
            ),
            attempt: Attempt(rawValue: form.attempt)
        )
    }
}

extension DataSetID: WireForm {
    func form() -> Sweepd_Wire_ObjectId { objectForm(hash, size) }

    init(_ form: Sweepd_Wire_ObjectId) throws(WireError) {
        self.init(
            hash: try Check.hash(form.hash),
            size: try Check.integer(form.size, "a data set's size", in: 0...WireLimits.object)
        )
    }
}

extension CheckpointID: WireForm {
    func form() -> Sweepd_Wire_ObjectId { objectForm(hash, size) }

    init(_ form: Sweepd_Wire_ObjectId) throws(WireError) {
        self.init(
            hash: try Check.hash(form.hash),
            size: try Check.integer(form.size, "a checkpoint's size", in: 0...WireLimits.checkpoint)
        )
    }
}

private func objectForm(_ hash: ContentHash, _ size: Int) -> Sweepd_Wire_ObjectId {
    var form = Sweepd_Wire_ObjectId()
    form.hash = field(hash.bytes)
    form.size = UInt64(clamping: size)
    return form
}

extension ParameterValue: WireForm {
    func form() -> Sweepd_Wire_Value {
        var form = Sweepd_Wire_Value()
        switch self {
        case .none: form.none = .init()
        case .flag(let value): form.flag = value
        case .integer(let value): form.integer = Int64(value)
        case .real(let value): form.real = value
        case .text(let value): form.text = value
        }
        return form
    }

    init(_ form: Sweepd_Wire_Value) throws(WireError) {
        switch form.value {
        case .some(.none): self = .none
        case .flag(let value): self = .flag(value)
        case .integer(let value): self = .integer(Int(value))
        case .real(let value): self = .real(value)
        case .text(let value): self = .text(value)
        case nil: throw .undecodable("a value of no kind that is known here")
        }
    }
}

extension Reports.Item: WireForm {
    /// Observations that are consecutive epochs with equally many values; see `runs`.
    func form() throws(WireError) -> Sweepd_Wire_ReportItem {
        try Check.count(notes, "notes", limit: WireLimits.notes)
        try Check.count(readings, "readings", limit: WireLimits.readings)
        var form = Sweepd_Wire_ReportItem()
        form.lease = lease.form()
        form.firstEpoch = UInt32(clamping: observations.first?.epoch ?? 0)
        form.seconds = observations.map(\.seconds)
        form.values = observations.flatMap(\.values)
        form.stoppedEarly = stoppedEarly
        form.notes = notes.map { $0.form() }
        form.readings = readings.map { field($0.bytes) }
        return form
    }

    init(_ form: Sweepd_Wire_ReportItem) throws(WireError) {
        let epochs = form.seconds.count
        let first = try Check.integer(form.firstEpoch, "a first epoch")
        guard epochs <= WireLimits.epochs else {
            throw .undecodable("\(epochs) epochs in an item, at most \(WireLimits.epochs) are allowed")
        }
        guard epochs > 0 else {
            guard form.values.isEmpty else { throw .undecodable("values without epochs") }
            guard !form.stoppedEarly, form.notes.isEmpty, form.readings.isEmpty else {
                throw .undecodable("a stop, notes or readings without epochs")
            }
            self.init(lease: try LeaseID(form.lease), observations: [])
            return
        }
        let width = form.values.count / epochs
        guard width * epochs == form.values.count, width <= WireLimits.metrics else {
            throw .undecodable("\(form.values.count) values for \(epochs) epochs")
        }
        guard form.seconds.allSatisfy(WireLimits.epochSeconds.contains) else {
            throw .undecodable("an epoch that took no time that can be: allowed are \(WireLimits.epochSeconds) seconds")
        }
        self.init(
            lease: try LeaseID(form.lease),
            observations: (0..<epochs).map { row in
                Observation(
                    epoch: first + row,
                    values: Array(form.values[row * width..<(row + 1) * width]),
                    seconds: form.seconds[row]
                )
            },
            stoppedEarly: form.stoppedEarly,
            notes: try [TrialNote](forms: form.notes),
            readings: try Check.list(form.readings, "readings", limit: WireLimits.readings) { bytes throws(WireError) in
                try PackedReading(wireBytes: array(bytes))
            }
        )
    }

    /// The item in parts that one form can hold: consecutive epochs, equally many values, at most the limit.
    var runs: [Reports.Item] {
        var items: [Reports.Item] = []
        var start = 0
        for index in observations.indices.dropFirst() {
            let (last, next) = (observations[index - 1], observations[index])
            if last.epoch + 1 != next.epoch || last.values.count != next.values.count
                || index - start == WireLimits.epochs
            {
                items.append(part(start..<index))
                start = index
            }
        }
        if !observations.isEmpty { items.append(part(start..<observations.count)) }
        return items
    }
}

extension TrialNote {
    func form() -> Sweepd_Wire_Note {
        var form = Sweepd_Wire_Note()
        form.epoch = UInt32(clamping: epoch)
        form.text = text
        return form
    }
}

extension [TrialNote] {
    init(forms: [Sweepd_Wire_Note]) throws(WireError) {
        self = try Check.list(forms, "notes", limit: WireLimits.notes) { note throws(WireError) in
            TrialNote(
                epoch: try Check.integer(note.epoch, "an epoch"),
                text: try Check.text(note.text, "a note", limit: TrialNote.textBytes)
            )
        }
    }
}

extension [Metric] {
    init(names: [String]) throws(WireError) {
        self = try Check.list(names, "metrics", limit: WireLimits.metrics) { name throws(WireError) in
            guard let metric = Metric(rawValue: name) else {
                throw .undecodable("the metric \(Check.head(name, limit: WireLimits.name)) is not known here")
            }
            return metric
        }
    }
}
