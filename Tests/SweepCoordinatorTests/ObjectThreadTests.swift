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
        defer { thread.stop() }
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

    @Test func `what the disk did is told apart from what a sender did`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let thread = ObjectThread(ObjectStore(directory: directory.path))
        defer { thread.stop() }
        // A part of nothing that is known, of which nothing comes.
        let name = try #require(ContentHash(hex: String(repeating: "a", count: 64)))
        let nothing = await thread.take(.objectChunk(ObjectChunk(hash: name, offset: 0, total: 0, bytes: [])))
        guard case .problem(let problem)? = nothing.answers.first, nothing.answers.count == 1 else {
            Issue.record("found \(nothing.answers)")
            return
        }
        #expect(problem.code == .undecodable && nothing.service == .none)
        // After a gap what is missing is asked for, also by a part without bytes.
        let gap = await thread.take(.objectChunk(ObjectChunk(hash: name, offset: 5, total: 5, bytes: [])))
        #expect(gap.answers == [.objectRequest(ObjectRequest(hash: name, offset: 0, length: 5))])
        #expect(gap.service == .none)
        // Bytes of another name are their sender's fault.
        let wrong = await thread.take(.objectOffer(ObjectOffer(hash: name, size: 1, head: [7])))
        #expect(wrong.service == .none)
        let bytes: [UInt8] = [1, 2, 3]
        let hash = try ObjectStore(directory: directory.path + "/sender").put(bytes)
        let offer = Message.objectOffer(ObjectOffer(hash: hash, size: bytes.count, head: bytes))
        #expect(await thread.take(offer).service == .wrote)
        #expect(await thread.take(offer).service == .none)
        // A disk on which no folder can be made.
        let refusing = ObjectThread(ObjectStore(directory: "/proc/sweepd-test"))
        defer { refusing.stop() }
        guard case .refusedToWrite = await refusing.take(offer).service else {
            Issue.record("it was written")
            return
        }
    }

    @Test func `a part without bytes ends an upload whose bytes are all there and whose end failed`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let thread = ObjectThread(objects)
        defer { thread.stop() }
        let bytes: [UInt8] = [1, 2, 3]
        let hash = try ObjectStore(directory: directory.path + "/sender").put(bytes)
        try objects.receive(hash, offset: 0, bytes)
        let last = ObjectChunk(hash: hash, offset: bytes.count, total: bytes.count, bytes: [])
        #expect(await thread.answer(.objectChunk(last)) == [.objectStored(ObjectStored(hash: hash))])
    }

    @Test func `an offer without a head is asked for what is missing`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let thread = ObjectThread(objects)
        defer { thread.stop() }
        let bytes = [UInt8](repeating: 7, count: 2 * WireLimits.chunk)
        let hash = try ObjectStore(directory: directory.path + "/sender").put(bytes)
        let offer = ObjectOffer(hash: hash, bytes: bytes)
        let whole = ObjectRequest(hash: hash, offset: 0, length: bytes.count)
        #expect(await thread.answer(.objectOffer(offer.again)) == [.objectRequest(whole)])
        let rest = ObjectRequest(hash: hash, offset: WireLimits.chunk, length: WireLimits.chunk)
        #expect(await thread.answer(.objectOffer(offer)) == [.objectRequest(rest)])
        #expect(await thread.answer(.objectOffer(offer.again)) == [.objectRequest(rest)])
        for chunk in rest.chunks(of: bytes) { _ = await thread.answer(.objectChunk(chunk)) }
        #expect(try objects.read(hash) == bytes)
        #expect(await thread.answer(.objectOffer(offer.again)) == [.objectStored(ObjectStored(hash: hash))])
    }

    @Test func `uploads that were begun small are bounded while they grow`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let limit = 4 * WireLimits.chunk
        let thread = ObjectThread(objects, uploadLimits: .init(idleSeconds: 3600, bytes: limit))
        defer { thread.stop() }
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
        defer { thread.stop() }
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

    @Test func `the end of a large upload holds up no other object, and nothing is added to it`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let small: [UInt8] = [1, 2, 3]
        let other = try objects.put(small)
        // The end of an upload stands at the gate.
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let thread = ObjectThread(objects) { objects, hash in
            hasBegun.yield()
            gate.wait()
            try objects.finish(hash)
        }
        defer {
            gate.signal()
            thread.stop()
        }
        let bytes = [UInt8](repeating: 7, count: WireLimits.window + 1000)
        let hash = try ObjectStore(directory: directory.path + "/sender").put(bytes)
        let offer = Message.objectOffer(ObjectOffer(hash: hash, bytes: bytes))
        _ = await thread.answer(offer)
        var chunks: [ObjectChunk] = []
        for offset in stride(from: WireLimits.chunk, to: bytes.count, by: WireLimits.chunk) {
            let piece = Array(bytes[offset..<min(offset + WireLimits.chunk, bytes.count)])
            chunks.append(ObjectChunk(hash: hash, offset: offset, total: bytes.count, bytes: piece))
        }
        for chunk in chunks.dropLast() { _ = await thread.answer(.objectChunk(chunk)) }
        let last = try #require(chunks.last)
        async let ended = thread.answer(.objectChunk(last))
        for await _ in begun { break }
        let request = Message.objectRequest(ObjectRequest(hash: other, offset: 0, length: small.count))
        #expect(
            await thread.answer(request) == [
                .objectChunk(ObjectChunk(hash: other, offset: 0, total: small.count, bytes: small))
            ]
        )
        #expect(try !objects.contains(hash) && objects.received(hash) == bytes.count)
        let more = ObjectChunk(hash: hash, offset: bytes.count, total: bytes.count + 1, bytes: [9])
        #expect(await thread.answer(.objectChunk(more)) == [])
        // Whoever offers it meanwhile is asked for nothing, and offers it again.
        let nothing = ObjectRequest(hash: hash, offset: bytes.count, length: 1)
        #expect(await thread.answer(offer) == [.objectRequest(nothing)])
        let none = try #require(nothing.chunks(of: bytes).first)
        #expect(none.bytes.isEmpty)
        #expect(await thread.answer(.objectChunk(none)) == [])
        gate.signal()
        let stored = Message.objectStored(ObjectStored(hash: hash))
        #expect(await ended == [stored])
        #expect(await thread.answer(offer) == [stored])
        #expect(await thread.answer(.objectChunk(none)) == [stored])
        #expect(try objects.read(hash) == bytes)
    }

    @Test func `an upload that is being compared does not give way to others`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let bytes = [UInt8](repeating: 7, count: WireLimits.window + 1000)
        let hash = try ObjectStore(directory: directory.path + "/sender").put(bytes)
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let thread = ObjectThread(objects, uploadLimits: .init(idleSeconds: 3600, bytes: bytes.count)) {
            objects,
            hash in
            hasBegun.yield()
            gate.wait()
            try objects.finish(hash)
        }
        defer {
            gate.signal()
            thread.stop()
        }
        _ = await thread.answer(.objectOffer(ObjectOffer(hash: hash, bytes: bytes)))
        let rest = ObjectRequest(hash: hash, offset: WireLimits.chunk, length: WireLimits.window)
        let chunks = rest.chunks(of: bytes)
        for chunk in chunks.dropLast() { _ = await thread.answer(.objectChunk(chunk)) }
        let last = try #require(chunks.last)
        async let ended = thread.answer(.objectChunk(last))
        for await _ in begun { break }
        // It is the one that rests longest when another makes all of them too large.
        let file = directory.appending(path: "objects/partial/\(hash.hex)").path
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -100)], ofItemAtPath: file)
        let other = try #require(ContentHash(hex: String(repeating: "a", count: 64)))
        let head = [UInt8](repeating: 1, count: WireLimits.chunk)
        _ = await thread.answer(.objectOffer(ObjectOffer(hash: other, size: 2 * head.count, head: head)))
        await thread.boundUploads()
        #expect(try objects.received(hash) == bytes.count && objects.received(other) == 0)
        gate.signal()
        #expect(await ended == [.objectStored(ObjectStored(hash: hash))])
        #expect(try objects.read(hash) == bytes)
    }

    @Test func `what this machine puts holds up no other object, not the same bytes from elsewhere either`()
        async throws
    {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = ObjectStore(directory: directory.path)
        let bytes: [UInt8] = [1, 2, 3]
        let hash = try ObjectStore(directory: directory.path + "/sender").put(bytes)
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let thread = ObjectThread(objects)
        defer {
            gate.signal()
            thread.stop()
        }
        async let put = thread.put { store in
            hasBegun.yield()
            gate.wait()
            return try store.put(bytes)
        }
        for await _ in begun { break }
        #expect(
            await thread.answer(.objectOffer(ObjectOffer(hash: hash, bytes: bytes))) == [
                .objectStored(ObjectStored(hash: hash))
            ]
        )
        gate.signal()
        #expect(try await put == hash)
        #expect(try objects.read(hash) == bytes)
    }

    @Test func `a large upload whose bytes do not match is refused as well, and begins anew`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-objects-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let thread = ObjectThread(ObjectStore(directory: directory.path))
        defer { thread.stop() }
        let name = try #require(ContentHash(hex: String(repeating: "c", count: 64)))
        let size = WireLimits.window + WireLimits.chunk
        let piece = [UInt8](repeating: 7, count: WireLimits.chunk)
        for _ in 0..<2 {
            _ = await thread.answer(.objectOffer(ObjectOffer(hash: name, size: size, head: piece)))
            var answers: [Message] = []
            for offset in stride(from: piece.count, to: size, by: piece.count) {
                answers = await thread.answer(
                    .objectChunk(ObjectChunk(hash: name, offset: offset, total: size, bytes: piece))
                )
            }
            guard case .problem(let problem)? = answers.first, answers.count == 1 else {
                Issue.record("damaged bytes are answered with a problem, found \(answers)")
                return
            }
            #expect(problem.code == .undecodable && problem.sentence.contains(name.hex))
        }
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
            thread.stop()
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
            thread.stop()
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
