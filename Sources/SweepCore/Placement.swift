/// When and where a sweep's trials are trained beside those of other sweeps: `priority`, `max_parallel`, `requires` and
/// `train.threads` of the sweep file.
///
/// Nothing of it changes a result: decisions are taken in virtual time, and a curve has the same bits on any worker with any
/// number of threads. So it is no part of what names a sweep: see `SpecNode.withoutPlacement`.
package struct Placement: Hashable, Sendable {
    /// Sweeps of a higher priority get workers first.
    package var priority: Int
    /// Trials that workers may hold at once; nil: as many as they take.
    package var maxParallel: Int?
    /// What a worker must be like; in the order of keys.
    package var requires: [WorkerRequirement]
    /// Slots of a worker that a trial takes: its threads.
    package var slots: Int

    /// What a priority may be: enough for any order of a team's sweeps, and short to type.
    package static let priorities = -1000...1000
    /// What the limit of trials at once may be: as many slots as a worker may have.
    package static let limits = 1...65_536

    package init(priority: Int = 0, maxParallel: Int? = nil, requires: [WorkerRequirement] = [], slots: Int = 1) {
        self.priority = priority
        self.maxParallel = maxParallel
        self.requires = requires
        self.slots = slots
    }

    static let keys = ["priority", "max_parallel", "requires"]

    /// The same for trials that are programs: only workers that run programs may train them.
    var ofPrograms: Placement {
        var placement = self
        placement.requires.removeAll { $0.key == WorkerRequirement.commands.key }
        placement.requires = (placement.requires + [.commands]).sorted()
        return placement
    }

    /// Reads the keys of a sweep file's top; nil when one is wrong (and reported). `threads` are those of `train`.
    static func read(_ fields: SpecFields, threads: Int) -> Placement? {
        let priority = fields.optional("priority").map { $0.integer(in: priorities) } ?? 0
        let limit: Int?? = fields.optional("max_parallel").map { $0.integer(in: limits) }
        let requires = fields.optional("requires").map(WorkerRequirement.readMap) ?? []
        guard let priority, let requires else { return nil }
        if case .some(.none) = limit { return nil }
        return Placement(priority: priority, maxParallel: limit ?? nil, requires: requires, slots: threads)
    }
}

