package import SweepCore

/// A worker's numbered messages: each is kept until the coordinator has committed it.
package struct ReliableSender: Sendable {
    /// Messages that may be unacknowledged at once: what two commits of 4 ms let through at 8,000 a second.
    package static let countLimit = 64
    /// Bytes that may be unacknowledged at once.
    package static let byteLimit = 8 * 1024 * 1024
    /// How long the oldest message waits before all are sent again; a commit takes milliseconds, a bad disk a second.
    package static let resendAfter: Duration = .seconds(5)
    /// The least time between two resends that repeated acknowledgements ask for.
    package static let resendPause: Duration = .milliseconds(200)

    private struct Entry {
        let sequence: UInt64
        let message: Message
        let bytes: Int
    }

    private var entries: [Entry] = []
    private var bytes = 0
    private var lastAcknowledged: UInt64 = 0
    private var resendAt: Instant?
    private var lastResend: Instant?

    /// The number of the next message.
    package private(set) var nextSequence: UInt64 = 1

    package init() {}

    /// Whether everything sent is committed.
    package var isEmpty: Bool { entries.isEmpty }

    /// How many messages wait for their acknowledgement.
    package var count: Int { entries.count }

    /// Whether nothing may be sent before an acknowledgement comes.
    package var isFull: Bool { entries.count >= Self.countLimit || bytes >= Self.byteLimit }

    /// The number of the oldest message that is kept, or of the next one.
    package var oldestSequence: UInt64 { entries.first?.sequence ?? nextSequence }

    /// When `tick` has something to do; nil when nothing waits.
    package var deadline: Instant? { resendAt }

    /// Numbers a message of about `size` bytes and keeps it; nil when full.
    package mutating func send(size: Int, at now: Instant, _ make: (UInt64) -> Message) -> Message? {
        guard !isFull else { return nil }
        let message = make(nextSequence)
        if entries.isEmpty { resendAt = now.advanced(by: Self.resendAfter) }
        entries.append(Entry(sequence: nextSequence, message: message, bytes: size))
        bytes += size
        nextSequence += 1
        return message
    }

    /// Forgets what is committed. `resend` is not empty when the acknowledgement shows that something was lost.
    package mutating func acknowledged(
        _ sequence: UInt64,
        at now: Instant
    ) -> (committed: [Message], resend: [Message]) {
        let committed = forget(through: sequence)
        defer { lastAcknowledged = max(lastAcknowledged, min(sequence, nextSequence - 1)) }
        guard committed.isEmpty, sequence <= lastAcknowledged, !entries.isEmpty else {
            if !committed.isEmpty { resendAt = entries.isEmpty ? nil : now.advanced(by: Self.resendAfter) }
            return (committed, [])
        }
        if let lastResend, lastResend.duration(to: now) < Self.resendPause { return ([], []) }
        return ([], resendAll(at: now))
    }

    /// A new connection, whose other side has committed `last`: forgets that, and sends the rest again.
    package mutating func welcomed(last: UInt64, at now: Instant) -> (committed: [Message], resend: [Message]) {
        // A process that was started again under its incarnation goes on behind what the one before it sent.
        if nextSequence == 1 { nextSequence = last + 1 }
        let committed = forget(through: last)
        lastAcknowledged = max(lastAcknowledged, min(last, nextSequence - 1))
        return (committed, resendAll(at: now))
    }

    /// Everything again, when the oldest has waited for too long.
    package mutating func tick(at now: Instant) -> [Message] {
        guard let resendAt, now >= resendAt else { return [] }
        return resendAll(at: now)
    }

    private mutating func forget(through sequence: UInt64) -> [Message] {
        let count = entries.prefix { $0.sequence <= sequence }.count
        let gone = entries.prefix(count)
        bytes -= gone.reduce(0) { $0 + $1.bytes }
        let messages = gone.map(\.message)
        entries.removeFirst(count)
        return messages
    }

    private mutating func resendAll(at now: Instant) -> [Message] {
        lastResend = now
        resendAt = entries.isEmpty ? nil : now.advanced(by: Self.resendAfter)
        return entries.map(\.message)
    }
}
