package import SweepCore

/// Why a run cannot begin or go on.
package enum TrainingError: Error, Hashable, Sendable {
    /// The specification does not fit the data.
    case unsuitable([SpecProblem])
    /// The buffers would take more than the limit.
    case tooLarge(bytes: Int, limit: Int)
    /// The checkpoint cannot be continued.
    case checkpoint(CheckpointError)
}

/// Why a checkpoint is refused.
package enum CheckpointError: Error, Hashable, Sendable {
    /// The bytes do not begin as a checkpoint does.
    case notACheckpoint
    /// Written by a format this program does not read.
    case unknownVersion(UInt32)
    /// Written by other arithmetic: going on would not give the bits of an uninterrupted run.
    case otherCore(found: UInt32, expected: UInt32)
    /// Of another specification, other data or another seed.
    case otherRun(found: UInt64, expected: UInt64)
    /// Shorter or longer than a checkpoint of this run.
    case wrongSize(found: Int, expected: Int)
    /// The checksum does not match.
    case damaged
    /// A counter that no run of this specification can have.
    case impossibleState
}

/// What is wrong with the rows handed to training.
package enum TrainingDataError: Error, Hashable, Sendable {
    /// Rows shorter than the features, or not a whole number of vectors.
    case rowStride(found: Int, features: Int)
    /// Classes for a regression or numbers for a classification.
    case targetKind
    /// A part names a row that does not exist.
    case rowOutOfRange(row: Int, rows: Int)
    /// A class index outside the schema's classes.
    case classOutOfRange(row: Int, found: Int32, classes: Int)
    /// A part has another number of rows than the schema says.
    case rowCounts
}
