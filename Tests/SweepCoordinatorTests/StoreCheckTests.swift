import Foundation
import GRDB
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepStore
import SweepTestKit
import SweepWire
import Testing

@Suite struct StoreCheckTests {
    private func sample() throws -> (sample: StoreSample, checkpoint: ContentHash) {
        let (facts, checkpoint) = StoreSample.waitingTrial()
        let sample = try StoreSample([facts])
        return (sample, try sample.objects.put(checkpoint))
    }

    private func file(_ sample: StoreSample, _ hash: ContentHash) -> URL {
        URL(filePath: "\(sample.path)/objects/\(hash.hex.prefix(2))/\(hash.hex)")
    }

    @Test func `a sound store is sound, and what is in it is counted`() throws {
        let (sample, _) = try sample()
        let extra = try sample.objects.put([1, 2, 3])
        let check = try StoreCheck(directory: sample.path)
        #expect(check.isSound, "\(check.problems)")
        #expect(check.entries == 1 && check.facts > 5 && check.sweeps == 1 && check.trials == 3)
        #expect(check.usage.objects == 3 && check.unneeded == 1)
        #expect(try sample.objects.contains(extra), "looking deletes nothing")
    }

    @Test func `a changed object and a missing one are named`() throws {
        let (sample, checkpoint) = try sample()
        var bytes = try sample.objects.read(checkpoint)
        bytes[0] ^= 1
        try Data(bytes).write(to: file(sample, checkpoint))
        #expect(
            try StoreCheck(directory: sample.path).problems == [StoreError.objectCorrupt(checkpoint).description]
        )
        try sample.objects.delete(checkpoint)
        let problems = try StoreCheck(directory: sample.path).problems
        #expect(problems == ["object \(checkpoint.hex) is needed and not kept"])
    }

    @Test func `an entry that cannot be read, and one that is missing, are named`() throws {
        let (facts, checkpoint) = StoreSample.waitingTrial()
        let sample = try StoreSample(facts.map { [$0] })
        try sample.objects.put(checkpoint)
        #expect(try StoreCheck(directory: sample.path).isSound)
        do {
            let store = try Store.open(directory: sample.path, mode: .readWrite)
            try store.append([JournalEntry(kind: 3, body: [8, 99])])
        }
        let problems = try StoreCheck(directory: sample.path).problems
        #expect(problems.count == 1 && problems[0].hasPrefix("entry \(facts.count + 1) of the journal cannot be read"))
    }

    @Test func `rows that are missing, in the middle and at the end, are named`() throws {
        let (facts, checkpoint) = StoreSample.waitingTrial()
        func problems(without rows: String) throws -> [String] {
            let sample = try StoreSample(facts.map { [$0] })
            try sample.objects.put(checkpoint)
            try DatabaseQueue(path: sample.path + "/sweepd.db").write {
                try $0.execute(sql: "DELETE FROM journal WHERE seq IN (\(rows))")
            }
            return try StoreCheck(directory: sample.path).problems
        }
        let last = facts.count
        #expect(
            try problems(without: "\(last)").contains("the journal ends at entry \(last - 1), its newest was \(last)")
        )
        #expect(try problems(without: "\(last - 2)").contains("entry \(last - 2) of the journal is missing"))
        #expect(
            try problems(without: "\(last - 3), \(last - 2)")
                .contains("entries \(last - 3) to \(last - 2) of the journal are missing")
        )
    }

    @Test func `numbers that nothing can follow, and an end at no time, are damage and no trap`() throws {
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: 1)
        let worker = WorkerID(name: "a", incarnation: 1)
        let damaged: [Fact] = [
            .leased(LeaseID(trial: trial, attempt: Attempt(rawValue: .max)), worker: worker, from: 0, to: 1),
            .segmentDecided(trial, from: 0, to: 3, virtualEnd: .nan, order: 0),
            .segmentDecided(trial, from: 0, to: 3, virtualEnd: .infinity, order: 0),
            .sweepSubmitted(Self.submission(SweepID(rawValue: .max))),
        ]
        for fact in damaged {
            let (facts, checkpoint) = StoreSample.waitingTrial()
            let sample = try StoreSample([facts])
            try sample.objects.put(checkpoint)
            try StoreSample.append([fact], to: try Store.open(directory: sample.path, mode: .readWrite))
            let problems = try StoreCheck(directory: sample.path).problems
            #expect(problems.count == 1 && problems[0].contains("it is damaged"), "\(problems)")
            #expect(throws: JournalError.self) {
                try CoordinatorCore.restored(from: try Store.open(directory: sample.path, mode: .readOnly), session: 1)
            }
        }
    }

    private static func submission(_ id: SweepID) -> SweepSubmission {
        let draft = SampleSweep().draft
        return SweepSubmission(
            id: id,
            source: draft.source,
            text: "",
            fileName: draft.fileName,
            dataSet: draft.dataSet,
            schema: draft.schema,
            metrics: Metric.reported(for: SampleSweep.schema),
            coreVersion: draft.coreVersion,
            milliseconds: 0
        )
    }

    @Test func `a backup of a store that is written to is sound, opens, and goes on from its moment`() throws {
        let (sample, checkpoint) = try sample()
        let store = try Store.open(directory: sample.path, mode: .readWrite)
        let target = sample.beside("-copy")
        defer { try? FileManager.default.removeItem(atPath: target) }
        let backup = try StoreBackup(of: sample.path, to: target)
        try StoreSample.append([.sweepChanged(SweepID(rawValue: 1), .cancelled)], to: store)
        #expect(backup.lastSequence == 1 && backup.objects == 2)
        let check = try StoreCheck(directory: target)
        #expect(check.isSound, "\(check.problems)")
        #expect(check.unneeded == 0)
        #expect(try ObjectStore(directory: target).contains(checkpoint))
        let copy = try Store.open(directory: target, mode: .readWrite)
        let core = try CoordinatorCore.restored(from: copy, session: 1)
        #expect(core.sweep(named: "sample")?.state == .running)
        #expect(!ObjectHold.isHeld(directory: sample.path), "the hold ends with the backup")
        #expect(!FileManager.default.fileExists(atPath: target + ".partial"))
    }

    @Test func `a backup that cannot be whole is none, and never goes over something`() throws {
        let (sample, checkpoint) = try sample()
        #expect(throws: StoreError.notEmpty(path: sample.path)) { try StoreBackup(of: sample.path, to: sample.path) }
        try sample.objects.delete(checkpoint)
        let target = sample.beside("-copy")
        defer {
            for path in [target, target + ".partial"] { try? FileManager.default.removeItem(atPath: path) }
        }
        #expect(throws: StoreError.objectMissing(checkpoint)) { try StoreBackup(of: sample.path, to: target) }
        #expect(!FileManager.default.fileExists(atPath: target + "/sweepd.db"))
        #expect(!FileManager.default.fileExists(atPath: target + ".partial"), "it would be in the way of the next one")
    }

    @Test(arguments: [3, 4])
    func `a store of each journal version opens with everything in it`(version: Int) throws {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/store-\(version).db"
        )
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-fixture-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: fixture, to: directory.appending(path: "sweepd.db"))
        try ObjectStore(directory: directory.path).put([UInt8]())
        let check = try StoreCheck(directory: directory.path)
        #expect(check.isSound, "\(check.problems)")
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        let core = try CoordinatorCore.restored(from: store, session: 1)
        let sweep = try #require(core.sweep(named: "large"))
        #expect(sweep.state == .finished)
        #expect(sweep.trials.map(\.ended) == Array(repeating: .completed, count: 6))
        #expect(sweep.trials.map(\.curve.epochs) == Array(repeating: 3, count: 6))
        #expect(core.rankDocument(sweep, top: nil).rows.count == 6)
    }
}
