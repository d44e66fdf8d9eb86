import Foundation
import SweepSpec
import Testing

/// Sweep files with several mistakes each under `Fixtures/wrong`, and beside each what must be printed.
@Suite struct WrongFileTests {
    static let folder = "Tests/SweepSpecTests/Fixtures/wrong"
    static let names =
        (try? FileManager.default.contentsOfDirectory(atPath: path(folder)))?
        .filter { $0.hasSuffix(".yaml") }.sorted() ?? []

    @Test func `there are ten or more`() { #expect(Self.names.count >= 10) }

    @Test(arguments: names)
    func `all mistakes are told in one answer with path and line`(_ name: String) throws {
        let file = path("\(Self.folder)/\(name)")
        guard case .failure(let problems) = SweepFile.read(path: file) else {
            Issue.record("\(name) was read without problems")
            return
        }
        let shown = problems.lines.map { $0.replacing(file, with: name) + "\n" }.joined()
        let expectation = String(file.dropLast(5)) + ".expected"
        if ProcessInfo.processInfo.environment["RECORD_EXPECTED"] != nil {
            try shown.write(toFile: expectation, atomically: true, encoding: .utf8)
        }
        #expect(shown == (try? String(contentsOfFile: expectation, encoding: .utf8)))
    }
}
