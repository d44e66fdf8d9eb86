import SweepCore
import SweepTraining

/// What `measure`, `serve` and `instruments` print: lines of JSON.
extension TrainingStopwatch {
    /// The speed of a run, measured for so many seconds.
    func line(of run: TrainingRun, seconds: Double) -> String {
        let speed = measure(seconds: seconds)
        let gflops = speed.gflops.map { "\($0)" } ?? "null"
        return "{\"library\": \"sweepd\", \"mode\": \"\(speed.kernels)\", \"us_per_step\": "
            + "\(Double(run.spec.batchSize) / speed.samplesPerSecond * 1e6), \"samples_per_second\": "
            + "\(speed.samplesPerSecond), \"gflops\": \(gflops), \"peak_gflops\": \(speed.peakGflops), "
            + "\"kernels\": \"\(speed.kernels)\", \"threads\": \(run.spec.threads)}"
    }

    /// What measuring costs, over so many epochs.
    func instrumentLine(epochs: Int) -> String {
        let costs = measureEpochs(epochs)
        return "{\"steps\": \(costs.steps), \"us_per_step\": \(costs.step * 1e6), \"us_of_measured_step\": "
            + "\(costs.measuredStep * 1e6), \"us_of_measuring\": \(costs.measuring * 1e6), "
            + "\"us_of_reading\": \(costs.layerReading * 1e6), \"us_of_quick_noise\": \(costs.quickNoise * 1e6), "
            + "\"us_of_noise\": \(costs.noise * 1e6), "
            + "\"base_share\": \(costs.baseShare), \"share\": \(costs.share), "
            + "\"layers_share\": \(costs.share(.layers)), \"full_share\": \(costs.share(.full))}"
    }
}
