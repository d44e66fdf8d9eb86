import SweepCore

/// Writes fields of protobuf messages, in order and in one pass.
///
/// A submessage's length stands before it; it is filled in when the message is written, and nearly always takes the one byte that
/// was left for it. Source: the encoding guide of Protocol Buffers.
struct FieldWriter {
    var bytes: [UInt8] = []

    /// Begins with room for about so many bytes.
    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    // MARK: - Values

    mutating func trial(_ trial: TrialID) {
        message(0x0a) { writer in
            writer.number(0x08, UInt64(trial.sweep.rawValue))
            writer.number(0x10, UInt64(clamping: trial.number))
        }
    }

    mutating func lease(_ lease: LeaseID, _ key: UInt8 = 0x0a) {
        message(key) { writer in
            writer.number(0x08, UInt64(lease.trial.sweep.rawValue))
            writer.number(0x10, UInt64(clamping: lease.trial.number))
            writer.number(0x18, UInt64(lease.attempt.rawValue))
        }
    }

    mutating func worker(_ worker: WorkerID) {
        text(0x0a, worker.name)
        fixed64(0x11, worker.incarnation)
    }

    /// Whether these are consecutive epochs with equally many values, as many as one item may hold and at least one.
    static func isRun(_ observations: [Observation]) -> Bool {
        guard let first = observations.first, observations.count <= WireLimits.epochs else { return false }
        return observations.indices.allSatisfy {
            observations[$0].epoch == first.epoch + $0 && observations[$0].values.count == first.values.count
        }
    }

    /// The fields of a `ReportItem` but for a stop and notes; `observations` are a run.
    mutating func epochs(_ lease: LeaseID, _ observations: [Observation]) {
        self.lease(lease)
        number(0x10, UInt64(UInt32(clamping: observations.first?.epoch ?? 0)))
        message(0x1a) { writer in
            for observation in observations { writer.word(observation.seconds.bitPattern) }
        }
        guard observations.first?.values.isEmpty == false else { return }
        message(0x22) { writer in
            for observation in observations { writer.words(observation.values) }
        }
    }

    mutating func value(_ value: ParameterValue) {
        // In a `oneof` a zero is written too.
        switch value {
        case .none: message(0x0a) { _ in }
        case .flag(let value):
            bytes.append(0x10)
            bytes.append(value ? 1 : 0)
        case .integer(let value):
            let value = Int64(value)
            bytes.append(0x18)
            varint(UInt64(bitPattern: value << 1 ^ value >> 63))
        case .real(let value):
            bytes.append(0x21)
            word(value.bitPattern)
        case .text(let value):
            bytes.append(0x2a)
            varint(UInt64(value.utf8.count))
            bytes.append(contentsOf: value.utf8)
        }
    }

    // MARK: - Fields; of kind 0, 1 and 2 those that hold the default are left out

    mutating func message(_ key: UInt8, _ body: (inout FieldWriter) -> Void) {
        bytes.append(key)
        let place = bytes.count
        bytes.append(0)
        body(&self)
        let count = bytes.count - place - 1
        if count < 0x80 {
            bytes[place] = UInt8(count)
        } else {
            var length = FieldWriter(capacity: 10)
            length.varint(UInt64(count))
            bytes.replaceSubrange(place...place, with: length.bytes)
        }
    }

    mutating func number(_ key: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        bytes.append(key)
        varint(value)
    }

    mutating func fixed64(_ key: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        bytes.append(key)
        word(value)
    }

    mutating func text(_ key: UInt8, _ value: String) {
        guard !value.isEmpty else { return }
        bytes.append(key)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func word(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func words(_ values: [Double]) {
        #if _endian(little)
            values.withUnsafeBytes { bytes.append(contentsOf: $0) }
        #else
            for value in values { word(value.bitPattern) }
        #endif
    }

    /// Bytes that are written already, as a field.
    mutating func blob(_ key: UInt8, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        bytes.append(key)
        varint(UInt64(value.count))
        bytes += value
    }

    /// Fields that are written already.
    mutating func fields(_ written: [UInt8]) { bytes += written }

    /// A submessage that is written already.
    mutating func written(_ key: UInt8, _ value: [UInt8]) {
        bytes.append(key)
        varint(UInt64(value.count))
        bytes += value
    }
}
