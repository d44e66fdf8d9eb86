import Glibc
import SweepCore
import SweepData
import SweepNumerics
import Testing

/// What is held in mapped files is, bit for bit, what is held in memory.
@Suite struct MappedDataTests {
    private static let inMemory = FileBytes.Limits(stored: 1 << 30, unpacked: 1 << 30, resident: .max)
    private static let inFiles = FileBytes.Limits(stored: 1 << 30, unpacked: 1 << 30, resident: 0)

    /// A table of numbers with gaps, categories of which some rows lack one, dates with and without a time, a group, a time and a
    /// number to predict.
    private static func table(rows: Int, seed: UInt64, gaps: Bool) -> String {
        var stream = RandomStream(key: seed)
        var text = "a,b,kind,day,moment,owner,when,y\n"
        for row in 0..<rows {
            let isGap = gaps && stream.below(5) == 0
            let kind = ["red", "\"light, blue\"", "7", "grün", ""][stream.below(5)]
            let day = "20\(10 + stream.below(10))-0\(1 + stream.below(9))-1\(stream.below(10))"
            let moment = "0\(1 + stream.below(9)).12.2021 1\(stream.below(10)):3\(stream.below(10))"
            let cells = [
                isGap ? "NA" : "\(stream.normal() * 1000)", "\(stream.below(40) - 20)", kind, isGap ? "" : day,
                gaps && row == 9 ? "?" : moment, "owner-\(stream.below(30))", "\(row % 37)", "\(stream.normal())",
            ]
            text += cells.joined(separator: ",") + "\n"
        }
        return text
    }

    private static func bits(_ data: DataSet, _ steps: [PreprocessStep], _ scale: TargetScale, mappedAbove: Int) throws
        -> (rows: [UInt32], targets: DataTargets, steps: [FittedStep])
    {
        let prepared = try PreparedData(data, steps: steps, targetScale: scale, mappedAbove: mappedAbove)
        return withExtendedLifetime(prepared) {
            let count = prepared.rowCount * prepared.rowStride
            return ((0..<count).map { prepared.features[$0].bitPattern }, prepared.targets, prepared.steps)
        }
    }

    /// Loads, packs, unpacks and prepares in both ways.
    private static func compare(_ spec: DataSpec, _ folder: Folder, _ what: String) throws {
        let own = try DataSet.load(spec, relativeTo: folder.path, limits: inMemory).get()
        let mapped = try DataSet.load(spec, relativeTo: folder.path, limits: inFiles).get()
        let packed = own.packed()
        #expect(mapped.packed() == packed, "\(what)")
        let form = try mapped.packedForm(resident: 0)
        #expect(form.isMapped && form.array == packed, "\(what)")
        #expect(DataSet.id(ofPacked: form) == DataSet.id(ofPacked: packed), "\(what)")
        let unpacked = try DataSet(packed: form, resident: 0)
        #expect(unpacked.packed() == packed, "\(what)")
        let expected = try bits(own, spec.preprocess, spec.targetScale, mappedAbove: .max)
        let found = try bits(unpacked, spec.preprocess, spec.targetScale, mappedAbove: 0)
        #expect(found.rows == expected.rows && found.targets == expected.targets, "\(what)")
        #expect(found.steps == expected.steps, "\(what)")
    }

    private static let steps: [[PreprocessStep]] = [
        [.impute, .standardize],
        [.imputing(Imputation(.median, hasIndicator: true)), .robust],
        [.imputing(Imputation(.mostFrequent)), .power],
        [.imputing(Imputation(.constant(3), hasIndicator: true)), .winsorize(.quantile(0.05)), .minmax],
        [.impute, .winsorize(.deviations(2)), .log1p, .scale(0.3)],
    ]

    @Test(arguments: steps.indices, [CategoryRule.oneHot, .ordinal, .hash(5)])
    func `every step of preprocessing, and every kind of column`(_ index: Int, _ categories: CategoryRule) throws {
        let folder = Folder()
        let text = Self.table(rows: 300, seed: UInt64(index), gaps: true)
        folder.write("t.csv", text)
        folder.write("t.csv.gz", gzipped(Array(text.utf8)))
        for (file, scale) in [("t.csv", TargetScale.standardize), ("t.csv.gz", .minmax)] {
            let spec = DataSpec(
                source: .table(file),
                task: .regression,
                test: .fraction(0.1),
                preprocess: Self.steps[index],
                categorical: categories,
                targetScale: scale
            )
            try Self.compare(spec, folder, "\(file) \(index) \(categories)")
        }
    }

