import SweepCore

extension Placement {
    /// Adds `priority`, `max_parallel` (null: no limit), `requires` and `threads`, as `list` and `status` have them.
    func add(to object: inout JSONObjectBuilder) {
        object.add("priority", priority)
        object.add("max_parallel", maxParallel)
        object.add("requires", .object(requires.map { JSONMember($0.key, .text($0.value)) }))
        object.add("threads", slots)
    }

    /// Reads what `add` wrote; of a coordinator that does not say it, the defaults.
    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init()
        if let found = reader.optional("priority") { priority = try found.integer() }
        maxParallel = try reader.optional("max_parallel")?.integer()
        for (key, value) in try reader.optional("requires")?.members() ?? [] {
            requires.append(WorkerRequirement(key: key, value: try value.text()))
        }
        if let found = reader.optional("threads") { slots = try found.integer() }
    }

    /// What is not as by default, for people; nil when all is.
    var text: String? {
        var parts: [String] = []
        if priority != 0 { parts.append("priority \(priority)") }
        if let maxParallel { parts.append("at most \(maxParallel) trials at once") }
        if slots > 1 { parts.append("\(slots) slots a trial") }
        if !requires.isEmpty { parts.append("requires " + requires.map(\.description).joined(separator: ", ")) }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

extension SweepAdjustment {
    /// The arguments of a `set` request: only what is to be changed; a limit of null takes it away.
    func add(to object: inout JSONObjectBuilder) {
        if let priority { object.add("priority", priority) }
        if let maxParallel { object.add("max_parallel", maxParallel.number) }
        if let trials { object.add("trials", trials) }
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            priority: try reader.optional("priority")?.integer(),
            trials: try reader.optional("trials")?.integer()
        )
        if case .object(let members) = reader.value, members.contains(where: { $0.key == "max_parallel" }) {
            maxParallel = Limit(try reader.optional("max_parallel")?.integer())
        }
    }
}
