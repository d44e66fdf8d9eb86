import Foundation
import Testing

/// What is logged can be searched for: a log line's metadata have dotted keys everywhere (`worker.id`, never `worker`).
@Suite struct LogKeyTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    /// The keys of log calls in a source: those of `metadata: […]`, of the core's `log(.level, "…", […])`, and of lines of facts.
    private static func keys(in text: String) throws -> [String] {
        let lists = [
            /metadata: \[((?:[^\[\]]|\[[^\[\]]*\])*)\]/,
            /\blog\(\s*\.\w+,\s*"[^"]*",\s*\[((?:[^\[\]]|\[[^\[\]]*\])*)\]/,
            /\bself\.init\(\s*\.\w+,[^\[\]]*\[((?:[^\[\]]|\[[^\[\]]*\])*)\]/,
        ]
        return lists.flatMap { list in
            text.matches(of: list).flatMap { match in
                String(match.output.1).matches(of: /(?:^|,)\s*"([^"]+)":/).map { String($0.output.1) }
            }
        }
    }

    @Test func `every key of a log line is dotted`() throws {
        let files = try #require(FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil))
        var found = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            for key in try Self.keys(in: String(contentsOf: file, encoding: .utf8)) {
                found += 1
                #expect(key.wholeMatch(of: /[a-z]+\.[a-z_]+/) != nil, "\(file.lastPathComponent): \(key)")
            }
        }
        #expect(found > 20)
    }

    @Test func `a key without a dot is seen`() throws {
        let text =
            "logger.info(\"x\", metadata: [\"worker\": \"a\"])\nlog(.info, \"y\", [\"trial.id\": id, \"sweep\": name[0]])"
        #expect(try Self.keys(in: text) == ["worker", "trial.id", "sweep"])
    }
}
