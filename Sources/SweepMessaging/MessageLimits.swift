/// How much a peer may ask this process to hold.
///
/// libzmq itself bounds the frame (`maximumFrameBytes`) and the number of whole messages that wait; these bound what a
/// message may be once it is handed to the program. One gap stays, in libzmq: a peer that never ends a message of many
/// frames fills memory of ours until it does. Off loopback, only keys that were allowed can get that far.
package struct MessageLimits: Sendable, Equatable {
    /// The largest frame in bytes.
    ///
    /// A peer that announces a larger one is disconnected before a byte of it is stored.
    package var maximumFrameBytes: Int
    /// The most frames of one message, the routing id not counted.
    package var maximumFrames: Int
    /// The most bytes of one message, all frames together.
    package var maximumMessageBytes: Int

    package init(
        maximumFrameBytes: Int = 64 << 20,
        maximumFrames: Int = 64,
        maximumMessageBytes: Int = 128 << 20
    ) {
        self.maximumFrameBytes = maximumFrameBytes
        self.maximumFrames = maximumFrames
        self.maximumMessageBytes = maximumMessageBytes
    }
}

/// A message as received: its frames, or the reason why it was not kept.
package enum IncomingMessage: Sendable, Equatable {
    case complete([[UInt8]])
    case rejected(MessageViolation)
}

/// How a message breaks the limits.
package enum MessageViolation: Sendable, Equatable, CustomStringConvertible {
    case tooManyFrames(limit: Int)
    case tooLarge(limit: Int)

    package var description: String {
        switch self {
        case .tooManyFrames(let limit): "more than \(limit) frames in one message"
        case .tooLarge(let limit): "more than \(limit) bytes in one message"
        }
    }
}

/// Collects the frames of one message as far as the limits go.
///
/// After a violation the frames that follow are still taken off the socket, or they would start the next message, but they
/// are not kept.
package struct FrameCollector {
    private let limits: MessageLimits
    private var frames: [[UInt8]] = []
    private var bytes = 0
    private var violation: MessageViolation?

    /// A collector without frames.
    package init(_ limits: MessageLimits) {
        self.limits = limits
    }

    /// Keeps a copy of `frame`, or notes how it breaks the limits and drops what was kept.
    package mutating func append(_ frame: UnsafeRawBufferPointer) {
        guard violation == nil else { return }
        bytes += frame.count
        if frames.count == limits.maximumFrames {
            violation = .tooManyFrames(limit: limits.maximumFrames)
        } else if bytes > limits.maximumMessageBytes {
            violation = .tooLarge(limit: limits.maximumMessageBytes)
        } else {
            frames.append([UInt8](frame))
            return
        }
        frames = []
    }

    /// The message as far as it came: its frames, or what is wrong with it.
    package var message: IncomingMessage { violation.map { .rejected($0) } ?? .complete(frames) }

    /// The frames kept.
    package var frameCount: Int { frames.count }

    /// The bytes kept.
    package var byteCount: Int { violation == nil ? bytes : 0 }
}
