import Glibc

/// The processors of this machine.
package enum Processors {
    /// Those that this process may use: on line, allowed to it, and no more than its control group has time for.
    package static var available: Int {
        min(allowed, MachineProbe.quota.map { max(1, Int($0.rounded(.up))) } ?? .max)
    }

    /// Those on line that it may run on (`Cpus_allowed` of proc(5), which has those too that may yet be plugged in).
    static var allowed: Int {
        let status = SystemFile.text("/proc/self/status", limit: 1 << 16) ?? ""
        let name = "Cpus_allowed:"
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        // A mask in hexadecimal, a comma after each 32 bits.
        let allowed = line?.dropFirst(name.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) } ?? 0
        let online = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return allowed > 0 ? min(allowed, online) : online
    }
}
