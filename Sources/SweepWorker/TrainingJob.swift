package import SweepCore
package import SweepWire

/// One lease with all that its training needs.
package struct TrainingJob: Sendable {
    package let assignment: Assignment
    package let data: DataShelf.Entry
    /// The state to go on from; nil: from the initial weights.
    package let checkpoint: [UInt8]?

    package init(assignment: Assignment, data: DataShelf.Entry, checkpoint: [UInt8]?) {
        self.assignment = assignment
        self.data = data
        self.checkpoint = checkpoint
    }
}

/// What a training thread tells the worker.
package enum TrainingEvent: Sendable {
    /// Epochs, in the order of the assignment's metrics.
    case observed(Reports.Item)
    case ended(LeaseID, epoch: Int, SegmentOutcome, checkpoint: WorkerCheckpoint?)
}
