import SweepCore
package import SweepWire

extension CoordinatorCore {
    /// Applies a committed row while the store is replayed: the same as `restore` for each of its facts.
    package mutating func restore(_ row: JournalRow) {
        for entry in row.entries {
            switch entry {
            case .fact(let fact): apply(fact, at: .zero)
            case .epochs(let run):
                let trial = run.lease.trial
                // Only a last attempt can hold a worker for itself, which its first epoch lets go.
                let alone = sweeps[trial.sweep]?.isLastAttempt(trial.number) == true
                sweeps[trial.sweep]?.applyObserved(run.lease, run, of: row)
                if alone { release(from: run.lease) }
            }
        }
        effects.removeAll(keepingCapacity: true)
    }
}
