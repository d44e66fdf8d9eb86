import SweepCore
import SweepData
import SweepExport
import SweepNodeCommands
import SweepSpec
import SweepTraining

extension LoadedSweep {
    /// The weights that the sweep's trials begin with, read and held against each model that it can have.
    ///
    /// Throws a `CommandFailure` with every file that cannot be read and every model that a file does not fit.
    static func weights(of file: SweepFile, for data: DataSet, in folder: String) throws -> [StartingWeights] {
        var weights: [StartingWeights] = []
        var problems: [SpecProblem] = []
        for (name, place) in file.sweep.startingFiles {
            do {
                let tensors = try SafetensorsFile(bytes: beside(name, in: folder)).tensors
                if let odd = tensors.first(where: { !WeightTensor.canHave($0.shape) }) {
                    problems.append(problem("\(odd.name) has a shape that no parameter has", at: place, name))
                    continue
                }
                if let broken = tensors.first(where: { !$0.values.allSatisfy(\.isFinite) }) {
                    problems.append(problem("\(broken.name) has numbers that are not finite", at: place, name))
                }
                weights.append(
                    StartingWeights(
                        file: name,
                        tensors: tensors.map { WeightTensor(name: $0.name, shape: $0.shape, values: $0.values) }
                    )
                )
            } catch let error as SafetensorsError {
                problems.append(problem("the weights cannot be read: \(error)", at: place, name))
            } catch let error as DataProblem {
                problems.append(problem(error.wrong, at: place, name))
            }
        }
        if problems.isEmpty { problems = try mismatches(of: weights, file.sweep, data) }
        guard problems.isEmpty else { throw CommandFailure(.badInput, file.located(problems).lines) }
        return weights
    }

    private static func problem(_ message: String, at place: SpecPath, _ name: String) -> SpecProblem {
        SpecProblem(
            path: place,
            message: message,
            found: name,
            allowed: "a safetensors file, as `sweepd export SWEEP --safetensors FILE` writes it"
        )
    }

    /// The models that a file's weights do not fit, one a place of the sweep file.
    private static func mismatches(
        of weights: [StartingWeights],
        _ sweep: Sweep,
        _ data: DataSet
    ) throws -> [SpecProblem] {
        var problems: [SpecProblem] = []
        // The inputs depend on the preprocessing alone.
        var schemas: [[PreprocessStep]: DataSchema] = [:]
        for configuration in sweep.space.cover {
            guard let resolved = sweep.space.resolve(configuration),
                let trial = TrialSpec.read(resolved, problems: SpecProblems()),
                let start = trial.training.startingPoint,
                let given = weights.first(where: { $0.file == start.file })
            else { continue }
            let schema: DataSchema
            if let known = schemas[trial.preprocess] {
                schema = known
            } else {
                do {
                    schema = try PreparedData(data, steps: trial.preprocess, targetScale: trial.targetScale).schema
                } catch {
                    throw CommandFailure(.badInput, "data.preprocess: \(error)")
                }
                schemas[trial.preprocess] = schema
            }
            // A model that cannot be built at all is told elsewhere.
            guard let own = try? trial.training.parameterShapes(on: schema),
                let (message, allowed) = start.mismatch(own, given: given.tensors.map { ($0.name, $0.shape) })
            else { continue }
            let place = sweep.place(ofStartIn: configuration)
            if !problems.contains(where: { $0.path == place }) {
                problems.append(SpecProblem(path: place, message: message, found: start.file, allowed: allowed))
            }
        }
        return problems
    }
}
