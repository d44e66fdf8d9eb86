import SweepCore
package import SweepNumerics

/// One direction of one connection: says when each message arrives, and as what.
struct SimulatedLink: Sendable {
    /// A message on its way.
    struct Arrival: Sendable {
        let moment: Instant
        let frames: [[UInt8]]
        /// Whether its bytes are others than those that were sent.
        let isDamaged: Bool
    }

    private let key: UInt64
    private var sent: UInt64 = 0
    private var last = Instant.zero

    /// A link whose misfortunes are a function of `key` and of how many messages went before.
    init(key: UInt64) { self.key = key }

    /// What becomes of a message that is sent now: nothing when it is lost, two arrivals when it is doubled.
    mutating func arrivals(_ frames: [[UInt8]], at now: Instant, _ noise: Noise) -> [Arrival] {
        sent += 1
        var random = RandomStream(key: RandomStream.mix(key ^ sent))
        guard random.uniform() >= noise.drop else { return [] }
        let copies = random.uniform() < noise.duplicate ? 2 : 1
        return (0..<copies).map { _ in
            let way = 0.1 + max(0, noise.delay - 0.1) * random.uniform()
            var moment = now.advanced(by: .nanoseconds(Int64(way * 1e6)))
            if random.uniform() >= noise.reorder { moment = max(moment, last.advanced(by: .nanoseconds(1))) }
            last = max(last, moment)
            var arrived = frames
            if random.uniform() < noise.truncate { FrameDamage.truncate(&arrived, &random) }
            if random.uniform() < noise.corrupt { FrameDamage.corrupt(&arrived, &random) }
            return Arrival(moment: moment, frames: arrived, isDamaged: arrived != frames)
        }
    }
}

/// What a bad line, or a bad peer, does to the frames of a message.
package enum FrameDamage {
    /// Takes bytes from the end of a frame, or a whole frame.
    package static func truncate(_ frames: inout [[UInt8]], _ random: inout RandomStream) {
        guard !frames.isEmpty else { return }
        let place = random.below(frames.count)
        if random.below(4) == 0 {
            frames.remove(at: place)
        } else {
            frames[place].removeLast(min(frames[place].count, 1 + random.below(max(1, frames[place].count))))
        }
    }

    /// Changes a few bits, writes over a few bytes, or puts some in.
    package static func corrupt(_ frames: inout [[UInt8]], _ random: inout RandomStream) {
        let sizes = frames.map(\.count)
        guard let place = frames.indices.filter({ sizes[$0] > 0 }).randomPlace(&random) else { return }
        for _ in 0..<1 + random.below(4) {
            let byte = random.below(frames[place].count)
            switch random.below(4) {
            case 0: frames[place].insert(UInt8(truncatingIfNeeded: random.next()), at: byte)
            case 1: frames[place][byte] = UInt8(truncatingIfNeeded: random.next())
            case 2: frames[place][byte] = 0xFF
            default: frames[place][byte] ^= 1 << UInt8(random.below(8))
            }
        }
    }
}

extension Array {
    fileprivate func randomPlace(_ random: inout RandomStream) -> Element? {
        isEmpty ? nil : self[random.below(count)]
    }
}
