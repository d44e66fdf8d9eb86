/// Server-sent events, message by message, until the asker goes.
package struct HTTPEvents: AsyncSequence, Sendable {
    private let messages: AsyncStream<[UInt8]>
    private let open: HTTPMetrics.OpenStream?

    init(_ messages: AsyncStream<[UInt8]>) { self.init(messages, open: nil) }

    private init(_ messages: AsyncStream<[UInt8]>, open: HTTPMetrics.OpenStream?) {
        self.messages = messages
        self.open = open
    }

    /// The same, counted while it is read.
    func counted(by metrics: HTTPMetrics) -> HTTPEvents { HTTPEvents(messages, open: metrics.opened()) }

    /// Reads the messages.
    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(messages: messages.makeAsyncIterator(), open: open)
    }

    /// Gives one message after the other.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var messages: AsyncStream<[UInt8]>.AsyncIterator
        fileprivate let open: HTTPMetrics.OpenStream?

        /// The next message; nil when there will be none.
        package mutating func next() async -> [UInt8]? {
            let message = await messages.next()
            if let message { open?.sent(message.count) }
            return message
        }
    }
}
