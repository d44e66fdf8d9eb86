/// The numbers of a data set's columns, row after row, in memory or in a mapped file: see `FeatureMemory`.
///
/// A value that does not change: copies share its memory.
package struct FeatureCells: RandomAccessCollection, Sendable {
    private let memory: FeatureMemory

    /// What was written to `memory`, which nobody writes to from now on.
    init(_ memory: FeatureMemory) { self.memory = memory }

    /// A copy of these numbers, in memory.
    package init(_ values: [Float]) {
        memory = FeatureMemory(count: values.count)
        values.withUnsafeBufferPointer { values in
            guard let first = values.baseAddress else { return }
            memory.floats.update(from: first, count: values.count)
        }
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { memory.count }

    /// The cell at a place.
    package subscript(index: Int) -> Float {
        precondition(index >= 0 && index < memory.count, "there is no such number")
        return withExtendedLifetime(memory) { memory.floats[index] }
    }

    /// Calls `body` with all numbers.
    package func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows
        -> Result
    {
        try withExtendedLifetime(memory) {
            try body(UnsafeBufferPointer(start: memory.floats, count: memory.count))
        }
    }

    /// Calls `body` with all cells as they lie: they are in one piece in memory and in a mapped file alike.
    package func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result? {
        try withUnsafeBufferPointer(body)
    }
}

extension FeatureCells {
    /// Whether these are the same numbers; NaN is none.
    package static func == (left: FeatureCells, right: FeatureCells) -> Bool { left.elementsEqual(right) }
    package static func == (left: FeatureCells, right: [Float]) -> Bool { left.elementsEqual(right) }
    package static func == (left: [Float], right: FeatureCells) -> Bool { left.elementsEqual(right) }
    /// Whether the cells differ from those of a list.
    package static func != (left: [Float], right: FeatureCells) -> Bool { !left.elementsEqual(right) }
}
