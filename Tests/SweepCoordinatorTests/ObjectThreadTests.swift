import Foundation
import SweepCoordinator
import SweepCore
import SweepMessaging
import SweepStore
import SweepWire
import Testing

struct ObjectThreadTests {
    @Test func `bytes that never match their name are refused, not asked for again and again`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let thread = ObjectThread(ObjectStore(directory: directory.path))
        defer { thread.loop.stop() }
        let name = try #require(ContentHash(hex: String(repeating: "a", count: 64)))
        let size = 2 * WireLimits.chunk
        let half = [UInt8](repeating: 7, count: WireLimits.chunk)
        for _ in 0..<2 {
            let asked = await thread.answer(.objectOffer(ObjectOffer(hash: name, size: size, head: half)))
            guard case .objectRequest(let request)? = asked.first else {
                Issue.record("the rest of a large object is asked for, found \(asked)")
                return
            }
            #expect(request.offset == half.count)
            let chunk = ObjectChunk(hash: name, offset: half.count, total: size, bytes: half)
            let answers = await thread.answer(.objectChunk(chunk))
            guard case .problem(let problem)? = answers.first, answers.count == 1 else {
                Issue.record("damaged bytes are answered with a problem, found \(answers)")
                return
            }
            #expect(problem.code == .undecodable && problem.sentence.contains(name.hex))
        }
    }

    @Test func `uploads that were begun small are bounded while they grow`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let limit = 4 * WireLimits.chunk
        let thread = ObjectThread(objects, uploadLimits: .init(idleSeconds: 3600, bytes: limit))
        defer { thread.loop.stop() }
        let names = try "abc".map { try #require(ContentHash(hex: String(repeating: $0, count: 64))) }
        let size = 100 * WireLimits.chunk
        let chunk = [UInt8](repeating: 7, count: WireLimits.chunk)
        for name in names { _ = await thread.answer(.objectOffer(ObjectOffer(hash: name, size: size, head: [7]))) }
        for round in 0..<8 {
            for name in names {
                let offset = try objects.received(name)
                guard offset > 0 else { continue }
                _ = await thread.answer(
                    .objectChunk(ObjectChunk(hash: name, offset: offset, total: size, bytes: chunk))
                )
            }
            #expect(try objects.usage().uploadBytes <= limit + WireLimits.chunk, "round \(round)")
        }
        #expect(try objects.usage().uploads < names.count, "someone had to give way")
    }

    @Test func `uploads within the limit go on together`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let thread = ObjectThread(objects, uploadLimits: .init(idleSeconds: 3600, bytes: 100 * WireLimits.chunk))
        defer { thread.loop.stop() }
        let names = try "abc".map { try #require(ContentHash(hex: String(repeating: $0, count: 64))) }
        let chunk = [UInt8](repeating: 7, count: WireLimits.chunk)
        for name in names {
            let size = 50 * WireLimits.chunk
            _ = await thread.answer(.objectOffer(ObjectOffer(hash: name, size: size, head: chunk)))
            let next = ObjectChunk(hash: name, offset: chunk.count, total: size, bytes: chunk)
            _ = await thread.answer(.objectChunk(next))
        }
        #expect(try objects.usage().uploadBytes == 6 * WireLimits.chunk)
    }

    /// A thread over a directory of its own that keeps one object of these bytes.
    private func thread(keeping bytes: [UInt8]) throws -> (thread: ObjectThread, hash: ContentHash, folder: URL) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        let objects = ObjectStore(directory: folder.path)
        let hash = try objects.put(bytes)
        return (ObjectThread(objects), hash, folder)
    }

    private func file(_ hash: ContentHash, in folder: URL) -> URL {
        folder.appending(path: "objects/\(hash.hex.prefix(2))/\(hash.hex)")
    }

    @Test func `a damaged object is not handed out but missing, and can be sent again`() async throws {
        let bytes = Array(repeating: UInt8(3), count: 1000)
        let (thread, hash, folder) = try thread(keeping: bytes)
        defer {
            thread.loop.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        var damaged = bytes
        damaged[500] ^= 4
        try Data(damaged).write(to: file(hash, in: folder))
        let request = Message.objectRequest(ObjectRequest(hash: hash, offset: 0, length: 1000))
        #expect(await thread.answer(request) == [.objectMissing(ObjectMissing(hash: hash))])
        #expect(
            await thread.answer(.objectOffer(ObjectOffer(hash: hash, bytes: bytes))) == [
                .objectStored(ObjectStored(hash: hash))
            ]
        )
        let chunk = ObjectChunk(hash: hash, offset: 0, total: 1000, bytes: bytes)
        #expect(await thread.answer(request) == [.objectChunk(chunk)])
    }

    @Test func `a start deletes what nobody needs, unless somebody holds it, and tells what is missing`() async throws {
        let (thread, hash, folder) = try thread(keeping: [1, 2, 3])
        defer {
            thread.loop.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let gone = try #require(ContentHash(hex: String(repeating: "b", count: 64)))
        do {
            let hold = try ObjectHold(directory: folder.path)
            let (missing, spared) = try await thread.keepOnly([gone])
            #expect(missing == [gone] && spared == [hash], "what is spared is deleted when the hold is over")
            withExtendedLifetime(hold) {}
        }
        #expect(FileManager.default.fileExists(atPath: file(hash, in: folder).path))
        let (missing, spared) = try await thread.keepOnly([gone])
        #expect(missing == [gone] && spared == [])
        #expect(!FileManager.default.fileExists(atPath: file(hash, in: folder).path))
    }
}
