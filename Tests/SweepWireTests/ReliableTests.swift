import SweepCore
import SweepWire
import Testing

@Suite struct ReliableTests {
    private func at(_ milliseconds: Int) -> Instant { Instant.zero.advanced(by: .milliseconds(milliseconds)) }

    /// A sender that has sent `count` messages at the origin.
    private func sender(sent count: Int) -> ReliableSender {
        var sender = ReliableSender()
        for _ in 0..<count { _ = send(&sender) }
        return sender
    }

    private func send(_ sender: inout ReliableSender, size: Int = 10) -> Message? {
        sender.send(size: size, at: .zero) { .reports(Reports(sequence: $0, items: [])) }
    }

    private func numbers(_ messages: [Message]) -> [UInt64] {
        messages.map { message in
            guard case .reports(let reports) = message else { return 0 }
            return reports.sequence
        }
    }

    @Test func `messages are numbered from 1 and kept until they are committed`() {
        var sender = sender(sent: 3)
        #expect(sender.count == 3 && sender.oldestSequence == 1 && sender.nextSequence == 4)
        let (committed, resend) = sender.acknowledged(2, at: at(1))
        #expect(numbers(committed) == [1, 2] && resend.isEmpty)
        #expect(sender.oldestSequence == 3)
        #expect(numbers(sender.acknowledged(3, at: at(2)).committed) == [3])
        #expect(sender.isEmpty && sender.oldestSequence == 4 && sender.deadline == nil)
    }

    @Test func `a full sender takes nothing until something is committed`() {
        var byCount = sender(sent: ReliableSender.countLimit)
        #expect(byCount.isFull && send(&byCount) == nil)
        #expect(byCount.nextSequence == UInt64(ReliableSender.countLimit) + 1)
        _ = byCount.acknowledged(1, at: at(1))
        #expect(!byCount.isFull && send(&byCount) != nil)
        var byBytes = ReliableSender()
        #expect(send(&byBytes, size: ReliableSender.byteLimit) != nil)
        #expect(byBytes.isFull && send(&byBytes) == nil)
    }

    @Test func `a welcome says where to go on`() {
        var sender = sender(sent: 5)
        let (committed, resend) = sender.welcomed(last: 2, at: at(1))
        #expect(numbers(committed) == [1, 2])
        #expect(numbers(resend) == [3, 4, 5])
    }

    @Test func `a repeated acknowledgement asks for everything after it, at most every 200 ms`() {
        var sender = sender(sent: 4)
        #expect(sender.acknowledged(1, at: at(10)).resend.isEmpty)
        #expect(numbers(sender.acknowledged(1, at: at(20)).resend) == [2, 3, 4])
        #expect(sender.acknowledged(1, at: at(30)).resend.isEmpty)
        #expect(numbers(sender.acknowledged(1, at: at(220)).resend) == [2, 3, 4])
        #expect(sender.acknowledged(4, at: at(500)).resend.isEmpty)
        #expect(sender.acknowledged(4, at: at(900)).resend.isEmpty, "nothing is left to send again")
    }

    @Test func `what waits for 5 s is sent again`() {
        var sender = sender(sent: 2)
        #expect(sender.deadline == at(5000))
        #expect(sender.tick(at: at(4999)).isEmpty)
        #expect(numbers(sender.tick(at: at(5000))) == [1, 2])
        #expect(sender.tick(at: at(5001)).isEmpty)
        _ = sender.acknowledged(1, at: at(6000))
        #expect(sender.tick(at: at(10_999)).isEmpty)
        #expect(numbers(sender.tick(at: at(11_000))) == [2])
    }

    @Test func `an acknowledgement of what was never sent changes nothing`() {
        var sender = sender(sent: 1)
        #expect(numbers(sender.acknowledged(99, at: at(1)).committed) == [1])
        #expect(send(&sender).map { numbers([$0]) } == [2])
        #expect(numbers(sender.acknowledged(2, at: at(2)).committed) == [2])
    }
}
