import Foundation
import Logging
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepDiagnosis
import SweepNodeCommands
import SweepReports
import SweepTraining

/// The experiment on a run of this machine: a coordinator and a worker of its own, in a folder that is gone afterwards.
struct LocalExperiment {
    let loaded: LoadedSweep
    let subject: Confirmation.Subject
    let options: ExperimentOptions
    /// Seconds that one run takes, from which the length of the experiment is told.
    let seconds: Double

    /// Trains the arms for the causes that the run's report suspects, and for the rate of its range test; nil when the user interrupted it.
    func run(_ report: DiagnosisDocument.Report) async throws -> ExperimentDocument? {
        let slots = Processors.available
        let placement = try loaded.workerOptions(slots: slots)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("why-\(UUID().uuidString).sweepd")
            .path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var logger = Logger(label: "sweepd.coordinator") {
            PrintableLogHandler(StreamLogHandler.standardError(label: $0))
        }
        logger.logLevel = .error
        let coordinator = try Coordinator.opening(
            CoordinatorServiceOptions(
                directory: directory,
                listen: "tcp://127.0.0.1:*",
                servesHTTP: false,
                core: CoordinatorOptions(),
                coreVersion: String(TrainingCore.version)
            ),
            logger: logger
        )
        let endpoint = try await coordinator.openPort()
        try await coordinator.keep(dataSet: loaded.packed)
        let crew = WorkerCrew(endpoint: endpoint, directory: directory, count: 1, slots: slots, options: placement)
        let interruption = Interruption()
        crew.start()
        let confirmation = Confirmation(
            control: coordinator,
            subject: subject,
            suspects: report.causes.map(\.cause),
            symptoms: report.symptoms,
            rangeTest: subject.run.rangeTest,
            repeats: options.repeats,
            arms: options.arms
        ) { _ in "Ctrl-C ends them" }
        let runs = confirmation.firstRoundRuns ?? Double((options.arms + 1) * options.repeats)
        let about = NumberText.seconds(runs * seconds / Double(slots))
        Terminal.error("the experiment takes about \(about); --no-confirm and Ctrl-C leave it out")
        let training = Task { try await confirmation.run() }
        let watch = Task {
            while !interruption.isRaised, crew.failure == nil { try await Task.sleep(for: .milliseconds(50)) }
            training.cancel()
        }
        let outcome = await training.result
        watch.cancel()
        crew.stop(patience: 3)
        await coordinator.close()
        switch outcome {
        case .success(let document): return document
        case .failure(let error):
            if let failure = crew.failure { throw CommandFailure(.failed, failure) }
            guard interruption.isRaised else { throw error }
            return nil
        }
    }
}
