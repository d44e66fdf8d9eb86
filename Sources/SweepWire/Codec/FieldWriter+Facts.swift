import SweepCore

/// Rows of the journal: the bytes that protobuf's library gives, in one pass for the facts that each trial has several of.
extension FieldWriter {
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
            .trialEnded(_, .completed), .measured:
            return true
        case .observed(_, let observations):
            // What is no single run of epochs becomes several facts.
            return Self.isRun(observations)
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
                writer.number(0x30, UInt64(UInt32(clamping: proposal.parent?.trial ?? 0)))
                writer.number(0x38, UInt64(UInt32(clamping: proposal.parent?.epoch ?? 0)))
            }
        case .segmentDecided(let trial, let from, let to, let virtualEnd, let order):
            message(0x22) { writer in
                writer.trial(trial)
                writer.number(0x10, UInt64(UInt32(clamping: from)))
                writer.number(0x18, UInt64(UInt32(clamping: to)))
                writer.fixed64(0x21, virtualEnd.bitPattern)
                writer.number(0x28, UInt64(clamping: order))
            }
        case .leased(let lease, let worker, let from, let to, let kernels):
            message(0x2a) { writer in
                writer.lease(lease)
                writer.message(0x12) { $0.worker(worker) }
                writer.number(0x18, UInt64(UInt32(clamping: from)))
                writer.number(0x20, UInt64(UInt32(clamping: to)))
                writer.text(0x2a, kernels)
            }
        case .observed(let lease, let observations): message(0x32) { $0.epochs(lease, observations) }
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
        case .measured(let trial, let reading):
            message(0x6a) { writer in
                writer.trial(trial)
                writer.blob(0x12, reading.bytes)
            }
        case .workerSequence(let worker, let sequence):
            message(0x5a) { writer in
                writer.message(0x0a) { $0.worker(worker) }
                writer.number(0x10, sequence)
            }
        default: break
        }
    }
}
