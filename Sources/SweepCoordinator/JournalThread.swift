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

    /// Returns when the facts are on the disk: their entry, and its bytes.
    func commit(_ facts: [Fact]) throws -> (place: JournalPlace, bytes: Int)? {
        guard !facts.isEmpty else { return nil }
        let body = try JournalCodec.encode(facts)
        let sequence = try store.append([JournalEntry(kind: Int(JournalCodec.version), body: body)])
        return (JournalPlace(sequence: sequence, checksum: Checksum.of(body)), body.count)
    }
}
