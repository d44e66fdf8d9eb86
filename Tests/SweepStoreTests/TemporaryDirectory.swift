import Foundation
import Glibc
import Testing

/// A new directory for one test, removed with the value.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let template = (getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp") + "/sweepd-store-XXXXXX"
        var bytes = Array(template.utf8CString)
        guard mkdtemp(&bytes) != nil else { throw TestFailure("mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(decoding: bytes.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file of the directory anew.
    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    /// A file's bytes.
    func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
    }

    /// The names in a folder below, sorted.
    func names(in folder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted()
    }
}

/// A small file system in memory for one test, mounted on a directory of its own. Needs root.
final class TemporaryMount {
    let directory: TemporaryDirectory
    var path: String { directory.path }

    /// Why tests that mount are skipped, for those who read the log.
    static let requirement: Comment = "SKIPPED: mounting a small file system needs root and the right to mount"

    /// Whether this process may mount at all; asked once, by doing it.
    static let isPossible: Bool = (try? TemporaryMount(bytes: 1 << 16)) != nil

    init(bytes: Int) throws {
        directory = try TemporaryDirectory()
        guard mount("tmpfs", directory.path, "tmpfs", 0, "size=\(bytes)") == 0 else {
            throw TestFailure("mount: \(String(cString: strerror(errno)))")
        }
    }

    deinit { _ = umount2(directory.path, 2) }

    /// Makes the file system read-only.
    func freeze() throws {
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
            throw TestFailure("remount: \(String(cString: strerror(errno)))")
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
