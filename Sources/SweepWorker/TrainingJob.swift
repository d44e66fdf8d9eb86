import SweepCore
import SweepWire

/// One lease with all that its training needs.
struct TrainingJob: Sendable {
    let assignment: Assignment
    let data: DataShelf.Entry
    /// The state to go on from; nil: from the initial weights.
    let checkpoint: [UInt8]?
}

/// What a training thread tells the worker.
enum TrainingEvent: Sendable {
    case observed(LeaseID, Observation)
    case ended(LeaseID, epoch: Int, SegmentOutcome, checkpoint: [UInt8]?)
}
