import Glibc
import KernelAPI
import SweepCore
import SweepKernels
import SweepNodes
import SweepTraining

/// Reads off this machine what `NodeFacts` holds; what the system does not say is nil.
enum MachineProbe {
    /// What is trained to measure a core: the model of `sweepd bench core`.
    private static let model = "mlp:784-256-128-10"

    static func processor(_ kernels: KernelTable) -> NodeFacts.Processor {
        NodeFacts.Processor(
            model: line(of: "/proc/cpuinfo", "model name") ?? "",
            cores: Processors.allowed,
            quota: quota,
            available: KernelTable.available.map(\.name),
            kernels: kernels.name,
            loadAverage: text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) },
            governor: governor
        )
    }

    private static var governor: String? {
        let word = trimmed(text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
        return word.isEmpty ? nil : word
    }

    /// Trains for some seconds on this thread; a worker and `doctor` train the same, so that their figures compare.
    static func speed(_ kernels: KernelTable, seconds: Double) throws -> NodeFacts.Speed {
        let shorthand = try ModelShorthand(model)
        let spec = TrainingSpec(
            model: shorthand.model,
            optimizer: .adam(learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            batchSize: 64,
            epochs: 1
        )
        let data = try TrainingData.madeUp(columns: shorthand.input.count, classes: shorthand.outputs, rows: 4096)
        let run = try TrainingRun(spec: spec, data: data, seed: 1, kernels: kernels)
        let stopwatch = TrainingStopwatch(run: run, kernels: kernels)
        let (core, clock) = (Self.seconds(CLOCK_THREAD_CPUTIME_ID), Self.seconds(CLOCK_MONOTONIC))
        let result = stopwatch.measure(seconds: seconds)
        let share =
            (Self.seconds(CLOCK_THREAD_CPUTIME_ID) - core) / (Self.seconds(CLOCK_MONOTONIC) - clock)
        return NodeFacts.Speed(
            model: model,
            samplesPerSecond: result.samplesPerSecond,
            gflops: result.gflops ?? 0,
            peakGflops: result.peakGflops,
            coreShare: min(1, share)
        )
    }

    /// The folder in which large data sets are prepared.
    static var disk: NodeFacts.Disk? {
        let folder = Terminal.environment("TMPDIR") ?? "/tmp"
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return NodeFacts.Disk(path: folder, freeBytes: Int(status.f_bavail) * Int(status.f_frsize))
    }

    /// What is available in the machine, or in the control group if that is less.
    static var memory: NodeFacts.Memory? {
        let words = line(of: "/proc/meminfo", "MemAvailable")?.split(separator: " ") ?? []
        let machine = words.first.flatMap { Int($0) }.map { $0 << 10 }
        let group = groupMemory
        switch (machine, group) {
        case (let machine?, let group?) where group < machine:
            return NodeFacts.Memory(availableBytes: group, isLimited: true)
        case (let machine?, _): return NodeFacts.Memory(availableBytes: machine, isLimited: false)
        case (nil, let group?): return NodeFacts.Memory(availableBytes: group, isLimited: true)
        case (nil, nil): return nil
        }
    }

    static var files: NodeFacts.FileLimits? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return NodeFacts.FileLimits(soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    // MARK: Control groups

    /// Folders of this process's control group, the innermost first, of both versions' usual mounts.
    private static func folders(_ controller: String) -> [String] {
        let lines = text("/proc/self/cgroup").split(separator: "\n")
        for line in lines {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let root: String
            if fields[1].isEmpty {
                root = "/sys/fs/cgroup"
            } else if fields[1].split(separator: ",").contains(where: { $0 == controller }) {
                root = "/sys/fs/cgroup/\(controller)"
            } else {
                continue
            }
            // In a container the group's own path may be missing below the mount, which then is the group.
            var found: [String] = []
            var path = String(fields[2])
            while !path.isEmpty, path != "/" {
                found.append(root + path)
                path = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            }
            return found + [root]
        }
        return []
    }

    /// Cores' worth of time: the tightest limit on the way to the root.
    static var quota: Double? {
        let limits = folders("cpu").compactMap { folder -> Double? in
            let words = text(folder + "/cpu.max").split(whereSeparator: \.isWhitespace)
            if words.count == 2, let time = Double(words[0]), let period = Double(words[1]), period > 0 {
                return time / period
            }
            guard let time = number(folder + "/cpu.cfs_quota_us"), time > 0,
                let period = number(folder + "/cpu.cfs_period_us"), period > 0
            else { return nil }
            return Double(time) / Double(period)
        }
        return limits.min()
    }

    /// Bytes left below the tightest limit.
    private static var groupMemory: Int? {
        let left = folders("memory").compactMap { folder -> Int? in
            for (limit, usage) in [
                ("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"),
            ] {
                // Without a limit the older version says a number near 2⁶³.
                guard let limit = number("\(folder)/\(limit)"), limit < 1 << 60 else { continue }
                return max(0, limit - (number("\(folder)/\(usage)") ?? 0))
            }
            return nil
        }
        return left.min()
    }

    // MARK: Reading

    /// More than any file that is read here has: `/proc/cpuinfo` of a thousand cores is the longest.
    private static let longest = 8 << 20

    private static func text(_ path: String) -> String { SystemFile.text(path, limit: longest) ?? "" }

    private static func number(_ path: String) -> Int? { Int(trimmed(text(path))) }

    private static func trimmed(_ text: some StringProtocol) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// What follows `NAME:` in the first line that begins with it.
    private static func line(of path: String, _ name: String) -> String? {
        guard let line = text(path).split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let colon = line.firstIndex(of: ":")
        else { return nil }
        return trimmed(line[line.index(after: colon)...])
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
