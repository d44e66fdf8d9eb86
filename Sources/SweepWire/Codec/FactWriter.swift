import SweepCore

/// Writes rows of the journal: the bytes that protobuf's library gives, in one pass for the facts that each trial has several of.
///
/// A submessage's length stands before it; it is filled in when the message is written, and nearly always takes the one byte that
/// was left for it. Source: the encoding guide of Protocol Buffers.
struct FactWriter {
    private(set) var bytes: [UInt8] = []

    /// Begins a row of about so many facts.
    init(facts: Int) { bytes.reserveCapacity(64 * facts + 16) }

    /// The field `version` of a batch.
    mutating func version(_ version: UInt32) { number(0x08, UInt64(version)) }

    /// Adds a fact, as one of the batch's `facts`, or as several.
    mutating func append(_ fact: Fact) throws(WireError) {
        if isPlain(fact) { return message(0x12) { $0.plain(fact) } }
        for form in try fact.forms() {
            let body = try serialize(form)
            bytes.append(0x12)
            varint(UInt64(body.count))
            bytes += body
        }
    }

    /// Whether `plain` writes the fact.
    private func isPlain(_ fact: Fact) -> Bool {
        switch fact {
        case .trialProposed, .segmentDecided, .leased, .segmentResolved, .workerSequence, .leaseEnded(_, .superseded),
            .trialEnded(_, .completed):
            return true
        case .observed(_, let observations):
            guard let first = observations.first else { return false }
            // What is no single run of epochs becomes several facts.
            return observations.indices.allSatisfy {
                observations[$0].epoch == first.epoch + $0 && observations[$0].values.count == first.values.count
            }
        default: return false
        }
    }

    private mutating func plain(_ fact: Fact) {
        switch fact {
        case .trialProposed(let proposal):
            message(0x1a) { writer in
                writer.trial(proposal.trial)
                for entry in proposal.configuration.entries {
                    writer.message(0x12) { writer in
                        writer.text(0x0a, entry.path)
                        writer.message(0x12) { $0.value(entry.value) }
                    }
                }
                writer.number(0x18, UInt64(clamping: proposal.configurationIndex))
                writer.number(0x20, UInt64(UInt32(clamping: proposal.repeatIndex)))
                writer.fixed64(0x29, proposal.seed)
            }
        case .segmentDecided(let trial, let from, let to, let virtualEnd, let order):
            message(0x22) { writer in
                writer.trial(trial)
                writer.number(0x10, UInt64(UInt32(clamping: from)))
                writer.number(0x18, UInt64(UInt32(clamping: to)))
                writer.fixed64(0x21, virtualEnd.bitPattern)
                writer.number(0x28, UInt64(clamping: order))
            }
        case .leased(let lease, let worker, let from, let to):
            message(0x2a) { writer in
                writer.lease(lease)
                writer.message(0x12) { $0.worker(worker) }
                writer.number(0x18, UInt64(UInt32(clamping: from)))
                writer.number(0x20, UInt64(UInt32(clamping: to)))
            }
        case .observed(let lease, let observations):
            message(0x32) { writer in
                writer.lease(lease)
                writer.number(0x10, UInt64(UInt32(clamping: observations.first?.epoch ?? 0)))
                writer.message(0x1a) { writer in
                    for observation in observations { writer.word(observation.seconds.bitPattern) }
                }
                guard observations.first?.values.isEmpty == false else { return }
                writer.message(0x22) { writer in
                    for observation in observations {
                        for value in observation.values { writer.word(value.bitPattern) }
                    }
                }
            }
        case .segmentResolved(let trial, let epoch, let cost):
            message(0x42) { writer in
                writer.trial(trial)
                writer.number(0x10, UInt64(UInt32(clamping: epoch)))
                writer.fixed64(0x19, cost.bitPattern)
            }
        case .leaseEnded(let lease, _):
            message(0x4a) { writer in
                writer.lease(lease)
                writer.message(0x2a) { _ in }
            }
        case .trialEnded(let trial, _):
            message(0x52) { writer in
                writer.trial(trial)
                writer.message(0x12) { _ in }
            }
        case .workerSequence(let worker, let sequence):
            message(0x5a) { writer in
                writer.message(0x0a) { $0.worker(worker) }
                writer.number(0x10, sequence)
            }
        default: break
        }
    }

    // MARK: - Values

    private mutating func trial(_ trial: TrialID) {
        message(0x0a) { writer in
            writer.number(0x08, UInt64(trial.sweep.rawValue))
            writer.number(0x10, UInt64(clamping: trial.number))
        }
    }

    private mutating func lease(_ lease: LeaseID) {
        message(0x0a) { writer in
            writer.number(0x08, UInt64(lease.trial.sweep.rawValue))
            writer.number(0x10, UInt64(clamping: lease.trial.number))
            writer.number(0x18, UInt64(lease.attempt.rawValue))
        }
    }

    private mutating func worker(_ worker: WorkerID) {
        text(0x0a, worker.name)
        fixed64(0x11, worker.incarnation)
    }

    private mutating func value(_ value: ParameterValue) {
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

    private mutating func message(_ key: UInt8, _ body: (inout FactWriter) -> Void) {
        bytes.append(key)
        let place = bytes.count
        bytes.append(0)
        body(&self)
        let count = bytes.count - place - 1
        if count < 0x80 {
            bytes[place] = UInt8(count)
        } else {
            var length = FactWriter(facts: 0)
            length.varint(UInt64(count))
            bytes.replaceSubrange(place...place, with: length.bytes)
        }
    }

    private mutating func number(_ key: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        bytes.append(key)
        varint(value)
    }

    private mutating func fixed64(_ key: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        bytes.append(key)
        word(value)
    }

    private mutating func text(_ key: UInt8, _ value: String) {
        guard !value.isEmpty else { return }
        bytes.append(key)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func word(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
