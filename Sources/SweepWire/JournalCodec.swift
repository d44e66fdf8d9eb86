package import SweepCore

/// Batches of facts as the bytes of one row of a coordinator's journal.
package enum JournalCodec {
    /// The version in every batch that is written.
    ///
    /// Version 2 added the metrics of a sweep, notes, and trials that complete before their last epoch; version 3 added
    /// checkpoints that are lost (a `CheckpointKept` of epoch 0); version 4 added changes of a running sweep (`Adjusted`);
    /// version 5 added how long a sweep was trained (`ran`) and sweeps that are removed (`Deleted`); version 6 added the data sets of a
    /// sweep's further folds, and trials that go on from another's state (`parent`); version 7 added readings (`Measured`)
    /// and configurations that are enqueued while a sweep runs (`Enqueued`); version 8 added experiments that a coordinator begins by
    /// itself (`Experiment`), and what a sweep is a part of (`ExperimentPart`).
    package static let version: UInt32 = 8
    /// The versions that are read; a batch of another is refused, never guessed at.
    package static let readVersions: ClosedRange<UInt32> = 1...version

    /// The row's bytes. Throws only for a tree that no reader would take back.
    ///
    /// An `observed` fact whose epochs are not consecutive, or whose rows differ in length, becomes several.
    package static func encode(_ facts: [Fact]) throws(WireError) -> [UInt8] {
        var writer = FieldWriter(capacity: 64 * facts.count + 16)
        writer.number(0x08, UInt64(version))
        for fact in facts { try writer.append(fact) }
        return writer.bytes
    }

    /// Bytes after which another row is begun: rows of a busy coordinator have some hundred thousand.
    package static let rowBytes = 4 << 20

    /// The bytes of one row, or of several where one would be long: what gathers while a disk stalls, and when many workers come back
    /// at once, may be more than a reader takes in one (`WireLimits.journal`).
    ///
    /// Facts stay in their order; no row is longer than `limit` without its last fact.
    package static func encodeRows(_ facts: [Fact], limit: Int = rowBytes) throws(WireError) -> [[UInt8]] {
        var rows: [[UInt8]] = []
        var rest = facts[...]
        repeat {
            var writer = FieldWriter(capacity: min(64 * rest.count + 16, limit))
            writer.number(0x08, UInt64(version))
            while let fact = rest.popFirst() {
                try writer.append(fact)
                if writer.bytes.count >= limit { break }
            }
            rows.append(writer.bytes)
        } while !rest.isEmpty
        return rows
    }

    /// The same by protobuf's library: what `encode` is compared with.
    package static func encodeThoroughly(_ facts: [Fact]) throws(WireError) -> [UInt8] {
        var batch = Sweepd_Journal_Batch()
        batch.version = version
        batch.facts.reserveCapacity(facts.count)
        for fact in facts { batch.facts.append(contentsOf: try fact.forms()) }
        return try serialize(batch)
    }

    /// The facts of a row, in order; throws for bytes that no version that is read here wrote.
    package static func decode(_ bytes: [UInt8]) throws(WireError) -> [Fact] {
        guard bytes.count <= WireLimits.journal else {
            throw WireError(.tooLarge, "a row of \(bytes.count) bytes, at most \(WireLimits.journal) are allowed")
        }
        let batch: Sweepd_Journal_Batch = try parse(bytes)
        guard readVersions.contains(batch.version) else {
            let read = "versions \(readVersions.lowerBound) to \(readVersions.upperBound) are read here"
            throw WireError(.badVersion, "journal version \(batch.version), \(read)")
        }
        return try Check.list(batch.facts, "facts", limit: .max) { form throws(WireError) in try Fact(form) }
    }

    /// The row without the facts of these sweeps, the others in their order; nil when it holds none of them.
    ///
    /// That a sweep was removed stays, and so does how far each worker was heard. Takes and refuses the same rows as `decode`.
    package static func cleared(_ bytes: [UInt8], of sweeps: Set<SweepID>) throws(WireError) -> [UInt8]? {
        // Most rows are of other sweeps, and are looked at quickly.
        let isOfThem = try row(bytes).entries.contains { entry in
            switch entry {
            case .fact(let fact): fact.sweep.map(sweeps.contains) ?? false
            case .epochs(let run): sweeps.contains(run.lease.trial.sweep)
            }
        }
        guard isOfThem else { return nil }
        return try encode(decode(bytes).filter { fact in fact.sweep.map { !sweeps.contains($0) } ?? true })
    }
}
