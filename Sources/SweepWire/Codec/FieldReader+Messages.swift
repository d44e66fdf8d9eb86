import SweepCore

/// The messages that each trial has several of, as `FieldWriter` writes them; nil for whatever else may be valid, which is for the
/// library to read.
extension FieldReader {
    /// Runs `read` over all of `bytes`.
    static func all<Value>(_ bytes: [UInt8], _ read: (inout FieldReader) -> Value?) -> Value? {
        bytes.withUnsafeBytes { buffer in
            var reader = FieldReader(buffer)
            guard let value = read(&reader), reader.isEmpty else { return nil }
            return value
        }
    }

    private mutating func sequence() -> UInt64? {
        guard key() == 0x08, let value = varint(), value >= 1, value < 1 << 62 else { return nil }
        return value
    }

    mutating func reports() -> Reports? {
        guard let sequence = sequence() else { return nil }
        var items: [Reports.Item] = []
        while !isEmpty {
            guard items.count < WireLimits.entries, key() == 0x12, var form = bytes(), let item = form.reportItem()
            else {
                return nil
            }
            items.append(item)
        }
        return Reports(sequence: sequence, items: items)
    }

    private mutating func reportItem() -> Reports.Item? {
        guard key() == 0x0a, var form = bytes(), let lease = form.lease(), let first = optionalNumber(0x10),
            key() == 0x1a, let times = bytes(), times.count > 0, times.count.isMultiple(of: 8), key() == 0x22,
            let numbers = bytes(), numbers.count.isMultiple(of: times.count)
        else { return nil }
        var stoppedEarly = false
        var ahead = self
        if ahead.key() == 0x28 {
            guard ahead.varint() == 1 else { return nil }
            self = ahead
            stoppedEarly = true
        }
        var readings: [PackedReading] = []
        while !isEmpty {
            guard readings.count < WireLimits.readings, key() == 0x3a, let form = bytes(),
                let reading = try? PackedReading(wireBytes: form.array)
            else { return nil }
            readings.append(reading)
        }
        let epochs = times.count / 8
        let width = numbers.count / times.count
        guard epochs <= WireLimits.epochs, width <= WireLimits.metrics,
            (0..<epochs).allSatisfy({ WireLimits.epochSeconds.contains(times.double($0)) })
        else { return nil }
        return Reports.Item(
            lease: lease,
            observations: (0..<epochs).map { row in
                Observation(
                    epoch: first + row,
                    values: numbers.doubles(row * width..<(row + 1) * width),
                    seconds: times.double(row)
                )
            },
            stoppedEarly: stoppedEarly,
            readings: readings
        )
    }

    mutating func reachedEnd() -> SegmentEnded? {
        guard let sequence = sequence(), key() == 0x12, var form = bytes(), let lease = form.lease(),
            let epoch = optionalNumber(0x18), key() == 0x2a, let outcome = bytes(), outcome.count == 0
        else { return nil }
        return SegmentEnded(sequence: sequence, lease: lease, epoch: epoch, outcome: .reached)
    }

    /// What consecutive assignments of a sweep have in common is read once.
    mutating func assignments() -> Assignments? {
        var leases: [Assignment] = []
        var dataSet: (bytes: FieldReader, value: DataSetID)?
        var metrics: (bytes: FieldReader, value: [Metric])?
        while !isEmpty {
            guard leases.count < WireLimits.entries, key() == 0x0a, var form = bytes(),
                let assignment = form.assignment(&dataSet, &metrics)
            else { return nil }
            leases.append(assignment)
        }
        return Assignments(leases: leases)
    }

    private mutating func assignment(
        _ dataSet: inout (bytes: FieldReader, value: DataSetID)?,
        _ metrics: inout (bytes: FieldReader, value: [Metric])?
    ) -> Assignment? {
        guard key() == 0x0a, var form = bytes(), let lease = form.lease(), key() == 0x12, let name = bytes()?.text,
            let sweepName = try? Check.text(name, "a sweep's name"), key() == 0x1a, let tree = bytes(),
            let spec = try? SpecNode(wireBytes: tree.array), let seed = optionalFixed64(0x21),
            let from = optionalNumber(0x28), let to = optionalNumber(0x30), from < to
        else { return nil }
        var checkpoint: CheckpointID?
        if from > 0 {
            guard key() == 0x3a, let object = bytes(), let id = try? CheckpointID(bytes: object.array) else {
                return nil
            }
            checkpoint = id
        }
        guard key() == 0x42, let object = bytes() else { return nil }
        if dataSet.map({ $0.bytes.hasSameBytes(as: object) }) != true {
            guard let id = try? DataSetID(bytes: object.array) else { return nil }
            dataSet = (object, id)
        }
        var keeps = false
        var ahead = self
        if ahead.key() == 0x48 {
            guard ahead.varint() == 1 else { return nil }
            self = ahead
            keeps = true
        }
        let names = rest
        if metrics.map({ $0.bytes.hasSameBytes(as: names) }) != true {
            var texts: [String] = []
            while !isEmpty {
                guard texts.count < WireLimits.metrics, key() == 0x52, let text = bytes()?.text else { return nil }
                texts.append(text)
            }
            guard let value = try? [Metric](names: texts) else { return nil }
            metrics = (names, value)
        } else {
            skipRest()
        }
        guard let dataSet = dataSet?.value, let metrics = metrics?.value else { return nil }
        return Assignment(
            lease: lease,
            sweepName: sweepName,
            spec: spec,
            seed: seed,
            from: from,
            to: to,
            checkpoint: checkpoint,
            dataSet: dataSet,
            keepsCheckpoint: keeps,
            metrics: metrics
        )
    }
}
