import Foundation
import Glibc
import SweepReports

/// What is printed: results on standard output, progress and complaints on standard error.
enum Terminal {
    /// Prints a result; text that ends in a line break gets no second one.
    ///
    /// A terminal gets no control characters of others; a file or a program gets the exact text.
    static func output(_ text: String) {
        live.above { write(isatty(1) == 1 ? PrintableText.lines(text) : text, to: .standardOutput) }
    }

    /// Prints a complaint or a line of progress, without control characters of others.
    static func error(_ text: String) { live.above { write(PrintableText.lines(text), to: .standardError) } }

    /// What is drawn over at the end of the terminal.
    static let live = LiveRegion()

    /// Prints without a line break at the end.
    static func raw(_ text: String, to handle: FileHandle = .standardError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(handle.fileDescriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                usleep(1000)
            } else if errno != EINTR {
                // A reader that went away (`| head`) is no failure of ours; a result that cannot be written is.
                guard errno != EPIPE, handle.fileDescriptor == STDOUT_FILENO else { return }
                let reason = "standard output cannot be written: \(String(cString: strerror(errno)))\n"
                try? FileHandle.standardError.write(contentsOf: Data(reason.utf8))
                exit(ExitStatus.failed.rawValue)
            }
        }
    }

    /// Whether people watch standard error.
    static var errorIsTerminal: Bool { isatty(2) == 1 && environment("TERM") != "dumb" }

    /// Columns of the terminal; nil when output goes elsewhere.
    static var width: Int? { columns(of: 1) }

    /// What the terminal behind a stream can show; nil where there is none, or one that cannot draw.
    static func style(of handle: FileHandle) -> ScreenStyle? {
        guard isatty(handle.fileDescriptor) == 1, environment("TERM") != "dumb" else { return nil }
        var size = winsize()
        let isKnown = ioctl(handle.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0
        // The first of these that is set counts (POSIX, 8.2); without any this program writes UTF-8, as it does elsewhere.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty }?.lowercased()
        return ScreenStyle(
            width: isKnown ? Int(size.ws_col) : 80,
            height: isKnown ? Int(size.ws_row) : 24,
            hasColour: environment("NO_COLOR")?.isEmpty ?? true,
            isASCII: locale.map { !$0.contains("utf-8") && !$0.contains("utf8") } ?? false
        )
    }

    static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    private static func write(_ text: String, to handle: FileHandle) {
        raw(text.hasSuffix("\n") ? text : text + "\n", to: handle)
    }

    private static func columns(of descriptor: Int32) -> Int? {
        guard isatty(descriptor) == 1 else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
