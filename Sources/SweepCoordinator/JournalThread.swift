import SweepCore
import SweepMessaging
import SweepStore
import SweepWire

/// Commits facts on a thread of its own, so that the port is served while the disk works.
///
/// Everything that gathers during one commit goes into the next: at 250–400 flushes a second of an ordinary disk that is
/// what makes thousands of durable reports a second possible.
actor JournalThread {
    nonisolated let loop = MessagingLoop(name: "journal")
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let store: Store

    init(_ store: Store) { self.store = store }

    /// Returns when the facts are on the disk, all of them or none: their entry, the last one where they are several, and their bytes.
    func commit(_ facts: [Fact]) throws -> (place: JournalPlace, bytes: Int)? {
        guard !facts.isEmpty else { return nil }
        let rows = try JournalCodec.encodeRows(facts)
        let sequence = try store.append(rows.map { JournalEntry(kind: Int(JournalCodec.version), body: $0) })
        let bytes = rows.reduce(0) { $0 + $1.count }
        return rows.last.map { (JournalPlace(sequence: sequence, checksum: Checksum.of($0)), bytes) }
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