/// One thing that a sweep asks of the workers that train it: a label with its value, or what a worker tells of itself.
///
/// Three keys are no labels: `host` is the name of the worker's machine, `kernels` the least instruction set of its kernels
/// (`v2`, `v3`, `v4`), `slots` the least number of its slots.
package struct WorkerRequirement: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let key: String
    package let value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Keys that a worker answers by itself, so that no label may be called so.
    package static let reservedKeys = ["host", "kernels", "slots"]
    /// What a worker has that runs programs: a label that it gives itself when it is told that it may (`--commands`).
    package static let commands = WorkerRequirement(key: "commands", value: "allowed")
    /// What a worker has that counts among any number of largest outputs, `Metric.usualTop` aside, which all count: a label that
    /// it gives itself. One of before this would report NaN for such a metric.
    package static let topAccuracies = WorkerRequirement(key: "top_accuracies", value: "any")
    /// What a worker has that goes on from another trial's state: a label that it gives itself. One of before this would refuse such a trial.
    package static let copies = WorkerRequirement(key: "trial_copies", value: "any")
    /// What a worker has that lets a program's process serve one trial after another: a label that it gives itself where it
    /// runs programs. One of before this cannot read such a trial.
    package static let reusedPrograms = WorkerRequirement(key: "reused_programs", value: "yes")
    /// What a worker has that reads networks as a sweep file says: a label that it gives itself. One of before this cannot read a trial
    /// whose file says so.
    package static let readings = WorkerRequirement(key: "network_readings", value: "any")
    /// The labels by which workers tell what their version can do, which nobody else may give them and nobody is shown.
    package static let abilities = [topAccuracies, copies, reusedPrograms, readings]
    /// The labels that workers give themselves.
    package static let implied = [commands] + abilities

    /// Whether this key is that of an ability.
    package static func isAbility(_ key: String) -> Bool { abilities.contains { $0.key == key } }
    /// The instruction sets that have kernels of their own, ascending.
    static let kernels = ["v2", "v3", "v4"]
    /// Requirements of one sweep: a worker has no more labels.
    static let countLimit = 64
    /// Bytes of a key and of a value; a worker's labels have no more.
    package static let textLimit = 256

    package static func < (a: Self, b: Self) -> Bool { (a.key, a.value) < (b.key, b.value) }

    package var description: String {
        switch key {
        case "kernels", "slots": "\(key) of \(value) or more"
        default: "\(key)=\(value)"
        }
    }

    /// Whether a worker of this machine, with these kernels, slots and labels has it.
    package func isMet(host: String, kernels: String, slots: Int, label: (String) -> String?) -> Bool {
        switch key {
        case "host": return host == value
        case "slots": return Int(value).map { slots >= $0 } ?? false
        case "kernels":
            guard let least = Self.kernels.firstIndex(of: value), let own = Self.kernels.firstIndex(of: kernels) else {
                return false
            }
            return own >= least
        default: return label(key) == value
        }
    }

    /// Whether a label may be called so: letters, digits, dot, dash, underscore and slash, and no reserved key.
    package static func isLabel(_ key: String) -> Bool {
        (1...textLimit).contains(key.utf8.count) && !reservedKeys.contains(key)
            && key.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 47, 95].contains(byte)
            }
    }

    /// Reads `requires`: a map of labels with their values, in the order of keys.
    static func readMap(_ reader: SpecReader) -> [WorkerRequirement]? {
        guard case .map(let entries) = reader.node else {
            reader.refuse("a map of labels with their values, as in {gpu: yes, kernels: v3}")
            return nil
        }
        guard entries.count <= countLimit else {
            reader.report("\(entries.count) labels", allowed: "at most \(countLimit)")
            return nil
        }
        let values = entries.map { entry -> WorkerRequirement? in
            let path = reader.path.appending(.key(entry.key))
            guard reservedKeys.contains(entry.key) || isLabel(entry.key) else {
                reader.problems.add(
                    SpecProblem(
                        path: path,
                        message: "not a label",
                        found: entry.key,
                        allowed: "letters, digits, dot, dash, underscore and slash, at most \(textLimit)",
                        side: .key
                    )
                )
                return nil
            }
            let value = SpecReader(entry.value, path: path, problems: reader.problems)
            return read(entry.key, value).map { WorkerRequirement(key: entry.key, value: $0) }
        }
        let all = values.compactMap { $0 }
        return all.count == values.count ? all.sorted() : nil
    }

    private static func read(_ key: String, _ reader: SpecReader) -> String? {
        switch (key, reader.node) {
        case ("slots", _): return reader.integer(in: 1...65_536).map { String($0) }
        case ("kernels", .text(let text)) where kernels.contains(text): return text
        case ("kernels", _): reader.refuse(SpecReader.oneOf(kernels))
        case (_, .text(let text)) where (1...textLimit).contains(text.utf8.count): return text
        case (_, .integer(let number)): return String(number)
        case (_, .boolean(let flag)): return flag ? "true" : "false"
        case (_, .real):
            reader.report("not text", allowed: "text; a number with a point in quotes, as the label has it")
        default: reader.refuse("text of 1 to \(textLimit) bytes, an integer, true or false")
        }
        return nil
    }
}

extension SpecNode {
    /// The file without what says when and where it is trained: two that are equal in this are the same sweep.
    package var withoutPlacement: SpecNode {
        guard case .map(let entries) = self else { return self }
        return .map(
            entries.compactMap { entry in
                if Placement.keys.contains(entry.key) { return nil }
                guard entry.key == "train", case .map(let training) = entry.value else { return entry }
                return SpecEntry("train", .map(training.filter { $0.key != "threads" }))
            }
        )
    }

    private var withoutTrials: SpecNode {
        guard case .map(let entries) = self else { return self }
        return .map(
            entries.map { entry in
                guard entry.key == "search", case .map(let search) = entry.value else { return entry }
                return SpecEntry("search", .map(search.filter { $0.key != "trials" }))
            }
        )
    }

    /// The file without one of its keys.
    package func without(_ key: String) -> SpecNode {
        guard case .map(let entries) = self else { return self }
        return .map(entries.filter { $0.key != key })
    }

    /// Whether the sweep file leaves it to `auto` which trials go on, without a setting that would say so.
    package var leavesPruning: Bool {
        switch self["prune"] {
        case nil, .text(PruneSpec.Method.auto.rawValue)?: true
        case .map(let entries)?:
            entries.allSatisfy { entry in
                entry.key == PruneSpec.hopelessKey
                    || entry.key == "method" && entry.value == .text(PruneSpec.Method.auto.rawValue)
            }
        default: false
        }
    }

    /// In what one sweep file differs from another.
    package enum Difference: Hashable, Sendable {
        case none
        /// In when and where it is trained: it is the same sweep.
        case placement
        /// In the number of trials, and perhaps in that: the same sweep, shorter or longer.
        case trials
        case another
    }

    /// In what this sweep file differs from `other`.
    package func difference(from other: SpecNode) -> Difference {
        if self == other { return .none }
        let (own, theirs) = (withoutPlacement, other.withoutPlacement)
        if own == theirs { return .placement }
        return own.withoutTrials == theirs.withoutTrials ? .trials : .another
    }
}
