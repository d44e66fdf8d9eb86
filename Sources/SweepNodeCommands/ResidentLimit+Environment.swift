package import SweepData

extension ResidentLimit {
    /// Throws a `CommandFailure` where the environment has a limit that cannot be read, which would be as none.
    package static func checkEnvironment() throws {
        guard let text = Terminal.environment(variable) else { return }
        do { _ = try read(text) } catch { throw CommandFailure(.badInput, "\(error)") }
    }
}
