import KernelAPI
import SweepCore
import SweepKernels

/// A tensor of a model's numbers: what training changes, or what batch norm keeps.
final class Parameter {
    /// What it is for, which decides on penalties and decay.
    enum Role: Sendable {
        /// A matrix that multiplies inputs.
        case weights
        /// Added to a unit's sum.
        case bias
        /// Factor and summand of a norm.
        case gain, shift
        /// Kept by batch norm for evaluation, not trained.
        case runningMean, runningVariance

        var isTrained: Bool { self != .runningMean && self != .runningVariance }
    }

    let role: Role
    let layout: ParameterLayout
    let values: MutableFloats
    /// Nil where nothing is trained.
    let gradient: MutableFloats?
    /// Its place among the network's trained parameters.
    var index = 0
    /// Penalties of its own; nil: the run's.
    var l1: Double?
    var l2: Double?

    init(_ role: Role, _ layout: ParameterLayout, arena: Arena) {
        self.role = role
        self.layout = layout
        values = arena.pointer(layout.storedCount)
        gradient = role.isTrained ? arena.pointer(layout.storedCount) : nil
    }

    /// Elements in memory, a multiple of 16.
    var storedCount: Int { layout.storedCount }
}

/// How the numbers of a parameter lie in memory, and in what order they are written.
enum ParameterLayout: Equatable {
    /// A row vector; its padding is zero.
    case vector(Int)
    /// `groups` times `rows` real rows, each group padded to `paddedRows`, by `columns`, in panels of 16 columns.
    ///
    /// A dense layer has one group; a convolution one for each pixel of its kernel, with its input's channels as rows.
    case panels(groups: Int, rows: Int, paddedRows: Int, columns: Int)
    /// So many pixels, each with its channels padded to whole vectors.
    case features(pixels: Int, channels: Int)

    /// Elements in memory, a multiple of 16.
    var storedCount: Int {
        switch self {
        case .vector(let count): paddedCount(count)
        case .panels(_, _, _, let columns): panelStride * (paddedCount(columns) / laneCount)
        case .features(let pixels, let channels): pixels * paddedCount(channels)
        }
    }

    /// Elements from one panel to the next; 0 where there are none.
    var panelStride: Int {
        switch self {
        case .vector, .features: 0
        case .panels(let groups, _, let paddedRows, _): paddedCount(groups * paddedRows) * laneCount
        }
    }

    /// Real numbers.
    var count: Int {
        switch self {
        case .vector(let count): count
        case .panels(let groups, let rows, _, let columns): groups * rows * columns
        case .features(let pixels, let channels): pixels * channels
        }
    }

    /// Copies `count` numbers, row-major, into place; padding becomes zero.
    func pack(_ source: Floats, into stored: MutableFloats) {
        stored.update(repeating: 0, count: storedCount)
        forEach { place, index in stored[place] = source[index] }
    }

    /// Copies the real numbers out, row-major; of the first `rows` rows alone where so many are told.
    func unpack(_ stored: Floats, into destination: MutableFloats, rows: Int = .max) {
        forEach(rows: rows) { place, index in destination[index] = stored[place] }
    }

    /// Visits the real numbers in row-major order: where each is stored, and its index. Of panels, `most` rows of each group at most.
    @inline(__always)
    private func forEach(rows most: Int = .max, _ body: (_ place: Int, _ index: Int) -> Void) {
        switch self {
        case .vector(let count): for index in 0..<count { body(index, index) }
        case .features(let pixels, let channels):
            for pixel in 0..<pixels {
                for channel in 0..<channels {
                    body(pixel * paddedCount(channels) + channel, pixel * channels + channel)
                }
            }
        case .panels(let groups, let rows, let paddedRows, let columns):
            let stride = panelStride
            var index = 0
            for group in 0..<groups {
                for row in 0..<min(rows, most) {
                    let start = (group * paddedRows + row) * laneCount
                    for column in 0..<columns {
                        body(column / laneCount * stride + start + column % laneCount, index)
                        index += 1
                    }
                }
            }
        }
    }
}
