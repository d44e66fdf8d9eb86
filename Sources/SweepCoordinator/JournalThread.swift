package import SweepCore
package import SweepMessaging
package import SweepStore
import SweepWire

/// Commits facts on a thread of its own, so that the port is served while the disk works.
///
/// Everything that gathers during one commit goes into the next: at 250–400 flushes a second of an ordinary disk that is
/// what makes thousands of durable reports a second possible.
package actor JournalThread {
    /// The thread that commits are written on.
    package nonisolated let loop = MessagingLoop(name: "journal")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let store: Store

    package init(_ store: Store) { self.store = store }

    /// Returns when the facts are on the disk, all of them or none: their last entry, and the bytes of all; nil of no facts.
    ///
    /// One entry, or several where so much gathered that no reader would take it as one.
    package func commit(_ facts: [Fact]) throws -> (place: JournalPlace, bytes: Int)? {
        let rows = try JournalCodec.rows(facts)
        guard let last = rows.last else { return nil }
        let sequence = try store.append(rows.map { JournalEntry(kind: Int(JournalCodec.version), body: $0) })
        return (JournalPlace(sequence: sequence, checksum: Checksum.of(last)), rows.reduce(0) { $0 + $1.count })
    }

    /// Bytes of the journal that are looked through in one transaction: some hundredths of a second, in which commits wait.
    private static let clearedAtOnce = 4 << 20

    /// Clears the next entries after `sequence`, up to `through`, of the facts of these sweeps; the last one that was looked at, nil when
    /// none was left.
    func clear(of sweeps: Set<SweepID>, after sequence: Int, through: Int) throws -> Int? {
        try store.rewrite(after: sequence, through: through, bytes: Self.clearedAtOnce) { entry in
            try JournalCodec.cleared(entry.body, of: sweeps).map {
                JournalEntry(kind: Int(JournalCodec.version), body: $0)
            }
        }
    }

    /// The newest entry; nil of an empty journal.
    func newest() throws -> JournalPlace? {
        let sequence = try store.lastSequence
        return try store.entry(sequence).map { JournalPlace(sequence: sequence, checksum: Checksum.of($0.body)) }
    }

    /// Notes sweeps that the journal is cleared of.
    func note(cleared sweeps: Set<SweepID>) throws { try DeletedSweeps.note(sweeps, in: store) }
}
