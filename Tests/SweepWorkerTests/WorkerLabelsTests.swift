import SweepCore
import SweepWire
import SweepWorker
import Testing

/// What a worker says of itself beside the labels that it was given.
@Suite struct WorkerLabelsTests {
    private func announced(_ labels: [(key: String, value: String)], runsPrograms: Bool) -> [WorkerLabel] {
        WorkerOptions(
            endpoint: "tcp://127.0.0.1:1",
            name: "a",
            slots: 1,
            labels: labels,
            softwareVersion: "0",
            runsPrograms: runsPrograms
        ).announcedLabels
    }

    @Test func `it counts among any number of largest outputs, and runs programs where it may`() {
        let counts = WorkerLabel(key: "top_accuracies", value: "any")
        let plain = announced([(key: "zone", value: "b"), (key: "gpu", value: "yes")], runsPrograms: false)
        let copies = WorkerLabel(key: "trial_copies", value: "any")
        let readings = WorkerLabel(key: "network_readings", value: "any")
        #expect(
            plain == [
                WorkerLabel(key: "gpu", value: "yes"), readings, counts, copies, WorkerLabel(key: "zone", value: "b"),
            ]
        )
        let reuses = WorkerLabel(key: "reused_programs", value: "yes")
        let allowed = WorkerLabel(key: "commands", value: "allowed")
        #expect(announced([], runsPrograms: true) == [allowed, readings, reuses, counts, copies])
    }

    @Test func `all that it may be given and gives itself fits into a registration`() {
        let most = WireLimits.labels - WorkerRequirement.implied.count
        let labels = (0..<most).map { (key: "label\($0)", value: "1") }
        // A build before reads no more than 68, with all that a worker gives itself.
        #expect(most == 63 && WireLimits.labels == 68)
        #expect(announced(labels, runsPrograms: true).count == WireLimits.labels)
    }
}
