import SweepCore

/// The messages that each trial has several of, as protobuf's library writes them; each answers nil where the library is to be asked.
extension FieldWriter {
    /// A `Reports` message whose items are single runs of epochs.
    static func bytes(_ reports: Reports) -> [UInt8]? {
        guard reports.items.count <= WireLimits.entries,
            reports.items.allSatisfy({
                $0.notes.isEmpty && $0.readings.count <= WireLimits.readings && isRun($0.observations)
            })
        else { return nil }
        var writer = FieldWriter(capacity: 256 * reports.items.count + 16)
        writer.number(0x08, reports.sequence)
        for item in reports.items {
            writer.message(0x12) { writer in
                writer.epochs(item.lease, item.observations)
                writer.number(0x28, item.stoppedEarly ? 1 : 0)
                for reading in item.readings { writer.written(0x3a, reading.bytes) }
            }
        }
        return writer.bytes
    }

    /// A `SegmentEnded` message of a segment that reached its end.
    static func bytes(_ end: SegmentEnded) -> [UInt8]? {
        guard end.outcome == .reached, end.checkpoint == nil else { return nil }
        var writer = FieldWriter(capacity: 32)
        writer.number(0x08, end.sequence)
        writer.lease(end.lease, 0x12)
        writer.number(0x18, UInt64(UInt32(clamping: end.epoch)))
        writer.message(0x2a) { _ in }
        return writer.bytes
    }

    /// An `Assignments` message. What consecutive leases of a sweep have in common is made once.
    static func bytes(_ assignments: Assignments) throws(WireError) -> [UInt8]? {
        guard assignments.leases.count <= WireLimits.entries else { return nil }
        var writer = FieldWriter(capacity: 1024 * assignments.leases.count + 16)
        var shared: (dataSet: DataSetID, dataSetBytes: [UInt8], metrics: [Metric], metricBytes: [UInt8])?
        for assignment in assignments.leases {
            guard assignment.metrics.count <= WireLimits.metrics else { return nil }
            if shared == nil || shared?.dataSet != assignment.dataSet || shared?.metrics != assignment.metrics {
                var names = FieldWriter(capacity: 512)
                // Of repeated texts the empty ones are written too.
                for metric in assignment.metrics { names.written(0x52, Array(metric.rawValue.utf8)) }
                shared = (assignment.dataSet, try assignment.dataSet.bytes(), assignment.metrics, names.bytes)
            }
            guard let shared else { return nil }
            let spec = try assignment.spec.wireBytes()
            let checkpoint = try assignment.checkpoint?.bytes()
            writer.message(0x0a) { writer in
                writer.lease(assignment.lease)
                writer.text(0x12, assignment.sweepName)
                writer.blob(0x1a, spec)
                writer.fixed64(0x21, assignment.seed)
                writer.number(0x28, UInt64(UInt32(clamping: assignment.from)))
                writer.number(0x30, UInt64(UInt32(clamping: assignment.to)))
                if let checkpoint { writer.written(0x3a, checkpoint) }
                writer.written(0x42, shared.dataSetBytes)
                writer.number(0x48, assignment.keepsCheckpoint ? 1 : 0)
                writer.fields(shared.metricBytes)
            }
        }
        return writer.bytes
    }
}
