package import SweepCore
package import SweepSearch

/// How many trials of a sweep are in each state.
package struct TrialCounts: Hashable, Sendable {
    package var waiting = 0
    package var running = 0
    package var paused = 0
    package var completed = 0
    package var pruned = 0
    package var failed = 0

    package init() {}

    /// Counts `states`.
    package init(_ states: some Sequence<TrialState>) {
        for state in states {
            switch state {
            case .waiting: waiting += 1
            case .running: running += 1
            case .paused: paused += 1
            case .completed: completed += 1
            case .pruned: pruned += 1
            case .failed: failed += 1
            }
        }
    }

    /// Trials that reached a terminal state.
    package var ended: Int { completed + pruned + failed }

    /// All of them.
    package var total: Int { waiting + running + paused + ended }
}

/// How a sweep and its workers are: what `status` answers.
///
/// JSON: `{"sweep", "state", "reason" (halted only), "trials": {"waiting", "running", "paused", "completed", "pruned",
/// "failed"}, "trials_planned", "enqueued" (configurations that wait to be tried next), "epochs", "epochs_per_second", "seconds_left", "may_end_sooner", "best" (null, or "trial",
/// "configuration_id", "objective", "epoch"; by the first of several objectives), "objectives", "front" (of several, as in `rank`),
/// "search" and "prune": {"method", "picked" (why `auto` picked it, or null)}, "experiments" (where the file asks for them): {"state", "reason", "sweeps", "epochs", "allowed"}, "priority", "max_parallel" (null: no limit),
/// "requires": {label: value}, "threads", "workers": [{"id", "host", "slots", "busy", "kernels", "labels": {label: value}, "last_seen_s",
/// "idle_because", "stuck" (only of a worker with a trial that makes no step), "pace" (once it is known)}], "storage": {"journal_bytes", "objects",
/// "object_bytes", "upload_bytes"}, "turned_away" (only when there are some: those of `TurnedAwayWorker`)}`. Numbers that nobody knows
/// yet are null; `storage` is absent where nobody counted.
package struct StatusDocument: Hashable, Sendable {
    package var sweep: String
    /// running, paused, finished, cancelled or halted.
    package var state: String
    /// Why the sweep is halted.
    package var reason: String?
    /// Whether it goes on no more by itself: finished, cancelled or halted.
    package var hasStopped: Bool { ["finished", "cancelled", "halted"].contains(state) && !isExperimenting }
    /// Whether it is finished, and experiments on it are not.
    package var isExperimenting: Bool { state == "finished" && experiments?.state == "under_way" }
    package var trials: TrialCounts
    /// Trials there will be; nil when nothing limits them.
    package var trialsPlanned: Int?
    /// Configurations that were enqueued and wait to be tried next.
    package var enqueued: Int
    /// Epochs trained, over all trials.
    package var epochs: Int
    package var epochsPerSecond: Double?
    /// The estimated time to the end.
    package var secondsLeft: Double?
    /// Whether it ends sooner when a result is good enough, so that the estimate is the longest it takes.
    package var mayEndSooner: Bool
    /// The best; of several objectives by the first alone.
    package var best: Best?
    /// Of a sweep of several objectives all of them; empty for one.
    package var objectives: [Objective]
    /// What the completed configurations of such a sweep come to; nil while there is none.
    package var front: FirstFront?
    /// What it is searched with; nil of a coordinator that does not say.
    package var search: Choice?
    /// Which of its trials go on; nil of a coordinator that does not say.
    package var prune: Choice?
    /// Whether it is finished, and experiments on it go on or wait for a person.
    package var hasExperimentsLeft: Bool { isExperimenting || state == "finished" && experiments?.state == "halted" }
    /// Where the experiments on its trials stand; nil where its file asks for none.
    package var experiments: Experiments?
    /// When and where it is trained beside others, as it is now.
    package var placement: Placement
    package var workers: [Worker]
    /// What the coordinator's directory takes of its disk, all sweeps together; nil when nobody counted.
    package var storage: Storage?
    /// Workers that were not let in of late.
    package var turnedAway: [TurnedAwayWorker]

    /// Bytes on a coordinator's disk.
    package struct Storage: Hashable, Sendable {
        package var journalBytes: Int
        /// Data sets and checkpoints.
        package var objects: Int
        package var objectBytes: Int
        /// Uploads that are not at their end.
        package var uploadBytes: Int

        package init(journalBytes: Int, objects: Int, objectBytes: Int, uploadBytes: Int) {
            self.journalBytes = journalBytes
            self.objects = objects
            self.objectBytes = objectBytes
            self.uploadBytes = uploadBytes
        }
    }

    /// The experiments that the coordinator makes by itself once a sweep is finished.
    package struct Experiments: Hashable, Sendable {
        /// waiting (for the sweep's end), under_way, halted (one of its sweeps waits for a person) or over.
        package var state: String
        /// Why nothing more is begun; nil while something may be.
        package var reason: String?
        /// The sweeps of their arms, in order.
        package var sweeps: [String]
        /// Epochs that were planned for them, and that they may have; the latter is known at the sweep's end.
        package var epochs: Int
        package var allowed: Int

        package init(state: String, reason: String?, sweeps: [String], epochs: Int, allowed: Int) {
            self.state = state
            self.reason = reason
            self.sweeps = sweeps
            self.epochs = epochs
            self.allowed = allowed
        }

        /// What there is to say, in a line.
        package var text: String {
            guard state != "waiting" else { return "when the sweep is finished" }
            let words = state == "under_way" ? "under way" : state
            let names = sweeps.isEmpty ? "" : ": \(sweeps.joined(separator: ", "))"
            return "\(words)\(names) (\(epochs) of at most \(allowed) epochs)" + (reason.map { "; \($0)" } ?? "")
        }
    }

    /// A method, and why `auto` picked it; nil where the sweep file names it.
    package struct Choice: Hashable, Sendable {
        package var method: String
        package var picked: String?

        package init(method: String, picked: String?) {
            self.method = method
            self.picked = picked
        }
    }

    /// The incumbent.
    package struct Best: Hashable, Sendable {
        package var trial: Int
        package var configurationID: String
        package var objective: Double
        package var epoch: Int

        package init(trial: Int, configurationID: String, objective: Double, epoch: Int) {
            self.trial = trial
            self.configurationID = configurationID
            self.objective = objective
            self.epoch = epoch
        }
    }

    /// One worker process.
    package struct Worker: Hashable, Sendable {
        package var id: String
        package var host: String
        package var slots: Int
        /// Slots that train now.
        package var busy: Int
        /// The kernel table it chose.
        package var kernels: String
        /// Its labels.
        package var labels: [String: String]
        /// Seconds since it was last heard of.
        package var lastSeen: Double
        /// Why it has nothing to do; nil when it has.
        package var idleBecause: String?
        /// Which of its trials makes no step, and for how long; nil when all do.
        package var stuck: String?
        /// How many times as fast as the mean it trains, in powers of two; nil until that is known.
        package var pace: Double?

        package init(
            id: String,
            host: String,
            slots: Int,
            busy: Int,
            kernels: String,
            labels: [String: String] = [:],
            lastSeen: Double,
            idleBecause: String? = nil,
            stuck: String? = nil,
            pace: Double? = nil
        ) {
            self.id = id
            self.host = host
            self.slots = slots
            self.busy = busy
            self.kernels = kernels
            self.labels = labels
            self.lastSeen = lastSeen
            self.idleBecause = idleBecause
            self.stuck = stuck
            self.pace = pace
        }
    }

    package init(
        sweep: String,
        state: String,
        reason: String? = nil,
        trials: TrialCounts,
        trialsPlanned: Int? = nil,
        enqueued: Int = 0,
        epochs: Int,
        epochsPerSecond: Double? = nil,
        secondsLeft: Double? = nil,
        mayEndSooner: Bool = false,
        best: Best? = nil,
        objectives: [Objective] = [],
        front: FirstFront? = nil,
        search: Choice? = nil,
        prune: Choice? = nil,
        experiments: Experiments? = nil,
        placement: Placement = Placement(),
        workers: [Worker],
        storage: Storage? = nil,
        turnedAway: [TurnedAwayWorker] = []
    ) {
        self.sweep = sweep
        self.state = state
        self.reason = reason
        self.trials = trials
        self.trialsPlanned = trialsPlanned
        self.enqueued = enqueued
        self.epochs = epochs
        self.epochsPerSecond = epochsPerSecond
        self.secondsLeft = secondsLeft
        self.mayEndSooner = mayEndSooner
        self.best = best
        self.objectives = objectives
        self.front = front
        self.search = search
        self.prune = prune
        self.experiments = experiments
        self.placement = placement
        self.workers = workers
        self.storage = storage
        self.turnedAway = turnedAway
    }
}

