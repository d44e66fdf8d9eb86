import Foundation
import SweepCoordination
import SweepCore
import SweepStore
import SweepTestKit
import SweepWire

/// A directory with a small store, removed with the value.
final class StoreSample: Sendable {
    let path: String
    let objects: ObjectStore

    /// A store with these batches of facts, and the data set of the sample sweep.
    init(_ batches: [[Fact]] = []) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "sweepd-store-\(UUID().uuidString)").path
        objects = ObjectStore(directory: path)
        let store = try Store.open(directory: path, mode: .readWrite)
        try objects.put(SampleSweep.dataBytes)
        for batch in batches { try Self.append(batch.map(named), to: store) }
    }

    /// The fact with the names that a store gives: the harness names its objects by a hash of its own.
    private func named(_ fact: Fact) throws -> Fact {
        switch fact {
        case .sweepSubmitted(let old):
            let hash = try objects.put(SampleSweep.dataBytes)
            return .sweepSubmitted(
                SweepSubmission(
                    id: old.id,
                    source: old.source,
                    text: old.text,
                    fileName: old.fileName,
                    dataSet: DataSetID(hash: hash, size: SampleSweep.dataBytes.count),
                    schema: old.schema,
                    metrics: old.metrics,
                    coreVersion: old.coreVersion,
                    milliseconds: old.milliseconds
                )
            )
        case .checkpointKept(let trial, let epoch, let checkpoint):
            let bytes = Self.waitingTrial().checkpoint
            return .checkpointKept(
                trial,
                epoch: epoch,
                CheckpointID(hash: try objects.put(bytes), size: checkpoint.size)
            )
        default: return fact
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The directory's name with something behind it.
    func beside(_ suffix: String) -> String { path + suffix }

    static func append(_ facts: [Fact], to store: Store) throws {
        try store.append([JournalEntry(kind: Int(JournalCodec.version), body: try JournalCodec.encode(facts))])
    }

    /// A sweep of which one trial waits at a rung with its checkpoint, in batches of one event each.
    static func waitingTrial() -> (facts: [Fact], checkpoint: [UInt8]) {
        var harness = CoreHarness()
        var sweep = SampleSweep()
        sweep.trials = 3
        sweep.parallelism = 3
        _ = harness.submit(sweep)
        var worker = harness.join("a")
        if let lease = harness.assigned(to: worker).first {
            harness.report(lease, lease.from + 1...lease.to, by: &worker)
            harness.end(lease, by: &worker)
            return (harness.facts, SyntheticTraining.checkpoint(seed: lease.seed, epoch: lease.to))
        }
        return (harness.facts, [])
    }
}
