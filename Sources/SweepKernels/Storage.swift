package import KernelAPI

/// Owns the zeroed float buffers of one training run.
///
/// Bases are aligned to 64 bytes and staggered: buffers of equal shape must not agree in the low 12 bits of their
/// addresses, or loads are held up behind unrelated stores (4K aliasing).
package final class Arena {
    /// What a buffer may not touch, before it and behind it.
    private struct Fence {
        let before: UnsafeMutableBufferPointer<UInt32>
        let behind: UnsafeMutableBufferPointer<UInt32>
    }

    private var regions: [UnsafeMutableRawPointer] = []
    private var fences: [Fence] = []
    private var stagger = 0
    private let isMeasuring: Bool
    private let isFenced: Bool
    /// Bytes handed out so far.
    package private(set) var bytes = 0

    /// An arena; a fenced one has a page of NaNs before and behind each buffer, for tests.
    ///
    /// Whoever reads a fence and uses what he read has other results, most of them NaN; who writes one is told by
    /// `brokenFence`.
    package init(fenced: Bool = false) {
        isMeasuring = false
        isFenced = fenced
    }

    /// An arena that allocates nothing and only adds up what it is asked for.
    ///
    /// Its buffers must not be read or written.
    package init(measuring: Void) {
        isMeasuring = true
        isFenced = false
    }

    deinit {
        for region in regions { region.deallocate() }
    }

    /// Returns so many zeros, rounded up to whole vectors, that live as long as the arena.
    package func floats(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
        let size = paddedCount(count)
        bytes += size * MemoryLayout<Float>.stride
        if isMeasuring { return UnsafeMutableBufferPointer(start: UnsafeMutablePointer(bitPattern: 4096), count: size) }
        // 5 cache lines: coprime to the 64 lines of a page, so 64 buffers in a row all begin at different lines.
        stagger = (stagger + 5 * 64) % 4096
        let start = stagger + (isFenced ? Self.fenceBytes : 0)
        let end = start + size * MemoryLayout<Float>.stride
        let region = UnsafeMutableRawPointer.allocate(
            byteCount: end + (isFenced ? Self.fenceBytes : 0),
            alignment: 4096
        )
        regions.append(region)
        let base = (region + start).bindMemory(to: Float.self, capacity: size)
        base.initialize(repeating: 0, count: size)
        if isFenced {
            fences.append(
                Fence(
                    before: Self.fence(region, bytes: start),
                    behind: Self.fence(region + end, bytes: Self.fenceBytes)
                )
            )
        }
        return UnsafeMutableBufferPointer(start: base, count: size)
    }

    /// More than the widest access of a kernel, a few vectors, and than a row of most tensors.
    private static let fenceBytes = 4096

    /// A quiet NaN that no arithmetic makes: its payload is not zero.
    private static let fenceWord: UInt32 = 0x7FC0_FE4C

    private static func fence(_ start: UnsafeMutableRawPointer, bytes: Int) -> UnsafeMutableBufferPointer<UInt32> {
        let count = bytes / MemoryLayout<UInt32>.stride
        let words = start.bindMemory(to: UInt32.self, capacity: count)
        words.initialize(repeating: fenceWord, count: count)
        return UnsafeMutableBufferPointer(start: words, count: count)
    }

    /// The first buffer, in the order in which they were asked for, whose fence was written; nil if none was.
    package var brokenFence: Int? {
        fences.firstIndex { fence in
            fence.before.contains { $0 != Self.fenceWord } || fence.behind.contains { $0 != Self.fenceWord }
        }
    }
}

/// The storage of a matrix of activations: row-major, rows of whole vectors.
package enum RowLayout {
    /// The distance between rows of so many real columns.
    ///
    /// A multiple of 256 elements gets one vector more: rows a multiple of 1 KiB apart would share few cache sets.
    package static func stride(columns: Int) -> Int {
        let padded = paddedCount(columns)
        return padded % 256 == 0 ? padded + laneCount : padded
    }
}

/// The storage of a weight matrix: panels of 16 columns, each panel's rows one after another, zero padded.
package struct PanelLayout: Sendable, Equatable {
    /// Real rows (inputs of a layer).
    package let rows: Int
    /// Real columns (outputs of a layer).
    package let columns: Int

    /// The layout of a matrix of so many rows and columns.
    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// Rows with padding.
    package var paddedRows: Int { paddedCount(rows) }
    /// Columns with padding.
    package var paddedColumns: Int { paddedCount(columns) }
    /// Elements with padding.
    package var count: Int { paddedRows * paddedColumns }
    /// Elements from one panel to the next: `Gemm`'s vector stride; the depth stride is `laneCount`.
    package var panelStride: Int { paddedRows * laneCount }

    /// Where an element is.
    package func offset(row: Int, column: Int) -> Int {
        column / laneCount * panelStride + row * laneCount + column % laneCount
    }

    /// Copies a row-major matrix of `rows · columns` elements into panels and zeros their padding.
    package func pack(rowMajor source: Floats, into panels: MutableFloats) {
        panels.update(repeating: 0, count: count)
        for row in 0..<rows {
            for column in 0..<columns {
                panels[offset(row: row, column: column)] = source[row * columns + column]
            }
        }
    }

    /// Copies the real elements of panels into a row-major matrix of `rows · columns` elements.
    package func unpack(panels: Floats, intoRowMajor destination: MutableFloats) {
        for row in 0..<rows {
            for column in 0..<columns {
                destination[row * columns + column] = panels[offset(row: row, column: column)]
            }
        }
    }
}
