package import ArgumentParser
package import Logging
import SweepReports

/// How much is logged.
package struct LogOptions: ParsableArguments {
    @Option(help: "What is logged on standard error: debug, info, notice, warning or error.")
    package var logLevel: LogLevel = .notice

    /// What `--log-level` takes.
    package enum LogLevel: String, ExpressibleByArgument, CaseIterable {
        case debug, info, notice, warning, error
    }

    package init() {}
}

extension LogOptions {
    /// A logger on standard error.
    package func logger(_ label: String) -> Logger {
        var logger = Logger(label: label) { PrintableLogHandler(StreamLogHandler.standardError(label: $0)) }
        logger.logLevel =
            switch logLevel {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        return logger
    }
}

/// Hands on what is logged with its control characters as numbers: what a peer sent neither steers a terminal nor passes for a
/// line of its own.
package struct PrintableLogHandler<Handler: LogHandler>: LogHandler {
    private var handler: Handler

    package init(_ handler: Handler) { self.handler = handler }

    /// Logs an event in printable characters.
    package func log(event: LogEvent) {
        var event = event
        event.message = "\(PrintableText.line(event.message.description))"
        event.metadata = event.metadata?.mapValues(Self.printable)
        Terminal.live.above { handler.log(event: event) }
    }

    /// That of the handler.
    package var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    /// That of the handler, in printable characters.
    package var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue.mapValues(Self.printable) }
    }

    /// That of the handler.
    package var metadataProvider: Logger.MetadataProvider? {
        get { handler.metadataProvider }
        set { handler.metadataProvider = newValue }
    }

    /// A value of the handler, in printable characters.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue.map(Self.printable) }
    }

    private static func printable(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        switch value {
        case .string(let text): .string(PrintableText.line(text))
        case .stringConvertible(let value): .string(PrintableText.line(value.description))
        case .array(let values): .array(values.map(printable))
        case .dictionary(let values): .dictionary(values.mapValues(printable))
        }
    }
}
