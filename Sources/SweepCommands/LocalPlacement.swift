import KernelAPI
import SweepCore
import SweepKernels
import SweepNodeCommands
import SweepSpec
import SweepWorker

extension LoadedSweep {
    /// Options by which `sweepd run` makes its own workers fit the sweep: the labels that it requires.
    ///
    /// Throws a `CommandFailure` with the place in the file for what workers of `slots` slots on this machine cannot be.
    func workerOptions(slots: Int) throws -> [String] {
        let placement = file.sweep.placement
        let kernels = try? KernelTable.selected(override: Terminal.environment("SWEEPD_KERNELS")).name
        let requires = SpecPath([.key("requires")])
        var problems: [SpecProblem] = []
        var options: [String] = []
        for requirement in placement.requires {
            // Who runs a sweep file here runs its programs here.
            if requirement == .commands {
                options.append("--commands")
                continue
            }
            // What every worker gives itself.
            if WorkerRequirement.abilities.contains(requirement) { continue }
            if WorkerRequirement.isLabel(requirement.key) {
                options += ["--label", "\(requirement.key)=\(requirement.value)"]
                continue
            }
            let own = ["host": Worker.hostName, "kernels": kernels ?? "", "slots": String(slots)]
            let fits = requirement.isMet(host: Worker.hostName, kernels: kernels ?? "", slots: slots) { _ in nil }
            guard !fits else { continue }
            problems.append(
                SpecProblem(
                    path: requires.appending(.key(requirement.key)),
                    message: "the workers of this run are not so",
                    found: requirement.value,
                    allowed: own[requirement.key].map { "what they have: \($0)" }
                )
            )
        }
        if placement.slots > slots {
            problems.append(
                SpecProblem(
                    path: SpecPath([.key("train"), .key("threads")]),
                    message: "a trial takes more slots than a worker of this run has",
                    found: String(placement.slots),
                    allowed: "at most \(slots), or more with --slots"
                )
            )
        }
        guard problems.isEmpty else { throw CommandFailure(.badInput, file.located(problems).lines) }
        return options
    }
}
