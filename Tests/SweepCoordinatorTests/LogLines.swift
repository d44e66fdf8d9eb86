import Logging

/// The messages that a coordinator logs, as they come: what is done beside its answers is told there.
struct LogLines {
    let logger: Logger
    private let messages: AsyncStream<String>

    init(level: Logger.Level = .debug) {
        let (messages, lines) = AsyncStream.makeStream(of: String.self)
        self.messages = messages
        logger = Logger(label: "test") { _ in Handler(logLevel: level, lines: lines) }
    }

    /// Waits for such lines until `isDone`, which is asked at each of them; false when none comes any more.
    func wait(for text: String, until isDone: () throws -> Bool = { true }) async rethrows -> Bool {
        for await message in messages where message == text {
            if try isDone() { return true }
        }
        return false
    }

    /// Waits for such a line; the messages up to it.
    func lines(through text: String) async -> [String] {
        var lines: [String] = []
        for await message in messages {
            lines.append(message)
            if message == text { break }
        }
        return lines
    }

    private struct Handler: LogHandler {
        var metadata = Logger.Metadata()
        var logLevel: Logger.Level
        let lines: AsyncStream<String>.Continuation

        init(logLevel: Logger.Level, lines: AsyncStream<String>.Continuation) {
            self.logLevel = logLevel
            self.lines = lines
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.yield("\(event.message)") }
    }
}
