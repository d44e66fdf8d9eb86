import Foundation
import KernelAPI
import SweepCoordination
import SweepCore
import SweepDashboard
import SweepData
import SweepKernels
import SweepMessaging
import SweepReports
import SweepSpec
import SweepTraining
import SweepWire
import Testing

/// Something that reads bytes of others.
struct Decoder: Sendable, CustomTestStringConvertible {
    let name: String
    /// Whether it takes the bytes; a trap ends the process, and that is the failure.
    let reads: @Sendable ([UInt8]) -> Bool

    var testDescription: String { name }

    init(_ name: String, _ reads: @escaping @Sendable ([UInt8]) -> Bool) {
        self.name = name
        self.reads = reads
    }

    /// Whether `body` returns.
    private static func succeeds<Value>(_ body: () throws -> Value) -> Bool { (try? body()) != nil }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// All of them: what comes over the port, what lies on disks, what users hand in.
    static let all: [Decoder] = [
        // The first byte is the kind; version and magic are right, so that the body is looked at. A problem's version is 1.
        Decoder("message") { bytes in
            succeeds {
                let kind = bytes.first ?? 0
                let header = Array("SWPD".utf8) + [kind == 1 ? 1 : protocolVersion, kind]
                _ = try Message.decode([header, Array(bytes.dropFirst())]).encode()
            }
        },
        // The first byte is how many make the first frame.
        Decoder("frames") { bytes in
            let rest = bytes.dropFirst()
            let header = Array(rest.prefix(Int(bytes.first ?? 0)))
            return succeeds { try Message.decode([header, Array(rest.dropFirst(header.count))]) }
        },
        Decoder("journal") { bytes in succeeds { _ = try JournalCodec.encode(JournalCodec.decode(bytes)) } },
        // What a start does with a journal's row: after a sound beginning it is applied, and work begins.
        Decoder("restore") { bytes in
            var core = RestoreSample.core
            guard succeeds({ try core.restore(entry: bytes) }) else { return false }
            _ = core.start(at: .zero)
            _ = core.brokenInvariants()
            return succeeds {
                var restoration = SnapshotRestoration(options: nil, session: 1)
                for part in core.snapshot.parts { try restoration.add(part) }
                _ = try restoration.finish()
            }
        },
        // A part of a snapshot, after a sound head.
        Decoder("snapshot") { bytes in
            succeeds {
                var restoration = SnapshotRestoration(options: nil, session: 1)
                if bytes.first != RestoreSample.head.first { try restoration.add(RestoreSample.head) }
                try restoration.add(bytes)
                if var core = try? restoration.finish() { _ = core.start(at: .zero) }
            }
        },
        Decoder("tree") { bytes in succeeds { try SpecNode(wireBytes: bytes) } },
        Decoder("json") { bytes in succeeds { _ = try JSONValue(parsing: bytes).text(pretty: true) } },
        // The first line is the verb of a client's request.
        Decoder("request") { bytes in
            let parts = bytes.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
            return succeeds {
                try ControlRequest(verb: text(Array(parts[0])), body: parts.count > 1 ? Array(parts[1]) : [])
            }
        },
        Decoder("address") { bytes in
            succeeds { try HTTPRoute(method: "GET", target: text(bytes)) }
                || succeeds { try HTTPRoute(method: "POST", target: text(bytes)) }
        },
        Decoder("join") { bytes in succeeds { try JoinText(pasted: text(bytes)) } },
        Decoder("allowed-keys") { bytes in AuthorizedKeys.parse(text(bytes)).mistakes.isEmpty },
        Decoder("sweep") { bytes in
            guard case .success(let file) = SweepFile.read(text: text(bytes), file: "f", overrides: []) else {
                return false
            }
            for configuration in file.sweep.space.cover.prefix(10) { _ = file.sweep.space.resolve(configuration) }
            return true
        },
        // What is a journal of Optuna, and what its first study tells a sweep.
        Decoder("optuna") { bytes in
            guard OptunaStudy.isJournal(bytes), let studies = try? OptunaStudy.studies(journal: bytes),
                let study = studies.first
            else { return false }
            _ = study.refusal(for: WarmSweep.sweep.objective)
            return EarlierTrials(study, for: WarmSweep.sweep).found > 0
        },
        Decoder("csv") { bytes in DataFolder(["t": bytes]).loads(.table("t")) },
        // Plain or gzip, told by content.
        Decoder("gzip") { bytes in DataFolder(["t": bytes]).loads(.table("t")) },
        Decoder("libsvm") { bytes in DataFolder(["t": bytes]).loads(.libsvm("t")) },
        Decoder("idx") { bytes in
            DataFolder(["i": bytes, "l": [0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 1, 2]]).loads(.images("i", labels: "l"))
        },
        Decoder("npy") { bytes in
            // Labels 7, 3, 7, 3.
            let text = Array("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n".utf8)
            let labels = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + [7, 3, 7, 3]
            return DataFolder(["x": bytes, "y": labels]).loads(.arrayFiles(features: "x", labels: "y"))
        },
        Decoder("npz") { bytes in DataFolder(["a": bytes]).loads(.arrays("a", features: "x", labels: "y")) },
        Decoder("picture") { bytes in
            guard let other = try? Corpus.read("picture").first else { return false }
            let folder = DataFolder(["p/a/1": bytes, "p/a/2": other.bytes, "p/b/1": other.bytes, "p/b/2": other.bytes])
            return folder.loads(.folder(ImageFolder(path: "p", height: 3, width: 3)))
        },
        Decoder("packed") { bytes in
            // With a right checksum, or nothing behind it would be looked at.
            [bytes, Checksum.sealed(packed: bytes)].map { bytes in
                succeeds { _ = try PreparedData(DataSet(packed: bytes), steps: [.impute, .standardize]) }
            }.contains(true)
        },
        Decoder("checkpoint") { bytes in
            [bytes, bytes.count > 8 ? CheckpointFormat.sealed(bytes.dropLast(8)) : bytes].map { bytes in
                succeeds { _ = try SmallTraining.run(bytes).trainEpoch() }
            }.contains(true)
        },
    ]
}

