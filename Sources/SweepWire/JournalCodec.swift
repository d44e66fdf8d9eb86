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

    /// Bytes from which on a row gets no further fact. The largest fact of a message has 16 MiB; a larger one, of a sweep file of the
    /// coordinator's own machine, has a row for itself where it does not fit.
    package static let rowBytes = 16 << 20

    /// The row's bytes, however many they are. Throws only for a tree that no reader would take back.
    ///
    /// An `observed` fact whose epochs are not consecutive, or whose rows differ in length, becomes several.
    package static func encode(_ facts: [Fact]) throws(WireError) -> [UInt8] {
        var writer = begun(for: facts.count)
        for fact in facts { try writer.append(fact) }
        return writer.bytes
    }

    /// The facts of a commit as rows, in order: one unless very many gathered, as they do while a disk stands still. Each but the last has
    /// at least `limit` bytes, unless the next fact would have made it larger than `greatest`: none is but of a single fact that is. None
    /// of no facts; throws as `encode`.
    package static func rows(
        _ facts: [Fact],
        bytes limit: Int = rowBytes,
        atMost greatest: Int = WireLimits.journal
    ) throws(WireError) -> [[UInt8]] {
        guard !facts.isEmpty else { return [] }
        var rows: [[UInt8]] = []
        var writer = begun(for: facts.count)
        var isEmpty = true
        for fact in facts {
            if !isEmpty, writer.bytes.count >= limit {
                rows.append(writer.bytes)
                writer = begun(for: 0)
                isEmpty = true
            }
            let before = writer.bytes.count
            try writer.append(fact)
            if !isEmpty, writer.bytes.count > greatest {
                var next = begun(for: 0)
                next.bytes += writer.bytes[before...]
                writer.bytes.removeSubrange(before...)
                rows.append(writer.bytes)
                writer = next
            }
            isEmpty = false
        }
        return rows + [writer.bytes]
    }

    /// A row without facts, with room for so many.
    private static func begun(for facts: Int) -> FieldWriter {
        var writer = FieldWriter(capacity: 64 * facts + 16)
        writer.number(0x08, UInt64(version))
        return writer
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
