import ArgumentParser
import SweepDiagnosis

/// How much an experiment trains.
struct ExperimentOptions: ParsableArguments {
    @Option(help: "Runs of each arm of the experiment, over the same seeds.") var repeats = 5
    @Option(help: "Changes that a round of the experiment tries.") var arms = Experiment.usualArms

    func validate() throws {
        // An interval needs two pairs.
        guard (2...100).contains(repeats) else {
            throw ValidationError("--repeats: found \(repeats), allowed a number from 2 to 100")
        }
        guard (1...32).contains(arms) else {
            throw ValidationError("--arms: found \(arms), allowed a number from 1 to 32")
        }
    }
}
