/// Collects the rows of a batch from a data set.
///
/// The caller has checked the indices: each is in `0 ..<` the rows of the source.
package struct RowGather {
    /// Rows of the batch.
    package var rows: Int
    /// Real columns of both sides.
    package var columns: Int
    /// Row r begins at `source[r · sourceStride]`; nothing past its `columns` elements is read.
    package var source: Floats
    package var sourceStride: Int
    /// `rows` row numbers of the source.
    package var indices: UnsafePointer<Int32>
    /// Row i begins at `destination[i · destinationStride]`; its padding up to `paddedCount(columns)` is set to zero.
    package var destination: MutableFloats
    package var destinationStride: Int

    /// Describes a collection; see the fields.
    package init(
        rows: Int,
        columns: Int,
        source: Floats,
        sourceStride: Int,
        indices: UnsafePointer<Int32>,
        destination: MutableFloats,
        destinationStride: Int
    ) {
        self.rows = rows
        self.columns = columns
        self.source = source
        self.sourceStride = sourceStride
        self.indices = indices
        self.destination = destination
        self.destinationStride = destinationStride
    }
}
