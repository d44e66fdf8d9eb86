import Glibc

/// One of a process's two ways out; the raw value is its descriptor.
package enum TerminalStream: Int32, Sendable {
    /// Results.
    case output = 1
    /// Progress and complaints.
    case error = 2

    /// Whether people watch it.
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Columns and rows of the terminal behind it; nil without one, or where it does not say.
    var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard isTerminal, ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
