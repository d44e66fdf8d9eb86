package import SweepCore

/// Why a run cannot begin or go on.
package enum TrainingError: Error, Hashable, Sendable {
    /// The specification does not fit the data.
    case unsuitable([SpecProblem])
    /// The layers cannot follow each other.
    case unbuildable(String)
    /// The buffers would take more than the limit.
    case tooLarge(bytes: Int, limit: Int)
    /// Parameters that are not those of the model: another number of them, or another shape.
    case otherParameters
    /// The weights to begin with did not come with the data.
    case noStartingWeights(file: String)
    /// The weights to begin with are not those of the model, with a sentence why.
    case otherStartingWeights(file: String, String)
    /// The checkpoint cannot be continued.
    case checkpoint(CheckpointError)
    /// The run that the state is copied from ends before the epoch of the copy.
    case lineage(epoch: Int, wanted: Int)
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

extension TrainingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unsuitable(let problems):
            problems.map { "\($0.path): \($0.message)" }.joined(separator: "; ")
        case .unbuildable(let message): "the model cannot be built: \(message)"
        case .tooLarge(let bytes, let limit):
            "the model and its batch need \(bytes >> 20) MiB, more than the limit of \(limit >> 20) MiB"
        case .otherParameters: "the parameters are not those of the model: their number or a shape differs"
        case .noStartingWeights(let file): "the weights to begin with, \(file), did not come with the data"
        case .otherStartingWeights(let file, let message): "the weights of \(file) do not fit: \(message)"
        case .checkpoint(let error): "\(error)"
        case .lineage(let epoch, let wanted):
            "the run that it is copied from ended after epoch \(epoch), before its copy after epoch \(wanted)"
        }
    }
}

extension CheckpointError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notACheckpoint: "these bytes are not a checkpoint"
        case .unknownVersion(let version):
            "the checkpoint has format \(version), this program reads \(CheckpointFormat.version)"
        case .otherCore(let found, let expected):
            "the checkpoint was made by training core \(found), this one is \(expected)"
        case .otherRun: "the checkpoint belongs to another specification, other data or another seed"
        case .wrongSize(let found, let expected): "the checkpoint has \(found) bytes instead of \(expected)"
        case .damaged: "the checkpoint is damaged: its checksum does not match"
        case .impossibleState: "the checkpoint holds counters that no run of this specification can have"
        }
    }
}

extension TrainingDataError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .rowStride(let found, let features):
            "rows are \(found) floats apart, which is no multiple of 16 that holds \(features) features"
        case .targetKind: "classes were given for a regression, or numbers for a classification"
        case .rowOutOfRange(let row, let rows): "a part of the data names row \(row) of \(rows)"
        case .classOutOfRange(let row, let found, let classes): "row \(row) has class \(found) of \(classes)"
        case .rowCounts: "the parts have other numbers of rows than the schema says"
        }
    }
}
