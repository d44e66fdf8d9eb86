/// The logical vector of every kernel: one AVX-512 register, two AVX2 registers, four SSE or NEON registers.
package typealias Lanes = SIMD16<Float>

/// Read-only float32 elements.
package typealias Floats = UnsafePointer<Float>

/// Writable float32 elements.
package typealias MutableFloats = UnsafeMutablePointer<Float>

/// The number of elements of a logical vector; every row and every panel is a whole number of vectors.
///
/// **Padding.** A matrix of c real columns is stored with `paddedCount(c)` columns and the elements past c are zero.
/// Kernels that could make them anything else (a sigmoid maps 0 to 0.5) write the zeros themselves, so a padded
/// weight's gradient, moments and value stay zero for a whole run and padding never reaches a result.
package let laneCount = 16

/// The count rounded up to whole vectors.
package func paddedCount(_ count: Int) -> Int {
    (count + (laneCount - 1)) & ~(laneCount - 1)
}
