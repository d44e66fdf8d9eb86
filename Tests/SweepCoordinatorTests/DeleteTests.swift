import Foundation
import Logging
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepStore
import SweepTestKit
import SweepWire
import Testing

/// Sweeps that are removed from a directory.
@Suite(.timeLimit(.minutes(2))) struct DeleteTests {
    private static let first = SweepID(rawValue: 1)

    /// Two sweeps with the same rows that are over, the first of them cancelled in the middle, in batches of a few facts.
    private static func over(deleting: Bool = false) -> [[Fact]] {
        var other = SampleSweep()
        (other.name, other.seed, other.trials, other.prune) = ("other", 8, 6, "none")
        var harness = CoreHarness.over(beside: other)
        if deleting { _ = harness.steer("sample", .delete) }
        let facts = harness.facts
        return stride(from: 0, to: facts.count, by: 3).map { Array(facts[$0..<min($0 + 3, facts.count)]) }
    }

    private func coordinator(
        _ sample: StoreSample,
        snapshotBytes: Int = 8 << 20,
        logs: LogLines = LogLines()
    ) throws -> Coordinator {
        var options = CoordinatorServiceOptions(
            directory: sample.path,
            listen: "tcp://127.0.0.1:*",
            coreVersion: "core-1"
        )
        options.snapshotBytes = snapshotBytes
        return try Coordinator(options, logger: logs.logger)
    }

    private func facts(_ sample: StoreSample) throws -> [Fact] {
        var facts: [Fact] = []
        try Store.open(directory: sample.path, mode: .readOnly).forEachEntry { _, entry in
            facts += try JournalCodec.decode(entry.body)
        }
        return facts
    }

    /// Waits until the coordinator says that the store is cleared of these sweeps.
    private func cleared(_ sample: StoreSample, _ sweeps: String, _ logs: LogLines) async throws {
        let isCleared = try await logs.wait(for: "the store is cleared of deleted sweeps") {
            try Store.open(directory: sample.path, mode: .readOnly).value(for: "cleared") == sweeps
        }
        try #require(isCleared)
    }

    private func keepSnapshot(_ sample: StoreSample, at sequence: Int) throws {
        var core = CoordinatorCore(session: 1)
        var checksum: UInt64 = 0
        try Store.open(directory: sample.path, mode: .readOnly).forEachEntry { number, entry in
            guard number <= sequence else { return }
            try core.restore(entry: entry.body)
            checksum = Checksum.of(entry.body)
        }
        let snapshots = try SnapshotStore.open(writing: sample.path)
        _ = try snapshots.replace(sequence: sequence, entry: checksum) { try core.snapshot.write($0) }
    }

    /// Takes the facts of the first sweep out of the journal's entries up to this one.
    private func clear(_ sample: StoreSample, through: Int) throws {
        let store = try Store.open(directory: sample.path, mode: .readWrite)
        var place = 0
        while place < through,
            let last = try store.rewrite(
                after: place,
                through: through,
                bytes: 1,
                { entry in
                    try JournalCodec.cleared(entry.body, of: [Self.first]).map {
                        JournalEntry(kind: Int(JournalCodec.version), body: $0)
                    }
                }
            )
        { place = last }
    }

    @Test func `one that is over is gone from every file, and what stays is sound`() async throws {
        let sample = try StoreSample(Self.over())
        let rows = try sample.objects.put(SampleSweep.dataBytes)
        let logs = LogLines()
        let coordinator = try coordinator(sample, snapshotBytes: 1, logs: logs)
        _ = try await coordinator.open()
        let entry = try await coordinator.delete(sweep: "sample")
        #expect(entry.sweep == "sample" && entry.trials.total > 2)
        await #expect(throws: ControlError.self) { try await coordinator.delete(sweep: "sample") }
        try await cleared(sample, "1", logs)
        let left = try facts(sample)
        #expect(left.allSatisfy { $0.sweep != Self.first } && left.contains { $0.sweep == SweepID(rawValue: 2) })
        #expect(
            try sample.objects.contains(rows),
            "the other one has the same rows"
        )
        #expect(try await coordinator.list().sweeps.map(\.sweep) == ["other"])
        let running = try StoreCheck(directory: sample.path)
        #expect(running.isSound && running.sweeps == 1, "\(running.problems)")
        await coordinator.close()
        let stopped = try StoreCheck(directory: sample.path)
        #expect(stopped.isSound && stopped.snapshotSequence != nil, "\(stopped.problems)")
        let snapshots = try #require(try SnapshotStore.open(readOnly: sample.path))
        #expect(try (1...18).allSatisfy { try snapshots.curve(sweep: 1, trial: $0) == nil })
        #expect(try snapshots.curve(sweep: 2, trial: 1) != nil)
    }

    @Test func `with the last one its rows go`() async throws {
        let sample = try StoreSample(Self.over())
        let rows = try sample.objects.put(SampleSweep.dataBytes)
        let logs = LogLines()
        let coordinator = try coordinator(sample, logs: logs)
        _ = try await coordinator.open()
        for name in ["sample", "other"] { _ = try await coordinator.delete(sweep: name) }
        try await cleared(sample, "1,2", logs)
        await coordinator.close()
        #expect(try !sample.objects.contains(rows))
        let empty = try StoreCheck(directory: sample.path)
        #expect(empty.isSound && empty.sweeps == 0, "\(empty.problems)")
    }

    @Test func `one that is not over is refused, and a stopped coordinator removes nothing`() async throws {
        var harness = CoreHarness()
        _ = harness.submit(SampleSweep())
        let sample = try StoreSample([harness.facts])
        let before = try facts(sample)
        let coordinator = try coordinator(sample)
        _ = try await coordinator.open()
        let refusal = await #expect(throws: ControlError.self) { try await coordinator.delete(sweep: "sample") }
        #expect(refusal?.code == .conflict && refusal?.message.contains("sweepd cancel sample") == true)
        let unknown = await #expect(throws: ControlError.self) { try await coordinator.delete(sweep: "none") }
        #expect(unknown?.code == .notFound)
        await coordinator.close()
        let stored = try StoredSweeps(directory: sample.path)
        await #expect(throws: stored.stopped) { try await stored.delete(sweep: "sample") }
        #expect(try facts(sample) == before)
        // The coordinator above may still have its directory: here none has.
        let idle = try StoreSample([harness.facts])
        let unserved = try StoredSweeps(directory: idle.path)
        let answer = await #expect(throws: ControlError.self) { try await unserved.delete(sweep: "sample") }
        #expect(answer?.message.contains("`sweepd coordinator --directory \(idle.path)` starts it") == true)
        #expect(try facts(idle) == before)
    }

    /// As after a kill: the removal is committed, and some of the entries before it are cleared.
    @Test(arguments: [0, 0.3, 1]) func `a coordinator that was killed while it cleared goes on with it`(part: Double)
        async throws
    {
        let batches = Self.over(deleting: true)
        let sample = try StoreSample(batches)
        // Of before the removal, and not noticed yet.
        if part == 0 { try keepSnapshot(sample, at: batches.count / 2) }
        try clear(sample, through: Int(part * Double(batches.count)))
        let stored = try StoredSweeps(directory: sample.path)
        #expect(try await stored.list().sweeps.map(\.sweep) == ["other"], "it is gone for readers")
        #expect(try StoreCheck(directory: sample.path).isSound)
        let logs = LogLines()
        let coordinator = try coordinator(sample, logs: logs)
        _ = try await coordinator.open()
        try await cleared(sample, "1", logs)
        await coordinator.close()
        #expect(try facts(sample).allSatisfy { $0.sweep != Self.first })
        let check = try StoreCheck(directory: sample.path)
        #expect(check.isSound && check.sweeps == 1, "\(check.problems)")
    }

    @Test func `a snapshot of before a removal that the journal is cleared of is no alarm`() throws {
        let batches = Self.over(deleting: true)
        // Of entries before the removal one that told of the sweep, and one that did not.
        let told = (1..<batches.count).last { number in batches[number - 1].contains { $0.sweep == Self.first } }
        let silent = (1..<batches.count).last { number in !batches[number - 1].contains { $0.sweep == Self.first } }
        let places = [try #require(told), try #require(silent)]
        for place in places {
            let sample = try StoreSample(batches)
            try keepSnapshot(sample, at: place)
            #expect(try StoreCheck(directory: sample.path).isSound)
            try clear(sample, through: batches.count)
            let check = try StoreCheck(directory: sample.path)
            #expect(check.isSound && check.snapshotSequence == place, "\(check.problems)")
            // One that knows of the removal and is not the journal's is told of.
            var core = CoordinatorCore(session: 1)
            for fact in batches.joined() { core.restore(fact) }
            do {
                let snapshots = try SnapshotStore.open(writing: sample.path)
                let head = try #require(try snapshots.head)
                try snapshots.clear()
                _ = try snapshots.replace(sequence: head.sequence, entry: head.entry) { try core.snapshot.write($0) }
            }
            let wrong = try StoreCheck(directory: sample.path)
            #expect(wrong.problems.count == 1 && wrong.problems[0].hasPrefix("the snapshot: "), "\(wrong.problems)")
        }
    }

    @Test func `a backup has no snapshot that tells of a sweep that its journal is cleared of`() throws {
        let batches = Self.over(deleting: true)
        let sample = try StoreSample(batches)
        let targets = [sample.beside("-old"), sample.beside("-new")]
        defer { for target in targets { try? FileManager.default.removeItem(atPath: target) } }
        try keepSnapshot(sample, at: batches.count / 2)
        _ = try StoreBackup(of: sample.path, to: targets[0])
        #expect(!FileManager.default.fileExists(atPath: SnapshotStore.path(targets[0])))
        #expect(try StoreCheck(directory: targets[0]).isSound)
        try keepSnapshot(sample, at: batches.count)
        _ = try StoreBackup(of: sample.path, to: targets[1])
        #expect(FileManager.default.fileExists(atPath: SnapshotStore.path(targets[1])))
        #expect(try StoreCheck(directory: targets[1]).isSound)
    }

    /// A start that read much writes a snapshot before the port is served.
    @Test func `a snapshot that is taken while a coordinator opens is that of its journal`() async throws {
        let batches = Self.over()
        let sample = try StoreSample(batches)
        let rows = try sample.objects.put(SampleSweep.dataBytes)
        let logs = LogLines()
        let coordinator = try coordinator(sample, snapshotBytes: 1, logs: logs)
        _ = try await coordinator.open()
        // A sweep that is handed in at once must not be in it, nor spoil it.
        var third = SampleSweep()
        third.name = "third"
        try await coordinator.keepDataSet { try $0.put(SampleSweep.dataBytes) }
        let entry = try await coordinator.submit(
            Submission(
                text: "",
                fileName: "third.yaml",
                tree: try third.source.wireBytes(),
                dataSet: DataSetID(hash: rows, size: SampleSweep.dataBytes.count),
                schema: SampleSweep.schema
            )
        )
        #expect(entry.number == 3)
        #expect(try await logs.wait(for: "a snapshot is written"))
        let check = try StoreCheck(directory: sample.path)
        #expect(check.isSound, "\(check.problems)")
        #expect(check.snapshotSequence ?? 0 >= batches.count && check.sweeps == 3)
        await coordinator.close()
        let small = try StoreSample(batches)
        let quiet = try self.coordinator(small)
        _ = try await quiet.open()
        #expect(
            try SnapshotStore.open(readOnly: small.path)?.head == nil,
            "what is small is read again quicker than written"
        )
        await quiet.close()
    }

    @Test func `parts of curves and reports are the whole, and none is larger than was asked for`() async throws {
        let sample = try StoreSample(Self.over())
        let stored = try StoredSweeps(directory: sample.path)
        let whole = try await stored.curves(sweep: "other", trial: nil)
        let reports = try await stored.diagnose(sweep: "other", trial: nil)
        for epochs in [1, 30, 60, 100_000] {
            var (page, trials, told, regions) = (TrialPage(epochs: epochs), 0, [DiagnosisDocument.Report](), 0)
            var curves: [CurvesDocument.Trial] = []
            while true {
                let part = try await stored.curves(sweep: "other", page: page)
                #expect(try CurvesDocument(json: part.json).next == part.next)
                #expect(
                    part.trials.count == 1 || part.trials.dropLast().reduce(0) { $0 + $1.curve.epochs + 16 } < epochs
                )
                let diagnosed = try await stored.diagnose(sweep: "other", page: page)
                #expect(diagnosed.next == part.next)
                curves += part.trials
                told += diagnosed.reports
                regions += diagnosed.regions.count
                trials += part.trials.count
                guard let next = part.next else { break }
                #expect(next == trials)
                page.after = next
            }
            #expect(curves == whole.trials && told == reports.reports && regions == reports.regions.count)
        }
    }
}