extension StatusDocument {
    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("state", state)
        if let reason { object.add("reason", reason) }
        object.add("trials", trials.json)
        object.add("trials_planned", trialsPlanned)
        object.add("enqueued", enqueued)
        object.add("epochs", epochs)
        object.add("epochs_per_second", epochsPerSecond)
        object.add("seconds_left", secondsLeft)
        object.add("may_end_sooner", .boolean(mayEndSooner))
        object.add("best", best?.json ?? .null)
        if let several = objectives.jsonOfSeveral {
            object.add("objectives", several)
            object.add("front", front?.json ?? .null)
        }
        if let search { object.add("search", search.json) }
        if let prune { object.add("prune", prune.json) }
        if let experiments { object.add("experiments", experiments.json) }
        placement.add(to: &object)
        object.add("workers", .array(workers.map(\.json)))
        if let storage { object.add("storage", storage.json) }
        if !turnedAway.isEmpty { object.add("turned_away", .array(turnedAway.map(\.json))) }
        return object.object
    }

    /// Reads the document from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        self.init(
            sweep: try reader.field("sweep").text(),
            state: try reader.field("state").text(),
            reason: try reader.optional("reason")?.text(),
            trials: try TrialCounts(reader.field("trials")),
            trialsPlanned: try reader.optional("trials_planned")?.integer(),
            enqueued: try reader.optional("enqueued")?.integer() ?? 0,
            epochs: try reader.field("epochs").integer(),
            epochsPerSecond: try reader.measured("epochs_per_second"),
            secondsLeft: try reader.measured("seconds_left"),
            mayEndSooner: try reader.optional("may_end_sooner")?.boolean() ?? false,
            best: try reader.optional("best").map { reader throws(DocumentError) in try Best(reader) },
            objectives: try reader.optional("objectives")?.items().each { reader throws(DocumentError) in
                try Objective(reader)
            } ?? [],
            front: try reader.optional("front").map { reader throws(DocumentError) in try FirstFront(reader) },
            search: try reader.optional("search").map { reader throws(DocumentError) in try Choice(reader) },
            prune: try reader.optional("prune").map { reader throws(DocumentError) in try Choice(reader) },
            experiments: try reader.optional("experiments").map { reader throws(DocumentError) in
                try Experiments(reader)
            },
            placement: try Placement(reader),
            workers: try reader.field("workers").items().each { reader throws(DocumentError) in try Worker(reader) },
            storage: try reader.optional("storage").map { reader throws(DocumentError) in try Storage(reader) },
            turnedAway: try reader.optional("turned_away")?.items().each { reader throws(DocumentError) in
                try TurnedAwayWorker(reader)
            } ?? []
        )
    }

    /// The estimated time to the end in words; nil when there is no estimate.
    package var timeLeft: String? {
        secondsLeft.map { "\(mayEndSooner ? "at most" : "about") \(NumberText.seconds($0)) left" }
    }

    /// The status for people: a few lines, then the workers.
    package func plainText(width: Int? = nil) -> String {
        var lines = [PrintableText.line("\(sweep): \(state)" + (reason.map { " (\($0))" } ?? ""))]
        if let placement = placement.text { lines.append(PrintableText.line("placing  \(placement)")) }
        if let search, let picked = search.picked { lines.append("search   \(search.method), as \(picked)") }
        if let prune, let picked = prune.picked { lines.append("prune    \(prune.method), as \(picked)") }
        if let experiments { lines.append("findings experiments \(experiments.text)") }
        let planned = trialsPlanned.map { " of \($0)" } ?? ""
        let counts = trials.named.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
        lines.append("trials   \(trials.total)\(planned)" + (counts.isEmpty ? "" : ": \(counts)"))
        if enqueued > 0 {
            let one = enqueued == 1
            let isOver = state == "finished" || state == "cancelled"
            lines.append(
                "enqueued \(enqueued) configuration\(one ? "" : "s") "
                    + (isOver ? "that the search ended before" : "that come\(one ? "s" : "") next")
            )
        }
        var pace = "epochs   \(epochs)"
        if let epochsPerSecond { pace += ", \(NumberText.significant(epochsPerSecond, digits: 3)) a second" }
        if let timeLeft { pace += ", \(timeLeft)" }
        lines.append(pace)
        if let best {
            // Of several objectives nothing is the best; this is the first's.
            let of = objectives.first.map { "\($0.metric.rawValue) " } ?? ""
            lines.append(
                "best     \(of)\(NumberText.significant(best.objective)) in epoch \(best.epoch) of trial \(best.trial) "
                    + "(configuration \(best.configurationID))"
            )
        }
        if let front { lines.append("front    \(front.words(objectives))") }
        if let storage {
            let bytes = NumberText.bytes(storage.journalBytes)
            var line = "disk     journal \(bytes), \(storage.objects) objects \(NumberText.bytes(storage.objectBytes))"
            if storage.uploadBytes > 0 { line += ", uploads \(NumberText.bytes(storage.uploadBytes))" }
            lines.append(line)
        }
        var text = lines.joined(separator: "\n") + "\n"
        let away = turnedAway.map { $0.text + "\n" }.joined()
        if workers.isEmpty { return text + "no workers\n" + away }
        var columns = [
            Table.Column("worker"), Table.Column("host", rank: 2), Table.Column("slots", isNumeric: true),
            Table.Column("busy", isNumeric: true), Table.Column("kernels", rank: 1),
            Table.Column("last seen", isNumeric: true), Table.Column("idle because"),
        ]
        let hasLabels = workers.contains { !$0.labels.isEmpty }
        if hasLabels { columns.insert(Table.Column("labels", rank: 3), at: 5) }
        // Of equal nodes it says nothing.
        let areUnequal = Set(workers.compactMap(\.pace)).count > 1
        if areUnequal { columns.insert(Table.Column("pace", isNumeric: true, rank: 1), at: 4) }
        var table = Table(columns: columns)
        for worker in workers {
            let labels = worker.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            var cells = [
                worker.id, worker.host, String(worker.slots), String(worker.busy), worker.kernels,
                NumberText.seconds(worker.lastSeen), worker.stuck.map { "stuck: \($0)" } ?? worker.idleBecause ?? "",
            ]
            if hasLabels { cells.insert(labels.joined(separator: ","), at: 5) }
            if areUnequal { cells.insert(worker.pace.map { NumberText.short($0, digits: 2) + "×" } ?? "", at: 4) }
            table.add(cells)
        }
        text += "\n" + table.plainText(width: width)
        return text + away
    }
}

