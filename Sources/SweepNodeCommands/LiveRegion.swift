import SweepReports
import Synchronization

/// Lines at the end of a terminal that are drawn over; what else is printed meanwhile goes above them.
///
/// Only lines that have changed are written, in one piece, so that nothing flickers. The cursor stands below; nothing of the
/// terminal is changed that would have to be restored.
package final class LiveRegion: Sendable {
    /// What stands on the terminal.
    private struct Drawing {
        var stream = TerminalStream.error
        var shown: [String] = []
        var width = 0

        mutating func draw(_ lines: [String], width: Int) {
            var text = ""
            if lines.count == shown.count, width == self.width {
                guard lines != shown else { return }
                text += Self.up(shown.count)
                for (line, before) in zip(lines, shown) { text += line == before ? "\n" : "\r\(line)\u{1B}[K\n" }
            } else {
                text += erasing(width) + lines.map { $0 + "\n" }.joined()
            }
            Terminal.raw(text, to: stream)
            shown = lines
            self.width = width
        }

        /// What takes the lines away. On a terminal that became narrower each may have broken into several rows.
        func erasing(_ width: Int) -> String {
            let rows = shown.reduce(0) { rows, line in
                let columns = DisplayWidth.of(line.replacing(/\u{1B}\[[0-9]*m/, with: ""))
                return rows + max(1, (columns + max(1, width) - 1) / max(1, width))
            }
            return shown.isEmpty ? "" : Self.up(rows) + "\r\u{1B}[J"
        }

        private static func up(_ rows: Int) -> String { rows > 0 ? "\u{1B}[\(rows)A" : "" }
    }

    private let drawing = Mutex(Drawing())

    /// Draws the lines, none wider than `width`, in place of those before.
    package func draw(_ lines: [String], width: Int, on stream: TerminalStream) {
        drawing.withLock {
            $0.stream = stream
            $0.draw(lines, width: width)
        }
    }

    /// Has something printed above the lines; it may not print through this region itself.
    package func above(_ print: () -> Void) {
        drawing.withLock { drawing in
            guard !drawing.shown.isEmpty else { return print() }
            let lines = drawing.shown
            Terminal.raw(drawing.erasing(drawing.width), to: drawing.stream)
            drawing.shown = []
            print()
            drawing.draw(lines, width: drawing.width)
        }
    }

    /// Leaves the lines where they are.
    package func end() { drawing.withLock { $0.shown = [] } }
}
