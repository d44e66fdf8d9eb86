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
}
