import ArgumentParser
import SweepCoordinator
import SweepReports

/// `sweepd wait SWEEP`.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Return when a sweep is over: for scripts.",
        discussion: """
            The exit code is 0 when the sweep has finished, and 1 when it was cancelled or halted, or is not over in time. A \
            coordinator that goes away after it answered once is waited for. A paused sweep is not over.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "Seconds after which it is given up; unless told, never.") var within: Double?

    func validate() throws {
        if let within, !(within > 0 && within.isFinite) {
            throw ValidationError("--within: found \(within), allowed seconds above 0")
        }
    }

    func run() async throws {
        let begun = ContinuousClock.now
        let interruption = Interruption()
        var progress = ProgressLine()
        var status = try await location.ask { try await $0.status(sweep: sweep) }
        // From here on a coordinator that does not answer is one that will come back.
        var control: (any SweepControl)?
        var isAway = false
        while true {
            if !isAway { progress.show(status) }
            if let end = Self.end(of: status) {
                progress.end()
                guard end.isFinished else { throw CommandFailure(.failed, end.sentence) }
                return
            }
            if let within, begun.duration(to: .now) > .seconds(within) {
                progress.end()
                throw CommandFailure(.failed, "\(sweep) is not over after \(NumberText.seconds(within))")
            }
            guard await interruption.rest(seconds: 0.5) else {
                progress.end()
                throw CommandFailure(.interrupted, "interrupted; the sweep goes on")
            }
            do {
                let asked = try control ?? location.control(isPatient: true)
                status = try await asked.status(sweep: sweep)
                isAway = false
                // Of a stopped one the store is read as it is now: the next time the coordinator may be back.
                control = asked is StoredSweeps ? nil : asked
            } catch let error as ControlError {
                guard error.code == .internal else { throw CommandFailure(error) }
                if !isAway {
                    progress.end()
                    Terminal.error("\(error.message); waiting for it to come back")
                }
                (control, isAway) = (nil, true)
            }
        }
    }

    /// Whether a sweep is over, and how; nil while it is not.
    private static func end(of status: StatusDocument) -> (isFinished: Bool, sentence: String)? {
        switch status.state {
        case "finished": (true, "")
        case "cancelled": (false, "\(status.sweep) was cancelled")
        case "halted": (false, "\(status.sweep) is halted: \(status.reason ?? "no reason is known")")
        default: nil
        }
    }
}
