import Foundation
import ProcessTestKit

/// What somebody with bad intentions or a broken program may send to a coordinator's port, from a seed.
///
/// ZMTP 3.0 (ZeroMQ RFC 23): a greeting of 64 bytes, a READY command, then frames of flags, length and content.
struct HostilePort: Sendable {
    let port: Int
    private var state: UInt64

    init(port: Int, seed: UInt64) {
        self.port = port
        state = seed | 1
    }

    /// Ways to attack; each takes a connection.
    private static let ways = 11

    /// One connection after the other; those that are to be held open stay so until the end.
    mutating func attack(rounds: Int) -> Int {
        var held: [RawSocket] = []
        var refused = 0
        for round in 0..<rounds {
            guard let socket = try? RawSocket(port: port, timeout: 1) else {
                refused += 1
                continue
            }
            attack(socket, way: round % Self.ways)
            if round % 3 == 0, held.count < 100 { held.append(socket) }
        }
        return refused
    }

    /// One connection in each way, all open until they are let go of.
    ///
    /// libzmq drops what it has not handed on yet of a connection that closes, and of one that breaks the protocol: what is to be
    /// counted must come on one that stays.
    mutating func holdOneOfEach() throws -> [RawSocket] {
        try (0..<Self.ways).map { way in
            let socket = try RawSocket(port: port, timeout: 1)
            attack(socket, way: way)
            return socket
        }
    }

    private mutating func attack(_ socket: RawSocket, way: Int) {
        switch way {
        // Noise, and nothing at all.
        case 0: socket.send(noise(1 + below(4096)))
        case 1: break
        // A greeting that stops, one with another mechanism, one of another version.
        case 2: socket.send(Array(Self.greeting().prefix(below(64))))
        case 3: socket.send(Self.greeting(mechanism: ["CURVE", "PLAIN", "XXXX"][below(3)]) + noise(200))
        case 4: socket.send(Self.greeting(version: UInt8(truncatingIfNeeded: next())) + noise(100))
        // A handshake, then a frame that says it is larger than all memory, and one that is too large for us.
        case 5:
            shakeHands(socket)
            socket.send([0x02] + Self.big(UInt64(1) << 62) + noise(100))
        case 6:
            shakeHands(socket)
            socket.send([0x02] + Self.big(65 << 20) + noise(8192))
        // A handshake, then messages of noise; most go on after they were told.
        case 7:
            shakeHands(socket)
            for _ in 0..<40 { socket.send(Self.frame(noise(below(20)), more: true) + Self.frame(noise(below(300)))) }
        // Right headers and noise behind them; of every kind, in versions that are spoken and in others.
        case 8:
            shakeHands(socket)
            for _ in 0..<40 {
                let header = Array("SWPD".utf8) + [[2, 2, 3, 1, 9][below(5)], UInt8(truncatingIfNeeded: next())]
                socket.send(Self.frame(header, more: true) + Self.frame(noise(below(300))))
            }
        // A message of very many frames; a command that is none.
        case 9:
            shakeHands(socket)
            for _ in 0..<200 { socket.send(Self.frame(noise(10), more: true)) }
            socket.send(Self.frame([]))
        default:
            shakeHands(socket)
            socket.send([0x04, 8] + noise(8))
        }
    }

    private func shakeHands(_ socket: RawSocket) {
        socket.send(Self.greeting())
        _ = socket.receive(64)
        socket.send(Self.ready)
        _ = socket.receive(2)
    }

    private static func greeting(mechanism: String = "NULL", version: UInt8 = 3) -> [UInt8] {
        let name = Array(mechanism.utf8)
        return [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, version, 0] + name + [UInt8](repeating: 0, count: 20 - name.count)
            + [UInt8](repeating: 0, count: 32)
    }

    private static let ready: [UInt8] = {
        let type = [UInt8(11)] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        let body = [UInt8(5)] + Array("READY".utf8) + type
        return [0x04, UInt8(body.count)] + body
    }()

    /// A frame of a message; `more` follow.
    private static func frame(_ content: [UInt8], more: Bool = false) -> [UInt8] {
        content.count < 256
            ? [more ? 1 : 0, UInt8(content.count)] + content : [more ? 3 : 2] + big(UInt64(content.count)) + content
    }

    private static func big(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
    }

    private mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    private mutating func noise(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) }
    }
}
