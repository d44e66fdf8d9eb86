import SweepCore
import SweepWire

/// What a worker must be to train the trials of a sweep: all sweeps that need the same share one pool of workers.
struct WorkerNeeds: Hashable, Sendable {
    /// The version of the training core; nil: any.
    let coreVersion: String?
    /// Slots that a trial takes.
    let slots: Int
    let requires: [WorkerRequirement]

    /// Whether the worker that introduces itself so could train them, now or when it has room.
    func fit(_ worker: Register) -> Bool {
        (coreVersion ?? worker.coreVersion) == worker.coreVersion && worker.slots >= slots && unmet(by: worker).isEmpty
    }

    /// What the worker lacks of what is required.
    func unmet(by worker: Register) -> [WorkerRequirement] {
        requires.filter { requirement in
            !requirement.isMet(host: worker.host, kernels: worker.kernels, slots: worker.slots) { key in
                worker.labels.last { $0.key == key }?.value
            }
        }
    }
}