    @Test func `every way to split rows`() throws {
        let folder = Folder()
        folder.write("t.csv", Self.table(rows: 200, seed: 1, gaps: false))
        folder.write("v.csv", Self.table(rows: 50, seed: 2, gaps: false))
        let other = SplitPart.source(.table("v.csv"))
        let cases: [(SplitPart, SplitPart, RowRule)] = [
            (.fraction(0.2), .fraction(0.1), .independent), (.last(40), .last(20), .independent),
            (.fold(2, of: 5), .none, .independent), (.fraction(0.2), .none, .group(.name("owner"))),
            (.fraction(0.3), .fraction(0.2), .time(.name("when"))), (other, .fraction(0.1), .independent),
        ]
        for (validation, test, rule) in cases {
            let spec = DataSpec(
                source: .table("t.csv"),
                task: .regression,
                validation: validation,
                test: test,
                preprocess: [.standardize],
                columns: [ColumnRule("day", .ignore)],
                rowRule: rule
            )
            try Self.compare(spec, folder, "\(validation) \(test) \(rule)")
        }
    }

    @Test func `arrays, archives, images and libsvm files`() throws {
        let folder = Folder()
        let features = (0..<60).flatMap { value in withUnsafeBytes(of: Float(value) * 0.7 - 9) { Array($0) } }
        let labels = (0..<20).map { UInt8($0 % 3) }
        let (x, y) = (npy("<f4", "(20, 3)", features), npy("|u1", "(20,)", labels))
        folder.write("x.npy", x)
        folder.write("y.npy", y)
        folder.write("stored.npz", npz([("x.npy", x), ("y.npy", y)], deflated: false))
        folder.write("packed.npz", npz([("x.npy", x), ("y.npy", y)], deflated: true))
        folder.write("i", [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 3] + (0..<120).map { UInt8($0 * 2) })
        folder.write("l", [0, 0, 8, 1, 0, 0, 0, 20] + labels)
        folder.write("s.svm", (0..<20).map { "\($0 % 2) 1:\($0) 4:0.\($0)\n" }.joined())
        let sources: [DataSource] = [
            .arrayFiles(features: "x.npy", labels: "y.npy"), .arrays("stored.npz", features: "x", labels: "y"),
            .arrays("packed.npz", features: "x", labels: "y"), .images("i", labels: "l"), .libsvm("s.svm"),
        ]
        for source in sources {
            try Self.compare(DataSpec(source: source, preprocess: [.standardize]), folder, "\(source)")
        }
    }

    @Test func `what is read in files has the same mistakes`() throws {
        let folder = Folder()
        folder.write("t.csv", "a,b\n1,x\n2,y\n3\n4,x\nfive,y\n")
        let spec = DataSpec(source: .table("t.csv"))
        let own = lines(DataSet.load(spec, relativeTo: folder.path, limits: Self.inMemory))
        #expect(!own.isEmpty && own == lines(DataSet.load(spec, relativeTo: folder.path, limits: Self.inFiles)))
        folder.write("bomb.gz", gzipped([UInt8](repeating: 49, count: 100_000)))
        let small = FileBytes.Limits(stored: 1 << 20, unpacked: 50_000, resident: 0)
        let bomb = DataSet.load(DataSpec(source: .table("bomb.gz")), relativeTo: folder.path, limits: small)
        #expect(lines(bomb).count == 1 && lines(bomb)[0].contains("unpacks to too much"))
    }

    @Test func `a file that holds data has no name, and no program that is started inherits it`() throws {
        let descriptors = [try UnnamedFile.open(for: 1), try UnnamedFile.openAndUnlink(for: 1)]
        defer { for descriptor in descriptors { close(descriptor) } }
        for descriptor in descriptors {
            var status = stat()
            let answer = fstat(descriptor, &status)
            #expect(answer == 0 && status.st_nlink == 0 && status.st_mode & 0o777 == 0o600)
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(posix_fallocate(descriptor, 0, 4096) == 0)
        }
    }

    @Test func `a limit of memory is a number of MiB, or refused with what is allowed`() throws {
        for (text, bytes) in [("0", 0), ("2", 2 << 20), ("1048576", 1 << 40)] {
            #expect(try ResidentLimit.read(text) == bytes)
        }
        for text in ["2G", "", "-1", "1.5", "0x10", " 2", "1048577"] {
            let error = #expect(throws: WrongResidentLimit.self) { try ResidentLimit.read(text) }
            let sentence = "SWEEPD_RESIDENT: found \(text), allowed a number of MiB from 0 to 1048576"
            #expect(error?.description == sentence)
        }
    }

    // MARK: Blobs

    @Test(arguments: [0, 1, 4096, (1 << 20) - 1, 1 << 20, 3 << 20])
    func `a blob is what was added, in memory up to the limit and in a file beyond`(_ size: Int) throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        for (limit, isMapped) in [(size, false), (size - 1, true)] where limit >= 0 {
            let writer = BlobWriter(limit: limit)
            for start in stride(from: 0, to: size, by: 300_000) {
                try writer.append(Array(bytes[start..<min(start + 300_000, size)]))
            }
            #expect(writer.count == size)
            let blob = try writer.finish()
            #expect(blob.isMapped == isMapped && blob.count == size && blob.array == bytes)
            #expect(blob.bytes(in: size / 3..<size / 2) == Array(bytes[size / 3..<size / 2]))
            #expect(SHA256.digest(blob) == SHA256.digest(bytes))
            if size > 0 { #expect(blob[size - 1] == bytes[size - 1]) }
        }
    }
}
