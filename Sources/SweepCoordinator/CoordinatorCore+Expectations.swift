package import SweepCoordination
import SweepCore
package import SweepNodes
import SweepWire

extension CoordinatorCore {
    /// What is expected of a machine that asks before it joins: what the workers that are here measured of themselves, those with the
    /// same training core, and what the sweeps that are not over ask of a worker. O(workers + sweeps).
    package func expectations(ofCore version: String) -> NodeExpectations {
        let rates = workers.values.compactMap { worker -> (kernels: String, samplesPerSecond: Double)? in
            guard let introduction = worker.introduction, introduction.coreVersion == version,
                let rate = introduction.samplesPerSecond
            else { return nil }
            return (introduction.kernels, rate)
        }
        // Trials that programs outside ask for go to no worker. What workers' versions can do is nobody's to choose.
        let wanted = sweeps.values.filter { !$0.state.isOver && $0.sweep.ask == nil }.map { sweep in
            NodeExpectations.Need(
                requires: sweep.placement.requires.filter { !WorkerRequirement.isAbility($0.key) },
                slots: sweep.placement.slots,
                memoryBytes: sweep.sweep.command?.limits.memory
            )
        }
        return NodeExpectations(rates: rates, wanted: wanted)
    }
}
