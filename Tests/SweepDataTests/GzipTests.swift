import Glibc
import SweepCore
import SweepData
import Testing

@Suite struct `Packed files` {
    let text = Array("a,label\n1,0\n2,1\n3,0\n4,1\n".utf8)

    @Test func `gzip is told by content, whatever the name`() throws {
        #expect(try load(gzipped(text)).get().features == [1, 2, 3, 4])
    }

    @Test func `several members and zero padding are one content`() throws {
        let parts = gzipped(Array(text[..<10])) + gzipped(Array(text[10...]))
        #expect(try load(parts).get().features == [1, 2, 3, 4])
        #expect(try load(parts + [0, 0, 0]).get().features == [1, 2, 3, 4])
    }

    @Test func `a large content unpacks whole`() throws {
        let rows = (0..<200_000).map { "\($0),\($0 % 2)\n" }.joined()
        #expect(try load(gzipped(Array(rows.utf8))).get().rowCount == 200_000)
    }

    @Test func `damage is named`() {
        let packed = gzipped(text)
        var flipped = packed
        flipped[packed.count - 6] ^= 1
        for (bytes, expected) in [
            (Array(packed.dropLast(9)), "the gzip data ends too early"),
            (Array(packed.prefix(2)), "the gzip data ends too early"),
            (flipped, "the gzip data is damaged"),
            (packed + [1], "after the gzip data stand bytes that are not gzip"),
        ] {
            let found = lines(load(bytes))
            #expect(found.count == 1 && found[0].hasPrefix("t.csv: \(expected)"), "\(found)")
        }
    }

    @Test func `every truncation and every flipped bit is met without a trap`() {
        let packed = gzipped(text)
        for count in 2..<packed.count { #expect(!lines(load(Array(packed[..<count]))).isEmpty) }
        for index in packed.indices {
            for bit in 0..<8 {
                var bytes = packed
                bytes[index] ^= 1 << UInt8(bit)
                _ = load(bytes)
            }
        }
    }

    @Test func `a file's beginning is read as it is stored, whatever is behind it`() throws {
        let folder = Folder()
        folder.write("t", "SQLite format 3 and more")
        func beginning(_ name: String, _ count: Int) throws -> [UInt8] {
            try FileBytes.beginning(path: folder.path + "/" + name, name: name, count: count)
        }
        #expect(try beginning("t", 6) == Array("SQLite".utf8))
        #expect(try beginning("t", 100) == Array("SQLite format 3 and more".utf8))
        #expect(try beginning("t", 0) == [])
        folder.write("t.gz", gzipped(text))
        #expect(try beginning("t.gz", 2) == [0x1f, 0x8b])
        // More than is taken whole: three gigabytes, which take no room on the disk.
        #expect(truncate(folder.path + "/t", 3 << 30) == 0)
        #expect(try beginning("t", 6) == Array("SQLite".utf8))
        let whole = #expect(throws: DataProblem.self) { try FileBytes.read(path: folder.path + "/t", name: "t") }
        #expect(whole?.kind == .tooLarge)
        let absent = #expect(throws: DataProblem.self) { try beginning("absent", 1) }
        #expect(absent?.kind == .unreadable)
        #expect(throws: DataProblem.self) { try FileBytes.beginning(path: folder.path, name: "f", count: 1) }
    }

    @Test func `sizes have limits before and after unpacking`() throws {
        let folder = Folder()
        folder.write("bomb.csv", gzipped([UInt8](repeating: 65, count: 10_000_000)))
        let limits = FileBytes.Limits(stored: 100_000, unpacked: 1_000_000)
        let error = #expect(throws: DataProblem.self) {
            try FileBytes.read(path: folder.path + "/bomb.csv", name: "bomb.csv", limits: limits)
        }
        #expect(
            error?.description
                == "bomb.csv: the file unpacks to too much; allowed: at most 1000000 bytes after unpacking"
        )
        folder.write("large.csv", [UInt8](repeating: 65, count: 100_001))
        let large = #expect(throws: DataProblem.self) {
            try FileBytes.read(path: folder.path + "/large.csv", name: "large.csv", limits: limits)
        }
        #expect(large?.kind == .tooLarge)
    }

    @Test func `what is no file is said so`() {
        let folder = Folder()
        let spec = DataSpec(source: .images("none.idx", labels: "."), validation: .source(.table("gone.csv")))
        guard case .failure(let problems) = DataSet.load(spec, relativeTo: folder.path) else {
            Issue.record("files that are not there were read")
            return
        }
        #expect(
            problems.problems.map(\.description) == [
                "none.idx: the file cannot be opened: No such file or directory; allowed: a file that this user may read (data.source.images)",
                ".: this is not a regular file; allowed: a file that this user may read (data.source.labels)",
                "gone.csv: the file cannot be opened: No such file or directory; allowed: a file that this user may read (data.validation.source)",
            ]
        )
    }
}
