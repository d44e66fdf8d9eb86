package import SweepCoordination
package import SweepCore

extension LogLine {
    /// What the log says, at level debug, of a fact that was just committed: whoever follows the log knows what a restart would
    /// know.
    package init(committed fact: Fact) {
        switch fact {
        case .sweepSubmitted(let submission):
            self.init(.debug, "sweep kept", ["sweep.id": String(submission.id.rawValue)])
        case .sweepChanged(let sweep, let change):
            self.init(.debug, "sweep changed", ["sweep.id": String(sweep.rawValue), "sweep.change": Self.word(change)])
        case .trialProposed(let proposal):
            self.init(.debug, "trial proposed", ["trial.id": proposal.trial.description])
        case .segmentDecided(let trial, let from, let to, _, _):
            self.init(
                .debug,
                "segment decided",
                ["trial.id": trial.description, "segment.from": String(from), "segment.to": String(to)]
            )
        case .leased(let lease, let worker, let from, let to, _):
            self.init(
                .debug,
                "lease given",
                [
                    "lease.id": lease.description, "worker.id": worker.name, "lease.from": String(from),
                    "lease.to": String(to),
                ]
            )
        case .observed(let lease, let observations):
            let epoch = observations.last?.epoch ?? 0
            self.init(.debug, "epochs kept", ["lease.id": lease.description, "lease.epoch": String(epoch)])
        case .noted(let trial, let notes):
            self.init(.debug, "notes kept", ["trial.id": trial.description, "trial.notes": String(notes.count)])
        case .measured(let trial, let reading):
            self.init(.debug, "reading kept", ["trial.id": trial.description, "trial.epoch": String(reading.epoch)])
        case .checkpointKept(let trial, let epoch, let checkpoint):
            self.init(
                .debug,
                epoch > 0 ? "checkpoint kept" : "checkpoint given up",
                [
                    "trial.id": trial.description, "trial.epoch": String(epoch),
                    "object.hash": "\(checkpoint.hash)",
                ]
            )
        case .segmentResolved(let trial, let epoch, _):
            self.init(.debug, "segment resolved", ["trial.id": trial.description, "trial.epoch": String(epoch)])
        case .leaseEnded(let lease, let end):
            self.init(.debug, "lease ended", ["lease.id": lease.description, "lease.end": end.word])
        case .trialEnded(let trial, let state):
            self.init(.debug, "trial ended", ["trial.id": trial.description, "trial.state": state.name])
        case .workerSequence(let worker, let sequence):
            self.init(.debug, "messages kept", ["worker.id": worker.name, "message.sequence": String(sequence)])
        }
    }

    private static func word(_ change: SweepChange) -> String {
        switch change {
        case .paused: "paused"
        case .resumed: "resumed"
        case .adjusted: "adjusted"
        case .enqueued: "enqueued"
        case .cancelled: "cancelled"
        case .finished: "finished"
        case .halted: "halted"
        case .experiment: "experiment"
        case .experimentsOver: "experiments over"
        case .ran: "ran"
        case .deleted: "deleted"
        }
    }
}

extension LeaseEnd {
    /// Its word in metrics and logs.
    var word: String {
        switch self {
        case .lapsed: "lapsed"
        case .died: "died"
        case .handedBack: "handed_back"
        case .superseded: "superseded"
        }
    }
}
