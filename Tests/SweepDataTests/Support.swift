import CZlib
import Glibc
import SweepCore
import SweepData
import SweepNumerics

/// A directory of a test's own, removed with the object.
final class Folder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/sweep-data-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { remove(path + "/" + name) }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// Makes a folder in it, unless it is there.
    func makeFolder(_ name: String) {
        mkdir(path + "/" + name, 0o755)
    }

    func write(_ name: String, _ bytes: [UInt8]) {
        let file = fopen(path + "/" + name, "w")!
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    func write(_ name: String, _ text: String) {
        write(name, Array(text.utf8))
    }
}

/// Loads a table that holds `text`, by default without parts for validation and test.
func load(
    _ text: String,
    header: HeaderRule = .auto,
    target: TargetColumn = .last,
    task: TaskKind? = nil,
    validation: SplitPart = .none,
    test: SplitPart = .none,
    seed: UInt64 = 0,
    preprocess: [PreprocessStep] = [],
    columns: [ColumnRule] = [],
    categorical: CategoryRule = .oneHot
) -> Result<DataSet, DataProblems> {
    load(
        Array(text.utf8),
        header: header,
        target: target,
        task: task,
        validation: validation,
        test: test,
        seed: seed,
        preprocess: preprocess,
        columns: columns,
        categorical: categorical
    )
}

func load(
    _ bytes: [UInt8],
    header: HeaderRule = .auto,
    target: TargetColumn = .last,
    task: TaskKind? = nil,
    validation: SplitPart = .none,
    test: SplitPart = .none,
    seed: UInt64 = 0,
    preprocess: [PreprocessStep] = [],
    columns: [ColumnRule] = [],
    categorical: CategoryRule = .oneHot
) -> Result<DataSet, DataProblems> {
    let folder = Folder()
    folder.write("t.csv", bytes)
    return DataSet.load(
        DataSpec(
            source: .table("t.csv"),
            header: header,
            target: target,
            task: task,
            validation: validation,
            test: test,
            seed: seed,
            preprocess: preprocess,
            columns: columns,
            categorical: categorical
        ),
        relativeTo: folder.path
    )
}

/// The lines of all mistakes; empty when there is none.
func lines(_ result: Result<DataSet, DataProblems>) -> [String] {
    switch result {
    case .success: []
    case .failure(let problems): problems.problems.map(\.description)
    }
}

/// Class labels of a data set.
func classes(_ data: DataSet) -> [String] {
    if case .classification(let classes, _) = data.schema.task { classes } else { [] }
}

/// `content` as one gzip member.
func gzipped(_ content: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
        &stream,
        6,
        Z_DEFLATED,
        15 + 16,
        8,
        Z_DEFAULT_STRATEGY,
        ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)
    )
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(content.count))) + 32)
    var input = content
    let size = input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = uInt(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = uInt(target.count)
            deflate(&stream, Z_FINISH)
            return target.count - Int(stream.avail_out)
        }
    }
    deflateEnd(&stream)
    return Array(output[..<size])
}

/// The root of the package and, beside it, the folder of real data that some machines have.
enum Place {
    static let root: String = {
        let parts = #filePath.split(separator: "/")
        return "/" + parts.dropLast(3).joined(separator: "/")
    }()
    static let shared = root + "/../shared/data"
    static let hasShared = access(shared + "/phoneme.csv", R_OK) == 0
}

/// A seed that differs from run to run; tests print it.
func freshSeed() -> UInt64 {
    UInt64.random(in: 0...UInt64.max)
}

/// A row's inputs, copied while the data lives.
func inputs(_ data: PreparedData, row: Int) -> [Float] {
    withExtendedLifetime(data) { Array(data.row(row)) }
}