extension StatusDocument.Experiments {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("state", state)
        object.add("reason", reason)
        object.add("sweeps", .array(sweeps.map { .text($0) }))
        object.add("epochs", epochs)
        object.add("allowed", allowed)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            state: try reader.field("state").text(),
            reason: try reader.optional("reason")?.text(),
            sweeps: try reader.field("sweeps").items().each { reader throws(DocumentError) in try reader.text() },
            epochs: try reader.field("epochs").integer(),
            allowed: try reader.field("allowed").integer()
        )
    }
}

extension StatusDocument.Choice {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("method", method)
        object.add("picked", picked)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(method: try reader.field("method").text(), picked: try reader.optional("picked")?.text())
    }
}

extension TrialCounts {
    /// The counts with their states' words, in order.
    package var named: [(name: String, count: Int)] {
        [
            ("waiting", waiting), ("running", running), ("paused", paused), ("completed", completed),
            ("pruned", pruned), ("failed", failed),
        ]
    }

    var json: JSONValue { .object(named.map { JSONMember($0.name, .integer($0.count)) }) }

    init(_ reader: DocumentReader) throws(DocumentError) {
        waiting = try reader.field("waiting").integer()
        running = try reader.field("running").integer()
        paused = try reader.field("paused").integer()
        completed = try reader.field("completed").integer()
        pruned = try reader.field("pruned").integer()
        failed = try reader.field("failed").integer()
    }
}

