import Glibc
package import SweepReports

/// What is printed: results on standard output, progress and complaints on standard error.
package enum Terminal {
    /// Prints a result; text that ends in a line break gets no second one.
    ///
    /// A terminal gets no control characters of others; a file or a program gets the exact text.
    package static func output(_ text: String) {
        live.above { write(TerminalStream.output.isTerminal ? PrintableText.lines(text) : text, to: .output) }
    }

    /// Prints sentences and tables for people; on a terminal no line of prose is broken in the middle of a word.
    package static func tell(_ text: String) { output(Prose.folded(text, width: width)) }

    /// Prints a complaint or a line of progress, without control characters of others.
    package static func error(_ text: String) { live.above { write(PrintableText.lines(text), to: .error) } }

    /// What is drawn over at the end of the terminal.
    package static let live = LiveRegion()

    /// Prints without a line break at the end.
    package static func raw(_ text: String, to stream: TerminalStream = .error) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(stream.rawValue, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                usleep(1000)
            } else if errno != EINTR {
                // A reader that went away (`| head`) is no failure of ours; a result that cannot be written is.
                guard errno != EPIPE, stream == .output else { return }
                raw("standard output cannot be written: \(String(cString: strerror(errno)))\n")
                exit(ExitStatus.failed.rawValue)
            }
        }
    }

    /// Whether people watch standard error.
    package static var errorIsTerminal: Bool { canDraw(.error) }

    /// Columns of the terminal; nil when output goes elsewhere.
    package static var width: Int? { TerminalStream.output.size?.columns }

    /// What the terminal behind a stream can show; nil where there is none, or one that cannot draw.
    package static func style(of stream: TerminalStream) -> ScreenStyle? {
        guard canDraw(stream) else { return nil }
        let size = stream.size.flatMap { $0.rows > 0 ? $0 : nil } ?? (columns: 80, rows: 24)
        // The first of these that is set counts (POSIX, 8.2); without any this program writes UTF-8, as it does elsewhere.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty }?.lowercased()
        return ScreenStyle(
            width: size.columns,
            height: size.rows,
            hasColour: environment("NO_COLOR")?.isEmpty ?? true,
            isASCII: locale.map { !$0.contains("utf-8") && !$0.contains("utf8") } ?? false
        )
    }

    /// A variable of the environment; nil where it is not set.
    package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func canDraw(_ stream: TerminalStream) -> Bool {
        stream.isTerminal && environment("TERM") != "dumb"
    }

    private static func write(_ text: String, to stream: TerminalStream) {
        raw(text.hasSuffix("\n") ? text : text + "\n", to: stream)
    }
}
