import Glibc
import KernelAPI
import SweepCore
import SweepTraining

/// How fast a run trains on this core, data loading included, by the thread's processor time.
///
/// Epochs are not measured: what `trainEpoch` spends on the probe and validation is left out.
final class Speed {
    private let run: TrainingRun
    private let kernels: KernelTable
    private let operations: Double?
    private let rounds: Int

    init(run: TrainingRun, kernels: KernelTable, operations: Double?) {
        self.run = run
        self.kernels = kernels
        self.operations = operations
        rounds = Self.calibratedRounds(kernels)
        // Warms caches and the processor's clock.
        _ = rate()
    }

    /// A line of JSON: medians over spans of 50 ms, the core's multiply-add peak measured between them.
    func line(seconds: Double) -> String {
        var rates: [Double] = []
        var peaks: [Double] = []
        let end = Self.clock(CLOCK_MONOTONIC) + seconds
        repeat {
            peaks.append(peak())
            rates.append(rate())
        } while Self.clock(CLOCK_MONOTONIC) < end
        let (rate, peak) = (median(rates), median(peaks))
        let gflops = operations.map { "\(rate * $0 / 1e9)" } ?? "null"
        return "{\"library\": \"sweepd\", \"mode\": \"\(kernels.name)\", \"us_per_step\": "
            + "\(Double(run.spec.batchSize) / rate * 1e6), \"samples_per_second\": \(rate), \"gflops\": \(gflops), "
            + "\"peak_gflops\": \(peak), \"kernels\": \"\(kernels.name)\", \"threads\": 1}"
    }

    /// Training rows a core second.
    private func rate() -> Double {
        var rows = 0
        let core = Self.clock(CLOCK_THREAD_CPUTIME_ID)
        let start = Self.clock(CLOCK_MONOTONIC)
        repeat {
            rows += nextRows()
            run.step()
        } while Self.clock(CLOCK_MONOTONIC) - start < 0.05
        return Double(rows) / (Self.clock(CLOCK_THREAD_CPUTIME_ID) - core)
    }

    private var step = 0

    /// The rows of the next step: the last of an epoch may have fewer.
    private func nextRows() -> Int {
        let (batch, steps) = (run.spec.batchSize, run.stepsPerEpoch)
        step = step == steps ? 1 : step + 1
        return step < steps ? batch : run.data.schema.trainingRows - (steps - 1) * batch
    }

    private func peak() -> Double {
        let start = Self.clock(CLOCK_THREAD_CPUTIME_ID)
        let exercise = kernels.exercise(rounds)
        return Double(exercise.operations) / (Self.clock(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9
    }

    /// So many rounds of the exercise that they take a few milliseconds.
    private static func calibratedRounds(_ kernels: KernelTable) -> Int {
        var rounds = 1_000
        while true {
            let start = clock(CLOCK_MONOTONIC)
            _ = kernels.exercise(rounds)
            if clock(CLOCK_MONOTONIC) - start > 2e-3 { return rounds }
            rounds *= 2
        }
    }

    private static func clock(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
