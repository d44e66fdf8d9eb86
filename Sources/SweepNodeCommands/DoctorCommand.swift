package import ArgumentParser
import KernelAPI
import SweepCore
import SweepMessaging
import SweepNodes
import SweepReports
import SweepTraining
import SweepWire
import SweepWorker

/// `sweepd doctor`: can this machine train for that coordinator?
package struct DoctorCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at this machine as a worker's: the way to the coordinator, keys, versions, speed, room.",
        discussion: """
            Each line says ok, warn or fail, and what to do. It registers nothing and takes no trial. Exit code 0 without \
            a fail, 3 when the coordinator is not reached, 4 when it does not allow the key, 1 for every other fail.
            """
    )

    @Option(help: "The coordinator's port, for example tcp://192.168.1.5:7700; tcp://127.0.0.1:7700 unless told.")
    var connect: String?

    @Option(help: "Trials that the worker is to train at once; one a core unless told.") var slots: Int?
    @Option(help: "A label that the worker is to have, key=value; repeatable.") var label: [String] = []
    @Flag(help: "The worker is to run programs too.") var commands = false
    @Option(help: "How long to measure the training core; 0 leaves it out.") var seconds = 1.0
    @Option(help: "How long to wait for the coordinator's port.") var patience = 5.0
    @Option(help: "How the answer is written: text or json.") var format: DocumentFormat = .text
    @OptionGroup var keys: ClientKeys

    package init() {}

    /// Throws for options out of their ranges.
    package func validate() throws {
        if let slots, !(1...4096).contains(slots) { throw ValidationError("--slots: allowed 1 to 4096") }
        if !(0...60).contains(seconds) { throw ValidationError("--seconds: allowed 0 to 60") }
        if !(0.1...60).contains(patience) { throw ValidationError("--patience: allowed 0.1 to 60") }
    }

    /// Looks, and prints the report; throws a `CommandFailure` when the machine cannot train so.
    package func run() throws {
        let kernels = try KernelTable.ofEnvironment()
        var labels = Dictionary(uniqueKeysWithValues: try WorkerCommand.labels(label).map { ($0.key, $0.value) })
        if commands { labels[WorkerRequirement.commands.key] = WorkerRequirement.commands.value }
        let probe = try CoordinatorProbe(
            keys.endpoint(or: connect),
            security: keys.security(),
            patience: .seconds(patience)
        )
        let (connection, coordinator) = probe.look()
        let facts = NodeFacts(
            host: Worker.hostName,
            slots: slots ?? Processors.available,
            endpoint: probe.endpoint.description,
            connection: connection,
            coordinator: coordinator,
            software: NodeFacts.Software(
                version: SoftwareVersion.current,
                protocolVersion: Int(ProtocolVersions.spoken.newest),
                oldestProtocol: Int(ProtocolVersions.spoken.oldest),
                core: String(TrainingCore.version)
            ),
            processor: MachineProbe.processor(kernels),
            speed: seconds > 0 ? try MachineProbe.speed(kernels, seconds: seconds) : nil,
            disk: MachineProbe.disk,
            memory: MachineProbe.memory,
            files: MachineProbe.files,
            labels: labels
        )
        let report = NodeReport(facts)
        Terminal.output(format == .json ? report.json.text() : report.text)
        guard report.level == .fail else { return }
        let failed = report.checks.filter { $0.level == .fail }.map(\.subject)
        let status: ExitStatus
        if failed.contains(.port) {
            status = .unreachable
        } else if failed.contains(.key) {
            status = .notAllowed
        } else {
            status = .failed
        }
        throw CommandFailure(status, "\(facts.host) cannot train so: \(failed.map(\.rawValue).joined(separator: ", "))")
    }
}
