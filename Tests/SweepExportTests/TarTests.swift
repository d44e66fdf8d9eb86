import SweepExport
import Testing

/// Archives of event files.
@Suite struct TarTests {
    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The files of an archive, read by the places that the format gives.
    private func files(_ archive: [UInt8]) throws -> [(path: String, bytes: [UInt8])] {
        var files: [(path: String, bytes: [UInt8])] = []
        var rest = archive[...]
        while let header = Optional(rest.prefix(512)), header.contains(where: { $0 != 0 }) {
            let start = header.startIndex
            func field(_ place: Int, _ width: Int) -> String { text(header[start + place..<start + place + width]) }
            #expect(field(257, 6) == "ustar" && field(263, 2) == "00" && field(156, 1) == "0")
            let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
            #expect(Int(field(148, 7), radix: 8) == sum)
            let size = try #require(Int(field(124, 12), radix: 8))
            let prefix = field(345, 155)
            let path = (prefix.isEmpty ? "" : prefix + "/") + field(0, 100)
            rest = rest.dropFirst(512)
            files.append((path, Array(rest.prefix(size))))
            rest = rest.dropFirst((size + 511) / 512 * 512)
        }
        #expect(rest.count == 1_024)
        return files
    }

    @Test func `files come out as they went in, long paths too`() throws {
        let long = String(repeating: "n", count: 80) + "/trial-1/events.out.tfevents.0000000001.sweepd"
        let written: [(path: String, bytes: [UInt8])] = [
            ("quick/a", []), ("quick/b", [1, 2, 3]), ("quick/c", [UInt8](repeating: 7, count: 512)),
            (long, [UInt8](repeating: 9, count: 513)),
        ]
        let archive = try #require(TarArchive.bytes(of: written, changed: 1))
        #expect(archive.count == 512 * (4 + 0 + 1 + 1 + 2 + 2))
        let read = try files(archive)
        #expect(read.map(\.path) == written.map(\.path))
        #expect(read.map(\.bytes) == written.map(\.bytes))
    }

    /// The bytes of Python's `tarfile` for the same file: USTAR_FORMAT, mtime 1_700_000_000, mode 0o644.
    @Test func `a header is the one that Python writes`() throws {
        let archive = try #require(TarArchive.bytes(of: [("quick/a", [104, 105])], changed: 1_700_000_000))
        #expect(text(archive[0..<100]) == "quick/a" && text(archive[100..<108]) == "0000644")
        #expect(text(archive[124..<136]) == "00000000002" && text(archive[136..<148]) == "14524770400")
        #expect(text(archive[148..<156]) == "007256" && archive[155] == 32)
        #expect(archive[265..<512].allSatisfy { $0 == 0 })
        #expect(Array(archive[512..<514]) == [104, 105] && archive.count == 2_048)
    }

    @Test func `what does not fit is no archive`() {
        for path in ["", String(repeating: "a", count: 101), String(repeating: "a", count: 160) + "/b"] {
            #expect(TarArchive.bytes(of: [(path, [])], changed: 0) == nil)
        }
        #expect(TarArchive.bytes(of: [], changed: 0)?.count == 1_024)
        // The longest: 155 bytes, a slash, 100 bytes.
        let longest = String(repeating: "a", count: 155) + "/" + String(repeating: "b", count: 100)
        #expect(TarArchive.bytes(of: [(longest, [])], changed: 0) != nil)
        #expect(TarArchive.bytes(of: [(longest + "b", [])], changed: 0) == nil)
    }
}
