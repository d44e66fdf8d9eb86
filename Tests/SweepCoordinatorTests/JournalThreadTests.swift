import SweepCoordinator
import SweepCore
import SweepMessaging
import SweepStore
import SweepTestKit
import SweepWire
import Testing

@Suite struct JournalThreadTests {
    /// While a commit takes long, all that workers send gathers for the next one.
    @Test func `what gathers while a disk stands still is kept in one transaction, in entries that a restart reads`()
        async throws
    {
        let sample = try StoreSample()
        let store = try Store.open(directory: sample.path, mode: .readWrite)
        let journal = JournalThread(store)
        defer { journal.loop.stop() }
        let text = String(repeating: "x", count: 4 << 20)
        let facts = (1...20).map { number in
            Fact.sweepSubmitted(
                SweepSubmission(
                    id: SweepID(rawValue: UInt32(number)),
                    source: .map([]),
                    text: text,
                    fileName: "a.yaml",
                    dataSet: SampleSweep.dataSet,
                    schema: nil,
                    metrics: [.validationLoss],
                    coreVersion: "core-1",
                    milliseconds: 1
                )
            )
        }
        let committed = try await journal.commit(facts)
        let kept = try #require(committed)
        var read: [Fact] = []
        var bytes = 0
        try store.forEachEntry { _, entry in
            bytes += entry.body.count
            read += try JournalCodec.decode(entry.body)
        }
        #expect(read == facts)
        #expect(bytes == kept.bytes && bytes > WireLimits.journal)
        // Four texts come to the bytes of a row.
        #expect(try store.lastSequence == 5)
        let last = try #require(try store.entry(5))
        #expect(kept.place.sequence == 5 && kept.place.checksum == Checksum.of(last.body))
        // A small one is one entry, and one without facts is none.
        #expect(try await journal.commit([facts[0]])?.place.sequence == 6)
        #expect(try await journal.commit([]) == nil)
    }
}
