import SweepCoordinator
import SweepCore
import SweepMessaging
import SweepWire
import Testing

@Suite struct TransfersUnderWayTests {
    private static let one = ConnectionID(number: 1)
    private static let other = ConnectionID(number: 2)

    @Test func `of one connection no more waits than may, and the others are not held up by it`() {
        var transfers = TransfersUnderWay()
        let cost = TransfersUnderWay.ofConnection / 4
        for _ in 0..<4 { #expect(transfers.begin(cost, of: Self.one) == true) }
        #expect(transfers.begin(1, of: Self.one) == false)
        #expect(transfers.begin(cost, of: Self.other) == true)
        #expect(transfers.bytes == 5 * cost)
        // What is done makes room.
        transfers.end(cost, of: Self.one)
        #expect(transfers.begin(cost, of: Self.one) == true)
        for _ in 0..<4 { transfers.end(cost, of: Self.one) }
        transfers.end(cost, of: Self.other)
        #expect(transfers.bytes == 0)
    }

    @Test func `of all connections together no more waits than may`() {
        var transfers = TransfersUnderWay()
        var taken = 0
        for number in 1...1000
        where transfers.begin(TransfersUnderWay.ofConnection, of: ConnectionID(number: UInt32(number))) {
            taken += 1
        }
        #expect(taken == TransfersUnderWay.ofAll / TransfersUnderWay.ofConnection)
        #expect(transfers.bytes <= TransfersUnderWay.ofAll)
    }

    @Test func `one window of everybody may wait, however much a few have sent`() throws {
        var transfers = TransfersUnderWay()
        let greedy = (1...6).map { ConnectionID(number: UInt32($0)) }
        let hash = try #require(ContentHash(hex: String(repeating: "a", count: 64)))
        func chunk(_ number: Int) -> Message {
            let bytes = [UInt8](repeating: 0, count: WireLimits.chunk)
            let size = 100 * WireLimits.window
            return .objectChunk(ObjectChunk(hash: hash, offset: number * bytes.count, total: size, bytes: bytes))
        }
        let cost = TransfersUnderWay.cost(of: chunk(0))
        var hasRoom = true
        while hasRoom {
            hasRoom = false
            for connection in greedy where transfers.begin(cost, of: connection) { hasRoom = true }
        }
        #expect(transfers.bytes > TransfersUnderWay.ofAll - cost)
        // An honest worker: a window at a time, and an offer of it again.
        let honest = ConnectionID(number: 7)
        let again = Message.objectOffer(ObjectOffer(hash: hash, size: 100 * WireLimits.window, head: []))
        let window = (0..<WireLimits.window / WireLimits.chunk).map(chunk) + [again]
        for _ in 0..<2 {
            for message in window { #expect(transfers.begin(TransfersUnderWay.cost(of: message), of: honest) == true) }
            #expect(transfers.begin(cost, of: honest) == false, "and no more than that")
            for message in window { transfers.end(TransfersUnderWay.cost(of: message), of: honest) }
        }
        let request = Message.objectRequest(ObjectRequest(hash: hash, offset: 0, length: WireLimits.window))
        #expect(transfers.begin(TransfersUnderWay.cost(of: request), of: honest) == true)
        for connection in greedy { #expect(transfers.begin(cost, of: connection) == false) }
    }

    @Test func `a key's connections leave room for other keys, however many there are, and for one another`() throws {
        var transfers = TransfersUnderWay()
        let greedy = try #require(CurvePublicKey(bytes: [UInt8](repeating: 1, count: 32)))
        let other = try #require(CurvePublicKey(bytes: [UInt8](repeating: 2, count: 32)))
        let window = WireLimits.window
        // Four connections send all that they may.
        var hasRoom = true
        while hasRoom {
            hasRoom = false
            for number in 1...4 where transfers.begin(window, of: ConnectionID(number: UInt32(number)), key: greedy) {
                hasRoom = true
            }
        }
        #expect(transfers.bytes == TransfersUnderWay.ofKey)
        #expect(transfers.isBeyondShare(window, of: greedy) && !transfers.isBeyondShare(window, of: other))
        // Of another key a connection has the whole of what it may have.
        let large = ConnectionID(number: 6_000)
        for _ in 0..<100 { #expect(transfers.begin(window, of: large, key: other) == true) }
        for _ in 0..<100 { transfers.end(window, of: large, key: other) }
        // Workers that share the key with the greedy ones have a window each, until they are very many.
        let most = (TransfersUnderWay.ofKeyAtMost - TransfersUnderWay.ofKey) / window
        let begun = (5...5_000).filter { transfers.begin(window, of: ConnectionID(number: UInt32($0)), key: greedy) }
        #expect(begun == Array(5..<5 + most) && most >= 500)
        #expect(transfers.bytes == TransfersUnderWay.ofKeyAtMost)
        // A window of everybody else may wait all the same, and what is done makes room.
        #expect(transfers.begin(window, of: large, key: other) == true)
        #expect(transfers.begin(window, of: ConnectionID(number: 6_001)) == true)
        #expect(transfers.begin(window, of: ConnectionID(number: 5_002), key: greedy) == false)
        transfers.end(window, of: ConnectionID(number: 5), key: greedy)
        #expect(transfers.begin(window, of: ConnectionID(number: 5_002), key: greedy) == true)
    }

    @Test func `a message counts with its bytes, a request with its answer, and none with nothing`() throws {
        let hash = try #require(ContentHash(hex: String(repeating: "a", count: 64)))
        let base = TransfersUnderWay.ofMessage
        let offer = Message.objectOffer(ObjectOffer(hash: hash, size: 9, head: [1, 2, 3]))
        #expect(TransfersUnderWay.cost(of: offer) == base + 3)
        let chunk = Message.objectChunk(ObjectChunk(hash: hash, offset: 0, total: 9, bytes: [1, 2]))
        #expect(TransfersUnderWay.cost(of: chunk) == base + 2)
        let request = Message.objectRequest(ObjectRequest(hash: hash, offset: 0, length: 700))
        #expect(TransfersUnderWay.cost(of: request) == base + 700)
        let greedy = Message.objectRequest(ObjectRequest(hash: hash, offset: 0, length: Int.max))
        #expect(TransfersUnderWay.cost(of: greedy) == base + WireLimits.window)
    }
}
