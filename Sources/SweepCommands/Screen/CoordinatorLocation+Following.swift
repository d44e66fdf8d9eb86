import Foundation
import SweepCoordinator
import SweepNodeCommands
import SweepReports

extension CoordinatorLocation {
    /// Shows a sweep on a stream until it is over: its last status, or nil when the user interrupted.
    ///
    /// A coordinator that goes away after it answered once is waited for, as is that of a directory whose store alone answers. Throws a
    /// `CommandFailure` when it is not over `within` so many seconds.
    func follow(_ sweep: String, on stream: TerminalStream, within: Double? = nil) async throws -> StatusDocument? {
        let begun = ContinuousClock.now
        let interruption = Interruption()
        var status = try await ask(about: sweep) { try await $0.status(sweep: sweep) }
        // From here on a coordinator that does not answer is one that will come back.
        var control = try await self.control(about: sweep, isPatient: true)
        var watch = SweepWatch(control, on: stream)
        defer { watch.end() }
        var isAway = false
        if !status.hasStopped, let stored = control as? StoredSweeps { Terminal.error(stored.stopped.message) }
        while true {
            if !isAway { await watch.show(status) }
            if status.hasStopped { return status }
            if let within, begun.duration(to: .now) > .seconds(within) {
                throw CommandFailure(.failed, "\(sweep) is not over after \(NumberText.seconds(within))")
            }
            guard await interruption.rest(seconds: isAway ? 1 : 0.25) else { return nil }
            do {
                // Of a stopped one the store is read as it is now: the next time the coordinator may be back.
                if isAway || control is StoredSweeps { control = try await self.control(about: sweep, isPatient: true) }
                status = try await control.status(sweep: sweep)
                if isAway { watch = SweepWatch(control, on: stream) }
                isAway = false
            } catch let error as ControlError {
                guard error.code == .internal else { throw CommandFailure(error) }
                if !isAway { Terminal.error("\(error.message); waiting for it to come back") }
                isAway = true
            }
        }
    }
}