extension StatusDocument.Best {
    var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("trial", trial)
        object.add("configuration_id", configurationID)
        object.add("objective", objective)
        object.add("epoch", epoch)
        return object.object
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            trial: try reader.field("trial").integer(),
            configurationID: try reader.field("configuration_id").text(),
            objective: try reader.measured("objective") ?? .nan,
            epoch: try reader.field("epoch").integer()
        )
    }
}

extension StatusDocument.Storage {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("journal_bytes", journalBytes)
        object.add("objects", objects)
        object.add("object_bytes", objectBytes)
        object.add("upload_bytes", uploadBytes)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            journalBytes: try reader.field("journal_bytes").integer(),
            objects: try reader.field("objects").integer(),
            objectBytes: try reader.field("object_bytes").integer(),
            uploadBytes: try reader.field("upload_bytes").integer()
        )
    }
}

extension StatusDocument.Worker {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("id", id)
        object.add("host", host)
        object.add("slots", slots)
        object.add("busy", busy)
        object.add("kernels", kernels)
        object.add("labels", .object(labels.sorted { $0.key < $1.key }.map { JSONMember($0.key, .text($0.value)) }))
        object.add("last_seen_s", lastSeen)
        object.add("idle_because", idleBecause)
        if let stuck { object.add("stuck", stuck) }
        if let pace { object.add("pace", pace) }
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            id: try reader.field("id").text(),
            host: try reader.optional("host")?.text() ?? "",
            slots: try reader.field("slots").integer(),
            busy: try reader.field("busy").integer(),
            kernels: try reader.field("kernels").text(),
            labels: try Self.labels(reader),
            lastSeen: try reader.measured("last_seen_s") ?? .infinity,
            idleBecause: try reader.optional("idle_because")?.text(),
            stuck: try reader.optional("stuck")?.text(),
            pace: try reader.measured("pace")
        )
    }

    private static func labels(_ reader: DocumentReader) throws(DocumentError) -> [String: String] {
        var labels: [String: String] = [:]
        for (key, value) in try reader.optional("labels")?.members() ?? [] { labels[key] = try value.text() }
        return labels
    }
}
