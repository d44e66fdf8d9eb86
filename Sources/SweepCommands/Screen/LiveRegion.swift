import Foundation
import SweepReports

/// Lines at the end of a terminal that are drawn over; what else is printed meanwhile goes above them.
///
/// Only lines that have changed are written, in one piece, so that nothing flickers. The cursor stands below; nothing of the
/// terminal is changed that would have to be restored.
final class LiveRegion: @unchecked Sendable {
    // Sendable because what changes is touched under `lock`, which what is printed meanwhile takes again.
    private let lock = NSRecursiveLock()
    private var handle = FileHandle.standardError
    private var shown: [String] = []
    private var width = 0

    /// Draws the lines, none wider than `width`, in place of those before.
    func draw(_ lines: [String], width: Int, on handle: FileHandle) {
        lock.withLock {
            self.handle = handle
            var text = ""
            if lines.count == shown.count, width == self.width {
                guard lines != shown else { return }
                text += up(shown.count)
                for (line, before) in zip(lines, shown) { text += line == before ? "\n" : "\r\(line)\u{1B}[K\n" }
            } else {
                text += erasing(width) + lines.map { $0 + "\n" }.joined()
            }
            Terminal.raw(text, to: handle)
            shown = lines
            self.width = width
        }
    }

    /// Has something printed above the lines.
    func above(_ print: () -> Void) {
        lock.withLock {
            guard !shown.isEmpty else { return print() }
            let lines = shown
            let width = width
            Terminal.raw(erasing(width), to: handle)
            shown = []
            print()
            draw(lines, width: width, on: handle)
        }
    }

    /// Leaves the lines where they are.
    func end() { lock.withLock { shown = [] } }

    private func up(_ rows: Int) -> String { rows > 0 ? "\u{1B}[\(rows)A" : "" }

    /// What takes the lines away. On a terminal that became narrower each may have broken into several rows.
    private func erasing(_ width: Int) -> String {
        let rows = shown.reduce(0) { rows, line in
            let columns = DisplayWidth.of(line.replacing(/\u{1B}\[[0-9]*m/, with: ""))
            return rows + max(1, (columns + max(1, width) - 1) / max(1, width))
        }
        return shown.isEmpty ? "" : up(rows) + "\r\u{1B}[J"
    }
}
