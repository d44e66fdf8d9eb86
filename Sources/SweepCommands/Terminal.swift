import Foundation
import SweepReports

/// What is printed: results on standard output, progress and complaints on standard error.
enum Terminal {
    /// Prints a result; text that ends in a line break gets no second one.
    ///
    /// A terminal gets no control characters of others; a file or a program gets the exact text.
    static func output(_ text: String) {
        write(isatty(1) == 1 ? PrintableText.lines(text) : text, to: .standardOutput)
    }

    /// Prints a complaint or a line of progress, without control characters of others.
    static func error(_ text: String) { write(PrintableText.lines(text), to: .standardError) }

    /// Prints without a line break at the end.
    static func raw(_ text: String, to handle: FileHandle = .standardError) {
        // A reader that went away (`| head`) is no failure of ours.
        try? handle.write(contentsOf: Data(text.utf8))
    }

    /// Whether people watch standard error.
    static var errorIsTerminal: Bool { isatty(2) == 1 && environment("TERM") != "dumb" }

    /// Columns of the terminal; nil when output goes elsewhere.
    static var width: Int? { columns(of: 1) }

    /// Columns of the terminal that shows standard error.
    static var errorWidth: Int? { columns(of: 2) }

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
