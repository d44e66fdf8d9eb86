import FaultBenchmark
import KernelAPI
import SweepCore
import SweepData
import SweepKernels
import SweepSpec
import SweepTraining

/// A sweep whose configurations are trained here, whole, one after another: what a search is for, in milliseconds a trial.
///
/// A cost is a function of (configuration, seed): whoever asks gets the same number.
struct TrainedSweep: Sendable {
    /// What a training costs at most, and one that is not finite: some four times the loss of guessing one of ten digits.
    private static let greatest = 10.0

    let space: SearchSpace
    private let objective: Objective
    private let data: TrainingData
    private let kernels: KernelTable

    /// Why there is no cost.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a sweep file of the folder `sweeps` and its data.
    init(file: String) throws {
        let sweep = try SweepFile.read(path: file).get().sweep
        guard let spec = sweep.data else { throw Unusable(description: "\(file): has no data") }
        let rows = try DataSet.load(spec, relativeTo: "sweeps").get()
        space = sweep.space
        objective = sweep.objective
        data = try PreparedRows.training(rows, steps: spec.preprocess, targetScale: spec.targetScale)
        kernels = try KernelTable.selected()
    }

    /// The objective at its best epoch of a whole configuration, trained with this seed for weights and order.
    func cost(_ configuration: Configuration, seed: UInt64) throws -> Double {
        guard let node = space.resolve(configuration), let trial = TrialSpec.read(node, problems: SpecProblems()) else {
            throw Unusable(description: "not a whole configuration of the sweep")
        }
        let run = try TrainingRun(spec: trial.training, data: data, seed: seed, kernels: kernels)
        guard let column = run.metrics.firstIndex(of: objective.metric) else {
            throw Unusable(description: "the objective is not measured")
        }
        var least = Self.greatest
        while run.epoch < trial.training.epochs, let observation = run.trainEpoch() {
            least = min(least, objective.cost(observation.values[column]))
        }
        return run.diverged ? Self.greatest : least
    }

    /// The cost of a line `SEED NAME=VALUE …`, with every parameter that is active.
    func cost(_ line: String) throws -> Double {
        let words = line.split(separator: " ").map(String.init)
        guard let seed = words.first.flatMap({ UInt64($0) }) else {
            throw Unusable(description: "found \(line), allowed a seed and NAME=VALUE …")
        }
        let problems = SpecProblems()
        let values = try AssignedValues(Array(words.dropFirst()))
        guard let configuration = SpecReader(values.node, problems: problems).configuration(of: space) else {
            let first = problems.all.first.map { "\($0.path): \($0.message)" } ?? "no configuration"
            throw Unusable(description: first)
        }
        return try cost(configuration, seed: seed)
    }
}
