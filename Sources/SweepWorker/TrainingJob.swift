package import SweepCore
package import SweepProgram
package import SweepWire

/// One lease with all that its training needs.
package struct TrainingJob: Sendable {
    package let assignment: Assignment
    package let material: Material
    /// The state to go on from; nil: from the initial weights.
    package let checkpoint: [UInt8]?

    /// What its data set is.
    package enum Material: Sendable {
        /// Rows to train on.
        case rows(DataShelf.Entry)
        /// What a program needs beside it.
        case files(FileBundle)
    }

    /// A lease of a training run on rows.
    package init(assignment: Assignment, data: DataShelf.Entry, checkpoint: [UInt8]?) {
        self.init(assignment: assignment, material: .rows(data), checkpoint: checkpoint)
    }

    package init(assignment: Assignment, material: Material, checkpoint: [UInt8]?) {
        self.assignment = assignment
        self.material = material
        self.checkpoint = checkpoint
    }
}

/// What a training thread tells the worker.
package enum TrainingEvent: Sendable {
    /// Epochs, in the order of the assignment's metrics.
    case observed(Reports.Item)
    case ended(LeaseID, epoch: Int, SegmentOutcome, checkpoint: WorkerCheckpoint?)
    /// Something that people may want to know and that ends nothing.
    case noted(LeaseID, String)
}
