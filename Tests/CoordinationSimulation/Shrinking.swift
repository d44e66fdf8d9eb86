import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire

/// Makes a failing scenario smaller as long as it fails.
package enum Shrinking {
    /// The smallest scenario that was found to fail, and how many were tried; at most `budget` of them.
    ///
    /// Faults are left out by delta debugging (Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input",
    /// IEEE TSE 28(2), 2002), then the rest is made plainer; both again until nothing helps.
    package static func shrunk(
        _ scenario: Scenario,
        budget: Int = 400,
        fails: (Scenario) -> Bool
    ) -> (scenario: Scenario, tried: Int) {
        var best = scenario
        var tried = 0
        func takes(_ candidate: Scenario) -> Bool {
            guard candidate != best, tried < budget else { return false }
            tried += 1
            guard fails(candidate) else { return false }
            best = candidate
            return true
        }
        var goesOn = true
        while goesOn, tried < budget {
            goesOn = false
            var size = max(1, best.faults.count)
            while size >= 1 {
                var start = 0
                while start < best.faults.count {
                    var candidate = best
                    candidate.faults.removeSubrange(start..<min(start + size, candidate.faults.count))
                    if takes(candidate) { goesOn = true } else { start += size }
                }
                size = size == 1 ? 0 : size / 2
            }
            // Each change is made to the best so far, which the one before may have changed.
            var index = 0
            while index < plainer(best).count {
                if takes(plainer(best)[index]) { goesOn = true } else { index += 1 }
            }
        }
        return (best, tried)
    }

    /// Scenarios with one thing less or simpler than in this one.
    private static func plainer(_ scenario: Scenario) -> [Scenario] {
        var all: [Scenario] = []
        func add(_ change: (inout Scenario) -> Void) {
            var next = scenario
            change(&next)
            if next != scenario { all.append(next) }
        }
        // A fault names its worker by place, so only the last one can go.
        if scenario.workers.count > 1 { add { $0.workers.removeLast() } }
        if scenario.sweeps.count > 1 { add { $0.sweeps.removeLast() } }
        for index in scenario.steering.indices { add { $0.steering.remove(at: index) } }
        for index in scenario.sweeps.indices {
            let trials = scenario.sweeps[index].trials ?? 12
            for fewer in [1, trials / 2, trials - 1] where fewer > 0 { add { $0.sweeps[index].trials = fewer } }
            for epochs in [1, 3] where epochs < scenario.sweeps[index].epochs {
                add { $0.sweeps[index].epochs = epochs }
            }
            add { $0.sweeps[index].repeats = 1 }
            add { $0.sweeps[index].prune = "none" }
            add { $0.sweeps[index].parallelism = 1 }
            add { $0.sweeps[index].method = "random" }
            add { $0.sweeps[index].priority = 0 }
            add { $0.sweeps[index].maxParallel = nil }
            add { $0.sweeps[index].requires = [:] }
            add { $0.sweeps[index].finalists = nil }
            add { $0.sweeps[index].stop = nil }
            add { $0.sweeps[index].diagnose = nil }
            add { $0.sweeps[index].threads = 1 }
        }
        for index in scenario.workers.indices {
            add { $0.workers[index].slots = 1 }
            add { $0.workers[index].prefetch = 0 }
            add { $0.workers[index].joins = 0 }
        }
        for fate in [\SyntheticTraining.losing, \.killing, \.dying, \.failing, \.stopping] {
            add { $0.training[keyPath: fate] = 0 }
        }
        for index in scenario.faults.indices {
            guard case .noise(let window, let noise) = scenario.faults[index] else { continue }
            for part in [\Noise.drop, \.duplicate, \.reorder, \.truncate, \.corrupt] {
                var less = noise
                less[keyPath: part] = 0
                add { $0.faults[index] = .noise(window, less) }
            }
            var quick = noise
            quick.delay = 2
            add { $0.faults[index] = .noise(window, quick) }
        }
        return all
    }
}