/// Files of a data source in a folder of their own.
final class DataFolder {
    /// In memory where the machine has such a folder: ten times as many inputs.
    private static let parent =
        FileManager.default.isWritableFile(atPath: "/dev/shm")
        ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory
    private let url = parent.appending(path: "sweepd-fuzz-\(UUID().uuidString)")

    init(_ files: [String: [UInt8]]) {
        for (name, bytes) in files {
            let file = url.appending(path: name)
            try? FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try? Data(bytes).write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Whether the source is read, and can be prepared and packed.
    func loads(_ source: DataSource) -> Bool {
        let spec = DataSpec(source: source, validation: .none, preprocess: [.impute])
        guard let data = try? load(spec) else { return false }
        return (try? DataSet(packed: data.packed())) != nil
    }

    func load(_ spec: DataSpec) throws -> DataSet { try DataSet.load(spec, relativeTo: url.path).get() }
}

/// The checksum of a packed data set (CRC-32, IEEE 802.3) and its length, put right after a change.
enum Checksum {
    static func sealed(packed bytes: [UInt8]) -> [UInt8] {
        var bytes = Array(bytes.dropLast(4))
        guard bytes.count >= 20 else { return bytes }
        let length = UInt64(bytes.count + 4)
        for index in 0..<8 { bytes[12 + index] = UInt8(truncatingIfNeeded: length >> UInt64(8 * index)) }
        var sum: UInt32 = .max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        sum = ~sum
        return bytes + (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) }
    }
}

/// A sweep that begins with what others found out, with rungs at 3 and 9 epochs.
enum WarmSweep {
    static let sweep: Sweep = {
        let text = """
            name: warm
            data: {source: t, target: label}
            train:
              model: {mlp: {width: {choice: [32, 64]}, layers: {int: [1, 3]}}}
              optimizer: {choice: [{adam: {learning_rate: {log: [1e-3, 1e-1]}}}, {sgd: {learning_rate: 0.5}}]}
              epochs: 9
            objective: {minimize: validation.loss}
            search: {method: tpe, trials: 20, where: "layers < 3"}
            prune: {method: asha, first_rung: 3}
            """
        guard case .success(let file) = SweepFile.read(text: text, file: "f", overrides: []) else {
            preconditionFailure("the warm sweep is right")
        }
        return file.sweep
    }()
}

/// The least training that has a checkpoint: four rows, one layer.
enum SmallTraining {
    static let table = Array("a,b,label\n1,2.5,x\n-3,4e-1,y\n5,6,x\n7,8,y\n2,1,x\n0,3,y\n".utf8)
    private static let seed: UInt64 = 5

    /// A run from its beginning, or from a checkpoint.
    static func run(_ checkpoint: [UInt8]? = nil) throws -> TrainingRun {
        let kernels = try KernelTable.selected()
        guard let checkpoint else {
            return try TrainingRun(spec: setting.spec, data: setting.data, seed: seed, kernels: kernels)
        }
        return try TrainingRun(
            restoring: checkpoint,
            spec: setting.spec,
            data: setting.data,
            seed: seed,
            kernels: kernels
        )
    }

    private struct Setting: Sendable {
        let spec: TrainingSpec
        let data: TrainingData
    }

    private static let setting: Setting = {
        do {
            let text = """
                name: small
                data: {source: t, target: label, validation: 0.34, preprocess: [standardize]}
                train:
                  model: {mlp: {widths: [3], activation: tanh}}
                  optimizer: {adam: {learning_rate: 0.01}}
                  batch_size: 2
                  epochs: 100
                search: {method: grid}
                """
            guard case .success(let file) = SweepFile.read(text: text, file: "f", overrides: []),
                let configuration = file.sweep.space.cover.first,
                let resolved = file.sweep.space.resolve(configuration),
                let trial = TrialSpec.read(resolved, problems: SpecProblems())
            else { preconditionFailure("the small sweep is right") }
            let spec = DataSpec(source: .table("t"), validation: .last(2), preprocess: [.standardize])
            let rows = try DataFolder(["t": table]).load(spec)
            let owner = try Rows(PreparedData(rows, steps: [.standardize]))
            let data = try TrainingData(
                schema: rows.schema,
                features: owner.data.features,
                rowCount: owner.data.rowCount,
                rowStride: owner.data.rowStride,
                targets: .classes(owner.classes),
                trainingRows: owner.data.split.training,
                validationRows: owner.data.split.validation,
                testRows: owner.data.split.test,
                owner: owner
            )
            return Setting(spec: trial.training, data: data)
        } catch { preconditionFailure("the small training is right: \(error)") }
    }()

    /// Prepared rows with their classes at an address that does not change.
    private final class Rows {
        let data: PreparedData
        let classes: UnsafePointer<Int32>
        private let memory: UnsafeMutableBufferPointer<Int32>

        init(_ data: PreparedData) throws {
            guard case .classes(let indices) = data.targets else { preconditionFailure("the labels are classes") }
            self.data = data
            memory = .allocate(capacity: indices.count)
            _ = memory.initialize(from: indices)
            classes = UnsafePointer(memory.baseAddress.unsafelyUnwrapped)
        }

        deinit { memory.deallocate() }
    }
}
