import Glibc
package import KernelAPI
package import SweepCore
import SweepNumerics

/// How fast this machine trains one run on one core, data loading included.
///
/// Rates are by the thread's processor time: while other programs share the core, a rate is still that of the core.
package struct TrainingBenchmark: Sendable {
    /// Training rows a core second: the median over spans of 50 ms.
    package let samplesPerSecond: Double
    /// Billions of useful floating-point operations a second: those of the products of each layer.
    package let gflops: Double
    /// What the same core does in registers alone, measured between the spans.
    package let peakGflops: Double
    /// The kernel table's name.
    package let kernels: String

    /// Trains on `data` for about so many seconds; each step gathers its shuffled rows, each epoch shuffles anew.
    ///
    /// Epochs are not measured: what `trainEpoch` spends on the probe and validation is left out.
    package static func measure(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seconds: Double,
        kernels: KernelTable
    ) throws(TrainingError) -> TrainingBenchmark {
        let run = try TrainingRun(spec: spec, data: data, seed: 1, kernels: kernels)
        let rounds = calibratedRounds(kernels)
        var rates: [Double] = []
        var peaks: [Double] = []
        let end = Self.seconds(CLOCK_MONOTONIC) + seconds
        // The first span warms caches and the processor's clock.
        _ = rate(of: run)
        repeat {
            peaks.append(peak(kernels, rounds: rounds))
            rates.append(rate(of: run))
        } while Self.seconds(CLOCK_MONOTONIC) < end
        let samples = rates.median
        return TrainingBenchmark(
            samplesPerSecond: samples,
            gflops: samples * (spec.operationsPerRow(on: data.schema) ?? .nan) / 1e9,
            peakGflops: peaks.median,
            kernels: kernels.name
        )
    }

    /// Rows of normal numbers and drawn classes (or numbers, for `classes` 0), all of them training rows.
    ///
    /// With an image's size the columns are its pixels' numbers.
    package static func madeUpData(
        columns: Int,
        classes: Int,
        rows: Int,
        image: ImageShape? = nil
    ) throws(TrainingDataError) -> TrainingData {
        let memory = MadeUpRows(rows: rows, columns: columns, classes: classes)
        var counts = [Int](repeating: 0, count: classes)
        for row in 0..<rows where classes > 0 { counts[Int(memory.labels[row])] += 1 }
        let moments = Moments(of: (0..<rows).lazy.map { Double(memory.numbers[$0]) })
        return try TrainingData(
            schema: DataSchema(
                features: (0..<columns).map { "x\($0)" },
                image: image,
                task: classes > 0
                    ? .classification(classes: (0..<classes).map(String.init), trainingCounts: counts)
                    : .regression(mean: moments.mean, variance: moments.populationVariance),
                trainingRows: rows,
                validationRows: 0,
                testRows: 0
            ),
            features: memory.features,
            rowCount: rows,
            rowStride: paddedCount(columns),
            targets: classes > 0 ? .classes(memory.labels) : .numbers(memory.numbers),
            trainingRows: 0..<rows,
            validationRows: 0..<0,
            testRows: 0..<0,
            owner: memory
        )
    }

    private static func rate(of run: TrainingRun) -> Double {
        var rows = 0
        let core = seconds(CLOCK_THREAD_CPUTIME_ID)
        let start = seconds(CLOCK_MONOTONIC)
        repeat {
            rows += run.rowsOfNextStep
            run.step()
        } while seconds(CLOCK_MONOTONIC) - start < 0.05
        return Double(rows) / (seconds(CLOCK_THREAD_CPUTIME_ID) - core)
    }

    private static func peak(_ kernels: KernelTable, rounds: Int) -> Double {
        let start = seconds(CLOCK_THREAD_CPUTIME_ID)
        let exercise = kernels.exercise(rounds)
        return Double(exercise.operations) / (seconds(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9
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

/// Rows that a benchmark makes up.
private final class MadeUpRows {
    let features: UnsafeMutablePointer<Float>
    let labels: UnsafeMutablePointer<Int32>
    let numbers: UnsafeMutablePointer<Float>

    init(rows: Int, columns: Int, classes: Int) {
        let stride = paddedCount(columns)
        features = .allocate(capacity: max(rows * stride, 1))
        features.initialize(repeating: 0, count: rows * stride)
        labels = .allocate(capacity: max(rows, 1))
        numbers = .allocate(capacity: max(rows, 1))
        var stream = RandomStream(key: 1)
        for row in 0..<rows {
            for column in 0..<columns { features[row * stride + column] = Float(stream.normal()) }
            labels.advanced(by: row).initialize(to: Int32(classes > 0 ? stream.below(classes) : 0))
            numbers.advanced(by: row).initialize(to: Float(stream.normal()))
        }
    }

    deinit {
        features.deallocate()
        labels.deallocate()
        numbers.deallocate()
    }
}
