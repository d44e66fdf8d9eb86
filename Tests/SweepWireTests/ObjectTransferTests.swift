import SweepCore
import SweepNumerics
import SweepWire
import Testing

@Suite struct ObjectTransferTests {
    private static let hash = GoldenSamples.hash(7)

    private func object(_ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: RandomStream.mix(UInt64($0 / 8)) >> UInt64($0 % 8 * 8)) }
    }

    @Test(arguments: [0, 1, 262_144, 262_145, 1_048_576, 1_048_577, 2_500_000])
    func `an object arrives whole, window by window`(size: Int) throws {
        let bytes = object(size)
        var download = ObjectDownload(hash: Self.hash, size: size, at: .zero)
        var requests = 0
        while let request = download.request(at: .zero) {
            requests += 1
            #expect(request.length <= WireLimits.window)
            #expect(download.request(at: .zero) == nil, "one window at a time")
            for chunk in request.chunks(of: bytes) {
                #expect(chunk.bytes.count <= WireLimits.chunk)
                #expect(download.add(chunk, at: .zero) == true)
            }
        }
        #expect(download.isWhole && download.bytes == bytes)
        #expect(requests == (size + WireLimits.window - 1) / WireLimits.window)
    }

    @Test func `an offer's head is the beginning`() {
        let bytes = object(300_000)
        let offer = ObjectOffer(hash: Self.hash, bytes: bytes)
        #expect(offer.head.count == WireLimits.chunk && offer.size == 300_000)
        var download = ObjectDownload(hash: Self.hash, size: offer.size, head: offer.head, at: .zero)
        let request = download.request(at: .zero)
        #expect(request?.offset == WireLimits.chunk)
        #expect(ObjectDownload(hash: Self.hash, size: 3, head: [1, 2, 3], at: .zero).isWhole)
    }

    @Test func `chunks that do not come next are ignored`() throws {
        let bytes = object(600_000)
        var download = ObjectDownload(hash: Self.hash, size: bytes.count, at: .zero)
        let first = download.request(at: .zero)
        let request = try #require(first)
        let chunks = request.chunks(of: bytes)
        #expect(download.add(chunks[1], at: .zero) == false)
        #expect(download.add(chunks[0], at: .zero) == true)
        #expect(download.add(chunks[0], at: .zero) == false, "twice")
        #expect(
            download.add(
                ObjectChunk(hash: GoldenSamples.hash(8), offset: 262_144, total: 600_000, bytes: [1]),
                at: .zero
            ) == false,
            "another object"
        )
        #expect(
            download.add(ObjectChunk(hash: Self.hash, offset: 262_144, total: 700_000, bytes: [1]), at: .zero) == false,
            "another size"
        )
    }

    @Test func `after five seconds without a chunk the rest is asked for again`() throws {
        let bytes = object(600_000)
        var download = ObjectDownload(hash: Self.hash, size: bytes.count, at: .zero)
        let first = download.request(at: .zero)
        let request = try #require(first)
        _ = download.add(request.chunks(of: bytes)[0], at: Instant.zero.advanced(by: .seconds(1)))
        #expect(download.tick(at: Instant.zero.advanced(by: .milliseconds(5999))) == nil)
        let later = download.tick(at: Instant.zero.advanced(by: .seconds(6)))
        let again = try #require(later)
        #expect(again.offset == 262_144 && again.length == 600_000 - 262_144)
        #expect(download.tick(at: Instant.zero.advanced(by: .seconds(7))) == nil)
    }

    @Test func `of what is handed on no more is asked for than is put away`() {
        let size = 2 * WireLimits.window
        var download = ObjectDownload(hash: Self.hash, size: size, holdsBytes: false, at: .zero)
        let first = download.request(at: .zero)
        #expect(first == ObjectRequest(hash: Self.hash, offset: 0, length: WireLimits.window))
        let piece = [UInt8](repeating: 1, count: WireLimits.chunk)
        for offset in stride(from: 0, to: WireLimits.window, by: piece.count) {
            let isNext = download.add(
                ObjectChunk(hash: Self.hash, offset: offset, total: size, bytes: piece),
                at: .zero
            )
            #expect(isNext)
            #expect(download.request(at: .zero) == nil)
        }
        // A disk that takes longer than an answer may take is no reason to ask again, nor to look all the time.
        let late = Instant.zero.advanced(by: .seconds(6))
        #expect(download.tick(at: late) == nil)
        #expect(download.deadline == late.advanced(by: ObjectDownload.patience))
        download.putAway(upTo: piece.count, at: late)
        #expect(download.request(at: late) == nil)
        download.putAway(upTo: size, at: late)
        #expect(download.request(at: late) == nil, "so much did not come")
        download.putAway(upTo: WireLimits.window, at: late)
        let second = ObjectRequest(hash: Self.hash, offset: WireLimits.window, length: WireLimits.window)
        #expect(download.request(at: late) == second)
        // An answer that does not come is asked for again.
        #expect(download.tick(at: late.advanced(by: .seconds(5))) == second)
        // What is held here waits for nobody.
        var held = ObjectDownload(hash: Self.hash, size: size, at: .zero)
        _ = held.request(at: .zero)
        for offset in stride(from: 0, to: WireLimits.window, by: piece.count) {
            _ = held.add(ObjectChunk(hash: Self.hash, offset: offset, total: size, bytes: piece), at: .zero)
        }
        #expect(held.request(at: .zero) == second)
    }

    @Test func `a request beyond the end is answered with an empty chunk`() {
        let chunks = ObjectRequest(hash: Self.hash, offset: 9, length: 5).chunks(of: [1, 2, 3])
        #expect(chunks == [ObjectChunk(hash: Self.hash, offset: 3, total: 3, bytes: [])])
    }

    @Test func `what is offered again is so after ever longer pauses, and without the head of a large object`() {
        var upload = ObjectUpload()
        var pauses: [Duration] = []
        for _ in 0..<5 {
            pauses.append(upload.pause)
            upload.offerAgain()
        }
        #expect(pauses == [5, 10, 20, 40, 40].map { .seconds($0) })
        var hurried = ObjectUpload()
        for _ in 0..<5 { hurried.offerAgain(longest: .seconds(30)) }
        #expect(hurried.pause == .seconds(30))
        upload.refused()
        #expect(upload.pause == ObjectDownload.patience)
        let large = ObjectOffer(hash: Self.hash, bytes: object(300_000))
        #expect(large.again == ObjectOffer(hash: Self.hash, size: 300_000, head: []))
        let small = ObjectOffer(hash: Self.hash, bytes: [1, 2, 3])
        #expect(small.again == small)
    }

    @Test func `a request is answered again only when what went out for it may be lost`() {
        func request(_ offset: Int) -> ObjectRequest {
            ObjectRequest(hash: Self.hash, offset: offset, length: WireLimits.window)
        }
        var upload = ObjectUpload()
        #expect(upload.answers(request(0)) == true)
        // Asked for after a gap, with no offer between: the bytes are missing.
        #expect(upload.answers(request(0)) == true)
        // Two offers while the window goes out: it is asked for what follows once by the window and once by each offer.
        upload.offerAgain()
        upload.offerAgain()
        let answers = (0..<3).map { _ in upload.answers(request(WireLimits.window)) }
        #expect(answers == [true, false, false])
        // An offer that finds nothing of what went out before it: all of that is lost.
        upload.offerAgain()
        #expect(upload.answers(request(WireLimits.window)) == true)
    }

    /// One who sends 4 MiB over a link of so many bytes in a second, and a receiver who answers at once; what went out, and whether
    /// it was whole within two hours.
    private func send(bytesPerSecond: Int) -> (sent: Int, isWhole: Bool) {
        let size = 4 * WireLimits.window
        var (now, free, sent, received) = (0.0, 0.0, 0, 0)
        var upload = ObjectUpload()
        var link: [(arrives: Double, chunk: ObjectChunk?)] = []
        func post(_ chunk: ObjectChunk?) {
            let bytes = 100 + (chunk?.bytes.count ?? 0)
            free = max(now, free) + Double(bytes) / Double(bytesPerSecond)
            sent += bytes
            link.append((free, chunk))
        }
        func deadline() -> Double { now + Double(upload.pause.components.seconds) }
        post(nil)
        var repeatsAt = deadline()
        while received < size, now < 7200 {
            guard let next = link.first, next.arrives <= repeatsAt else {
                now = repeatsAt
                upload.offerAgain()
                post(nil)
                repeatsAt = deadline()
                continue
            }
            link.removeFirst()
            now = next.arrives
            if let chunk = next.chunk {
                guard chunk.offset == received else { continue }
                received += chunk.bytes.count
                guard received.isMultiple(of: WireLimits.window) else { continue }
            }
            let request = ObjectRequest(hash: Self.hash, offset: received, length: WireLimits.window)
            if upload.answers(request) {
                let piece = [UInt8](repeating: 0, count: WireLimits.chunk)
                for chunk in request.chunks(total: size, read: { Array(piece.prefix($0.count)) }) { post(chunk) }
            }
            repeatsAt = deadline()
        }
        return (sent, received == size)
    }

    @Test(arguments: [10_000, 20_000, 50_000, 125_000, 1_000_000])
    func `over a slow link each window goes out once`(bytesPerSecond: Int) {
        let (sent, isWhole) = send(bytesPerSecond: bytesPerSecond)
        #expect(isWhole)
        #expect(sent < 4 * WireLimits.window + 10_000)
    }
}