extension Scenario {
    /// The scenario as it is written in the source, for the table of named ones.
    package var source: String {
        var lines = ["var scenario = Scenario(seed: \(seed), sweeps: [], workers: [])"]
        for sweep in sweeps {
            lines += [
                "var \(sweep.name) = SampleSweep()",
                "\(sweep.name).name = \"\(sweep.name)\"",
                "\(sweep.name).epochs = \(sweep.epochs)",
                "\(sweep.name).trials = \(sweep.trials.map(String.init) ?? "nil")",
                "\(sweep.name).method = \"\(sweep.method)\"",
                "\(sweep.name).prune = \"\(sweep.prune)\"",
                "\(sweep.name).repeats = \(sweep.repeats)",
                "\(sweep.name).seed = \(sweep.seed)",
                "\(sweep.name).parallelism = \(sweep.parallelism)",
                "\(sweep.name).decide = \"\(sweep.decide)\"",
                "\(sweep.name).objective = .\(sweep.objective)",
            ]
            if sweep.priority != 0 { lines.append("\(sweep.name).priority = \(sweep.priority)") }
            if let limit = sweep.maxParallel { lines.append("\(sweep.name).maxParallel = \(limit)") }
            if let stop = sweep.stop {
                lines.append(
                    "\(sweep.name).stop = StopSpec(epochs: \(stop.epochs.map { "\($0)" } ?? "nil"), cost: \(stop.cost.map { "\($0)" } ?? "nil"))"
                )
            }
            if let diagnose = sweep.diagnose {
                lines.append("\(sweep.name).diagnose = DiagnoseSpec(confirm: \(diagnose.confirm))")
            }
            if let population = sweep.population {
                lines.append(
                    "\(sweep.name).population = PopulationSpec(members: \(population.members), interval: "
                        + "\(population.interval.map { "\($0)" } ?? "nil"), quantile: \(population.quantile), "
                        + "resample: \(population.resample))"
                )
            }
            if let branch = sweep.branch {
                lines.append(
                    "\(sweep.name).branch = BranchSpec(after: \(branch.after), seed: \(branch.seed.map { "\($0)" } ?? "nil"))"
                )
            }
            if let finalists = sweep.finalists {
                lines.append(
                    "\(sweep.name).finalists = FinalistsSpec(top: \(finalists.top), seeds: \(finalists.seeds))"
                )
            }
            if let folds = sweep.folds { lines.append("\(sweep.name).folds = \(folds)") }
            if !sweep.requires.isEmpty { lines.append("\(sweep.name).requires = \(Self.source(sweep.requires))") }
            if sweep.threads != 1 { lines.append("\(sweep.name).threads = \(sweep.threads)") }
            lines.append("scenario.sweeps.append(\(sweep.name))")
        }
        lines.append("scenario.workers = [")
        for plan in workers {
            let labels = plan.labels.isEmpty ? "" : ", labels: \(Self.source(plan.labels))"
            let versions = Self.source(plan.versions)
            lines.append(
                "    .init(name: \"\(plan.name)\", slots: \(plan.slots), prefetch: \(plan.prefetch), coreVersion: "
                    + "\"\(plan.coreVersion)\", versions: \(versions), epochMilliseconds: "
                    + "\(plan.epochMilliseconds), joins: \(plan.joins)\(labels)),"
            )
        }
        lines.append("]")
        lines.append(
            "scenario.training = SyntheticTraining(losing: \(training.losing), killing: \(training.killing), dying: "
                + "\(training.dying), failing: \(training.failing), stopping: \(training.stopping)"
                + (training.exploding > 0 ? ", exploding: \(training.exploding))" : ")")
        )
        lines.append("scenario.options.attempts = \(options.attempts)")
        lines.append("scenario.faults = [")
        lines += faults.map { "    \($0)," }
        lines.append("]")
        for step in steering {
            lines.append(
                "scenario.steering.append(.init(seconds: \(step.seconds), sweep: \"\(step.sweep)\", "
                    + "\(Self.source(step.act))))"
            )
        }
        if let hostile { lines.append("scenario.hostile = \(hostile.source)") }
        return lines.joined(separator: "\n")
    }

    private static func source(_ labels: [String: String]) -> String {
        "[" + labels.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ") + "]"
    }

    private static func source(_ versions: ProtocolVersions) -> String {
        versions.oldest == versions.newest
            ? "ProtocolVersions(only: \(versions.oldest))"
            : "ProtocolVersions(oldest: \(versions.oldest), newest: \(versions.newest)) ?? .spoken"
    }

    private static func source(_ act: Act) -> String {
        switch act {
        case .steer(let steering): return ".steer(.\(steering))"
        case .adjust(let adjustment):
            var parts: [String] = []
            if let priority = adjustment.priority { parts.append("priority: \(priority)") }
            if let limit = adjustment.maxParallel {
                parts.append("maxParallel: " + (limit.number.map { ".atMost(\($0))" } ?? ".unlimited"))
            }
            if let trials = adjustment.trials { parts.append("trials: \(trials)") }
            return ".adjust(SweepAdjustment(\(parts.joined(separator: ", "))))"
        case .enqueue(let rate, let width, let adds, let key):
            return ".enqueue(rate: \(rate), width: \(width.map { "\($0)" } ?? "nil"), adds: \(adds), key: \"\(key)\")"
        }
    }
}
