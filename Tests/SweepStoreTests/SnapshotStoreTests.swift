import Foundation
import GRDB
import SweepStore
import Testing

@Suite struct SnapshotStoreTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static let parts: [[UInt8]] = [[1, 2, 3], [], Array(repeating: 7, count: 300_000)]

    /// The parts and the head that are read at a path; nil when there is no state.
    private func read(_ path: String) throws -> (head: SnapshotStore.Head, parts: [[UInt8]])? {
        guard let store = try SnapshotStore.open(readOnly: path) else { return nil }
        var parts: [[UInt8]] = []
        return try store.readParts(if: { _ in true }) { parts.append($0) }.map { ($0, parts) }
    }

    @Test func `a state comes back as it was written, the newest alone, and curves by their trials`() throws {
        #expect(try SnapshotStore.open(readOnly: directory.path) == nil)
        let store = try SnapshotStore.open(writing: directory.path)
        #expect(try store.head == nil)
        try store.add([.init(sweep: 1, trial: 2, body: [9, 8]), .init(sweep: 1, trial: 3, body: [7])])
        let head = try store.replace(sequence: 5, entry: .max) { part in for body in Self.parts { try part(body) } }
        #expect(head.sequence == 5 && head.entry == .max && head.parts == 3 && head.bytes == 300_003)
        let found = try #require(try read(directory.path))
        #expect(found.head == head && found.parts == Self.parts)
        _ = try store.replace(sequence: 6, entry: 1) { try $0([4]) }
        #expect(try read(directory.path)?.parts == [[4]])
        #expect(try store.curve(sweep: 1, trial: 2) == [9, 8])
        #expect(try store.curve(sweep: 1, trial: 4) == nil)
        try store.clear()
        #expect(try read(directory.path) == nil)
        #expect(try store.curve(sweep: 1, trial: 2) == nil)
    }

    @Test func `a state that is not wanted is not read`() throws {
        let store = try SnapshotStore.open(writing: directory.path)
        _ = try store.replace(sequence: 5, entry: 0) { try $0([4]) }
        let head = try store.readParts(if: { $0.sequence == 6 }) { _ in Issue.record("a part was read") }
        #expect(head == nil)
    }

    @Test func `what a process leaves that is killed at any part is the state before`() throws {
        let store = try SnapshotStore.open(writing: directory.path)
        _ = try store.replace(sequence: 1, entry: 1) { part in for body in Self.parts { try part(body) } }
        var seen = 0
        _ = try store.replace(sequence: 2, entry: 2) { part in
            for body in Self.parts.reversed() {
                try part(body)
                // What is on the disk now is what would be left.
                let left = try TemporaryDirectory()
                for name in try directory.names() { try left.write(directory.read(name), to: name) }
                let found = try #require(try read(left.path))
                #expect(found.head.sequence == 1 && found.parts == Self.parts)
                seen += 1
            }
        }
        #expect(seen == 3)
        #expect(try read(directory.path)?.head.sequence == 2)
    }

    @Test func `a state that could not be written whole changes nothing`() throws {
        struct Full: Error {}
        let store = try SnapshotStore.open(writing: directory.path)
        _ = try store.replace(sequence: 1, entry: 1) { try $0([1]) }
        #expect(throws: StoreError.self) {
            try store.replace(sequence: 2, entry: 2) { part in
                try part([2])
                throw Full()
            }
        }
        #expect(try read(directory.path)?.parts == [[1]])
    }

    @Test func `changed and missing parts are found, and changed curves are none`() throws {
        do {
            let store = try SnapshotStore.open(writing: directory.path)
            _ = try store.replace(sequence: 1, entry: 1) { part in for body in Self.parts { try part(body) } }
            try store.add([.init(sweep: 1, trial: 1, body: [1]), .init(sweep: 1, trial: 2, body: [2])])
        }
        func change(_ sql: String) throws {
            try DatabaseQueue(path: SnapshotStore.path(directory.path)).write { try $0.execute(sql: sql) }
        }
        try change("UPDATE curve SET body = x'05' WHERE id = (1 << 32) + 1")
        let store = try #require(try SnapshotStore.open(readOnly: directory.path))
        #expect(try store.curve(sweep: 1, trial: 1) == nil)
        #expect(try store.curve(sweep: 1, trial: 2) == [2])
        #expect(try store.problems { _, _, _ in nil } == ["the curve of trial 1/1 is not as it was written"])
        #expect(try store.problems { _, trial, _ in "trial \(trial)" }.contains("trial 2"))
        try change("UPDATE part SET body = x'010204' WHERE number = 1")
        #expect(throws: StoreError.self) { try read(directory.path) }
        try change("DELETE FROM part WHERE number = 1")
        #expect(throws: StoreError.self) { try read(directory.path) }
    }

    @Test(arguments: ["sequence", "entry", "parts", "bytes"], ["NULL", "'x'", "x'00'"])
    func `a head that is no more of numbers is damage, and no end of the process`(
        column: String,
        value: String
    ) throws {
        do {
            let store = try SnapshotStore.open(writing: directory.path)
            _ = try store.replace(sequence: 1, entry: 1) { try $0([1]) }
        }
        try DatabaseQueue(path: SnapshotStore.path(directory.path)).write {
            try $0.execute(sql: "UPDATE head SET \(column) = \(value)")
        }
        #expect(throws: StoreError.self) { try read(directory.path) }
        let store = try #require(try SnapshotStore.open(readOnly: directory.path))
        #expect(throws: StoreError.self) { try store.head }
    }

    @Test func `a checksum that is no more a number is that of nothing`() throws {
        do {
            let store = try SnapshotStore.open(writing: directory.path)
            _ = try store.replace(sequence: 1, entry: 1) { part in for body in Self.parts { try part(body) } }
            try store.add([.init(sweep: 1, trial: 1, body: [1]), .init(sweep: 1, trial: 2, body: [2])])
        }
        try DatabaseQueue(path: SnapshotStore.path(directory.path)).write {
            try $0.execute(sql: "UPDATE curve SET checksum = 'x' WHERE id = (1 << 32) + 1")
            try $0.execute(sql: "UPDATE part SET checksum = 'x' WHERE number = 2")
        }
        let store = try #require(try SnapshotStore.open(readOnly: directory.path))
        #expect(try store.curve(sweep: 1, trial: 1) == nil)
        #expect(try store.curve(sweep: 1, trial: 2) == [2])
        #expect(try store.problems { _, _, _ in nil } == ["the curve of trial 1/1 is not as it was written"])
        #expect(throws: StoreError.self) { try read(directory.path) }
    }

    @Test func `many curves come of few statements, without those that are missing or changed`() throws {
        let count = SnapshotStore.curvesAtOnce + 3
        do {
            let store = try SnapshotStore.open(writing: directory.path)
            try store.add((1...count).map { .init(sweep: 2, trial: $0, body: [UInt8($0 & 0xff), 1]) })
            try store.add([.init(sweep: 1, trial: 5, body: [0]), .init(sweep: 3, trial: 5, body: [0])])
        }
        try DatabaseQueue(path: SnapshotStore.path(directory.path)).write {
            try $0.execute(sql: "UPDATE curve SET body = x'05' WHERE id = (2 << 32) + 7")
        }
        let store = try #require(try SnapshotStore.open(readOnly: directory.path))
        func read(_ trials: [Int]) throws -> [Int: [UInt8]] {
            var found: [Int: [UInt8]] = [:]
            try store.forEachCurve(sweep: 2, trials: trials) { trial, body in
                #expect(found.updateValue(body, forKey: trial) == nil, "trial \(trial) came twice")
            }
            return found
        }
        let all = try read(Array(1...count + 1))
        #expect(Set(all.keys) == Set(1...count).subtracting([7]))
        #expect(all.allSatisfy { $0.value == [UInt8($0.key & 0xff), 1] })
        // The changed row was read, too.
        #expect(store.curveReads.statements == 2 && store.curveReads.rows == count)
        #expect(try read([9]) == [9: [9, 1]])
        #expect(try read([]).isEmpty)
        #expect(store.curveReads.statements == 3 && store.curveReads.rows == count + 1)
    }

    @Test func `a file of another version or of no database is begun anew, and told of`() throws {
        do {
            let store = try SnapshotStore.open(writing: directory.path)
            _ = try store.replace(sequence: 1, entry: 1) { try $0([1]) }
        }
        try DatabaseQueue(path: SnapshotStore.path(directory.path)).write {
            try $0.execute(sql: "PRAGMA user_version = 99")
        }
        #expect(throws: StoreError.self) { try SnapshotStore.open(readOnly: directory.path) }
        var told: [StoreError] = []
        #expect(try SnapshotStore.open(writing: directory.path) { told.append($0) }.head == nil)
        #expect(told.count == 1)
        for name in try directory.names() where name != "snapshot.db" {
            try FileManager.default.removeItem(atPath: directory.path + "/" + name)
        }
        try directory.write(Array("not a database at all".utf8), to: "snapshot.db")
        told = []
        #expect(try SnapshotStore.open(writing: directory.path) { told.append($0) }.head == nil)
        #expect(told.count == 1)
        told = []
        #expect(try SnapshotStore.open(writing: directory.path) { told.append($0) }.head == nil)
        #expect(told.isEmpty, "one that is sound is told of by nobody")
    }

    @Test func `the checksum sees every changed byte and every length`() {
        let bytes = (0..<100).map { UInt8($0) }
        let sums = Set((0...100).map { Checksum.of(Array(bytes.prefix($0))) })
        #expect(sums.count == 101)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x80
            #expect(Checksum.of(changed) != Checksum.of(bytes), "byte \(index)")
        }
        #expect(Checksum.of([0, 0]) != Checksum.of([0]))
    }
}
