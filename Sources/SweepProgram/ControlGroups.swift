import Glibc
import SweepCore
import Synchronization

/// Makes a control group for each program of a worker, where that may be; the program's keeper removes it.
package final class ControlGroups: Sendable {
    private let plan: ControlGroupPlan
    /// Controllers that could not be turned on, and why, in words: what they limit is not limited by groups.
    package let leftOut: [String]
    /// How many there were.
    private let made = Atomic(0)

    private static let prefix = "sweepd-trial-"
    /// More than any file that is read here has.
    private static let longest = 64 * 1024

    /// Where groups are made, and what they can limit.
    package var description: String {
        "\(plan.base), \(plan.controllers.sorted().joined(separator: ", "))"
    }

    /// Turns on what groups need; throws why there can be none.
    package init(
        membership: String = "/proc/self/cgroup",
        root: String = "/sys/fs/cgroup"
    ) throws(ControlGroupPlan.Absence) {
        var plan = try ControlGroupPlan(
            membership: Self.text(membership) ?? "",
            root: root,
            read: Self.text,
            mayWrite: { access($0, W_OK) == 0 }
        )
        let file = plan.base + "/cgroup.subtree_control"
        leftOut = try plan.turnOnMissing { Self.write("+\($0)", to: file) }
        self.plan = plan
        removeOrphans()
    }

    /// The folder of a fresh group for the program; nil where it cannot be made, which is noted.
    func make(for job: ProgramJob, noted: (String) -> Void) -> String? {
        let path = "\(plan.base)/\(Self.prefix)\(getpid())-\(made.add(1, ordering: .relaxed).newValue)"
        guard mkdir(path, 0o755) == 0 else {
            noted("no control group \(path): \(String(cString: strerror(errno))); \(Self.otherwise)")
            return nil
        }
        for setting in plan.settings(memory: job.spec.limits.memory, cores: job.spec.threads) {
            let file = "\(path)/\(setting.file)"
            guard let reason = Self.write(setting.text, to: file), setting.isMust else { continue }
            rmdir(path)
            noted("\(setting.text) cannot be written to \(file): \(reason); \(Self.otherwise)")
            return nil
        }
        return path
    }

    /// How programs are held to their limits without groups.
    package static let otherwise =
        "memory is limited by rlimits and by looking at it four times a second, cores are not limited"

    /// Whether a group that was made for a program holds its memory.
    static func holdsMemory(_ path: String) -> Bool {
        // Without a limit it says "max".
        text(path + "/memory.max").flatMap { Int($0.filter { !$0.isWhitespace }) } != nil
    }

    /// Ends all that is in a group, and the group.
    static func end(_ path: String) {
        _ = write("1", to: path + "/cgroup.kill")
        for _ in 0..<100 {
            if rmdir(path) == 0 || errno != EBUSY { return }
            usleep(10_000)
        }
    }

    /// Removes empty groups of workers that were killed together with their keepers; one with processes is not removed by this.
    private func removeOrphans() {
        guard let stream = opendir(plan.base) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(Self.prefix),
                let worker = name.dropFirst(Self.prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }),
                worker > 0, kill(worker, 0) != 0, errno == ESRCH
            else { continue }
            rmdir("\(plan.base)/\(name)")
        }
    }

    private static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: longest)
        let count = read(file, &bytes, bytes.count)
        return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// Writes a short text to a file; why it could not be, nil when it was. In the kernel's file system nothing can be created.
    private static func write(_ text: String, to path: String) -> String? {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return String(cString: strerror(errno)) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        return Glibc.write(file, bytes, bytes.count) == bytes.count ? nil : String(cString: strerror(errno))
    }
}
