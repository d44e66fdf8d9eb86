import Glibc
package import KernelAPI
package import SweepCore

/// How fast this machine trained one run on one core, data loading included.
///
/// Rates are by the thread's processor time: while other programs share the core, a rate is still that of the core.
package struct TrainingBenchmark: Sendable {
    /// Training rows a core second: the median over spans of 50 ms.
    package let samplesPerSecond: Double
    /// Billions of useful floating-point operations a second, those of the products of each layer; nil where a layer's
    /// are not known.
    package let gflops: Double?
    /// What the same core does in registers alone, measured between the spans.
    package let peakGflops: Double
    /// The kernel table's name.
    package let kernels: String
}

/// Core seconds of an epoch's parts.
package struct InstrumentCosts: Sendable {
    /// Steps of an epoch.
    package let steps: Int
    /// A step that measures nothing but whether its loss is finite.
    package let step: Double
    /// The epoch's last step, which takes the norms of weights, gradient and change too.
    package let measuredStep: Double
    /// What follows the last step: probe, validation where there is one, penalties.
    package let measuring: Double
    /// A reading of the network's layers and classes, the gradient's noise on one batch, and that on eight.
    package let layerReading: Double
    package let quickNoise: Double
    package let noise: Double

    /// The share of an epoch's bare steps that norms cost.
    package var baseShare: Double { (measuredStep - step) / (Double(steps) * step) }
    /// The share that norms and what follows the last step cost.
    package var share: Double { baseShare + measuring / (Double(steps) * step) }
    /// The share with the readings of `tier`, over a trial of 27 epochs that rests after 3 and 9, as those of promotion ASHA do.
    package func share(_ tier: InstrumentTier) -> Double {
        let levels = [3, 9, 27]
        let count = (1...27).count { epoch in
            tier.reads(after: epoch, segmentEnd: levels.first { $0 >= epoch } ?? 27)
        }
        // The noise after epochs 1, 4 and 16.
        let noises = tier == .full ? 3 * noise : tier == .layers ? 3 * quickNoise : 0
        let readings = Double(count) * layerReading + noises
        return share + readings / (27 * Double(steps) * step)
    }
}

/// Measures a run again and again, so that others can take turns with it.
///
/// Epochs are not measured: what `trainEpoch` spends on the probe and validation is left out, but for `measureEpochs`.
package final class TrainingStopwatch {
    private let run: TrainingRun
    private let kernels: KernelTable
    private let operations: Double?
    private let rounds: Int

    /// Warms the caches and the processor's clock with a first span.
    package init(run: TrainingRun, kernels: KernelTable) {
        self.run = run
        self.kernels = kernels
        operations = run.spec.operationsPerRow(on: run.data.schema)
        rounds = Self.calibratedRounds(kernels)
        _ = rate()
    }

    /// Trains for about so many seconds; each step gathers its shuffled rows, each epoch shuffles anew.
    package func measure(seconds: Double) -> TrainingBenchmark {
        var rates: [Double] = []
        var peaks: [Double] = []
        let end = Self.seconds(CLOCK_MONOTONIC) + seconds
        repeat {
            peaks.append(peak())
            rates.append(rate())
        } while Self.seconds(CLOCK_MONOTONIC) < end
        let samples = rates.median
        return TrainingBenchmark(
            samplesPerSecond: samples,
            gflops: operations.map { samples * $0 / 1e9 },
            peakGflops: peaks.median,
            kernels: kernels.name
        )
    }

    /// What the measuring of an epoch costs beside its steps, medians over so many epochs of core seconds.
    package func measureEpochs(_ count: Int) -> InstrumentCosts {
        var (steps, last, measuring): ([Double], [Double], [Double]) = ([], [], [])
        var (layers, quickNoises, noises): ([Double], [Double], [Double]) = ([], [], [])
        // Ends the epoch that was begun.
        _ = run.trainEpoch()
        for _ in 0..<count {
            var others = 0.0
            for step in 1...run.stepsPerEpoch {
                let start = Self.seconds(CLOCK_THREAD_CPUTIME_ID)
                run.step()
                let time = Self.seconds(CLOCK_THREAD_CPUTIME_ID) - start
                if step == run.stepsPerEpoch { last.append(time) } else { others += time }
            }
            steps.append(others / Double(max(run.stepsPerEpoch - 1, 1)))
            let start = Self.seconds(CLOCK_THREAD_CPUTIME_ID)
            // All its steps are done: this measures.
            _ = run.trainEpoch()
            measuring.append(Self.seconds(CLOCK_THREAD_CPUTIME_ID) - start)
            layers.append(time { _ = run.reading(rows: run.data.readRows) })
            quickNoises.append(time { _ = run.quickGradientNoise() })
            noises.append(time { _ = run.gradientNoise() })
        }
        return InstrumentCosts(
            steps: run.stepsPerEpoch,
            step: steps.median,
            measuredStep: last.median,
            measuring: measuring.median,
            layerReading: layers.median,
            quickNoise: quickNoises.median,
            noise: noises.median
        )
    }

    private func time(_ body: () -> Void) -> Double {
        let start = Self.seconds(CLOCK_THREAD_CPUTIME_ID)
        body()
        return Self.seconds(CLOCK_THREAD_CPUTIME_ID) - start
    }

    private func rate() -> Double {
        var rows = 0
        let core = Self.seconds(CLOCK_THREAD_CPUTIME_ID)
        let start = Self.seconds(CLOCK_MONOTONIC)
        repeat {
            rows += run.rowsOfNextStep
            run.step()
        } while Self.seconds(CLOCK_MONOTONIC) - start < 0.05
        return Double(rows) / (Self.seconds(CLOCK_THREAD_CPUTIME_ID) - core)
    }

    private func peak() -> Double {
        let start = Self.seconds(CLOCK_THREAD_CPUTIME_ID)
        let exercise = kernels.exercise(rounds)
        return Double(exercise.operations) / (Self.seconds(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9
    }

    /// So many rounds of the exercise that they take a few milliseconds.
    private static func calibratedRounds(_ kernels: KernelTable) -> Int {
        var rounds = 1_000
        while true {
            let start = seconds(CLOCK_MONOTONIC)
            _ = kernels.exercise(rounds)
            if seconds(CLOCK_MONOTONIC) - start > 2e-3 { return rounds }
            rounds *= 2
        }
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

extension [Double] {
    fileprivate var median: Double { sorted()[count / 2] }
}
