package import KernelAPI
import SweepKernels

extension KernelTable {
    /// The best table of this machine, or the one that `SWEEPD_KERNELS` names; throws a `CommandFailure` where that is none.
    package static func ofEnvironment() throws -> KernelTable {
        do { return try selected(override: Terminal.environment("SWEEPD_KERNELS")) } catch {
            throw CommandFailure(.badInput, "SWEEPD_KERNELS: \(error)")
        }
    }
}
