import Foundation
import SweepStore

/// Files that stand beside the tests.
enum TestFiles {
    /// What the fixture of schema version 1 holds.
    static let versionOneEntries = [
        JournalEntry(kind: 1, body: Array("first".utf8)),
        JournalEntry(kind: 2, body: [0, 1, 254, 255]),
        JournalEntry(kind: 3, body: []),
    ]

    /// The bytes of `Fixtures/NAME`.
    static func fixture(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        return try Array(Data(contentsOf: folder.appendingPathComponent(name)))
    }
}
