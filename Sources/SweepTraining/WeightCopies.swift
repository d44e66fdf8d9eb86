import KernelAPI
import SweepCore
import SweepKernels

/// What a run keeps of its weights and gradients beside the parameters themselves: each only where it is asked for.
final class WeightCopies {
    private let parameters: [Parameter]
    private let trained: [Parameter]
    private let decay: Double?
    /// Exponential averages of the trained parameters.
    let averages: [MutableFloats]
    /// The weights of the best epoch: of all parameters, those that are not trained too.
    let best: [MutableFloats]
    /// Sums of the gradients of several batches.
    private let sums: [MutableFloats]
    private let largest: MutableFloats?

    init(_ spec: TrainingSpec, network: Network, arena: Arena) {
        parameters = network.parameters
        trained = network.trained
        decay = spec.averaging
        func room(_ parameters: [Parameter], _ isNeeded: Bool) -> [MutableFloats] {
            isNeeded ? parameters.map { arena.pointer($0.storedCount) } : []
        }
        averages = room(trained, spec.averaging != nil)
        best = room(parameters, spec.earlyStopping?.restoresBest == true)
        sums = room(trained, spec.accumulation > 1)
        largest = averages.isEmpty ? nil : arena.pointer(trained.map(\.storedCount).max() ?? 0)
    }

    /// The averages begin as the weights.
    func begin() {
        for (average, parameter) in zip(averages, trained) {
            average.update(from: parameter.values, count: parameter.storedCount)
        }
    }

    /// Moves the averages towards the weights.
    func average(kernels: KernelTable) {
        guard let decay else { return }
        for index in averages.indices {
            kernels.averageWeights(
                WeightAverage(
                    count: trained[index].storedCount,
                    average: averages[index],
                    weights: trained[index].values,
                    decay: decay
                )
            )
        }
    }

    /// Puts the averages in the weights' place, or the weights back: each call swaps the two.
    func swapAverages() {
        guard let largest else { return }
        for (average, parameter) in zip(averages, trained) {
            largest.update(from: parameter.values, count: parameter.storedCount)
            parameter.values.update(from: average, count: parameter.storedCount)
            average.update(from: largest, count: parameter.storedCount)
        }
    }

    /// Keeps what is measured now as the best: the averages, where these are measured.
    func keepBest(averaged: Bool) {
        if averaged { swapAverages() }
        defer { if averaged { swapAverages() } }
        for (copy, parameter) in zip(best, parameters) {
            copy.update(from: parameter.values, count: parameter.storedCount)
        }
    }

    /// Puts the best weights in place, for good; the averages become them too.
    func restoreBest() {
        for (copy, parameter) in zip(best, parameters) {
            parameter.values.update(from: copy, count: parameter.storedCount)
        }
        begin()
    }

    func clearSums() {
        for (sum, parameter) in zip(sums, trained) { sum.update(repeating: 0, count: parameter.storedCount) }
    }

    /// Adds a parameter's gradient of this batch to its sum; without sums the gradient itself is the whole.
    func addGradient(of parameter: Parameter, kernels: KernelTable) {
        guard !sums.isEmpty, let gradient = parameter.gradient else { return }
        kernels.accumulate(
            Accumulation(count: parameter.storedCount, source: gradient, destination: sums[parameter.index])
        )
    }

    /// Puts the sums in the gradients' place.
    func returnSums() {
        for (sum, parameter) in zip(sums, trained) {
            parameter.gradient?.update(from: sum, count: parameter.storedCount)
        }
    }
}
