/// A program that is a trial: what `train` of the sweep file says when it has a `command`, once every range has a value.
///
/// The program is told its parameters (as flags, in a file, in the environment), reports its metrics epoch by epoch, and is
/// told to go on, to pause or to stop: see `docs/sweep-file.md`, *Programs as trials*.
package struct CommandSpec: Hashable, Sendable {
    /// The program and its arguments.
    package var words: [CommandTemplate]
    /// What is searched, and what is fixed, by name and in the file's order.
    package var parameters: [SpecEntry]
    /// Reports that make a whole run; what one stands for is the program's own affair.
    package var epochs: Int
    /// What every report holds; the sweep's objective is always among it.
    package var metrics: [Metric]
    /// Files and folders beside the sweep file that the program needs; nil: those that `words` name.
    package var files: [String]?
    /// Where the program runs; nil: a fresh folder with the files in it.
    package var directory: String?
    /// Variables that are set for the program beside those of its worker.
    package var environment: [Variable]
    package var limits: CommandLimits
    /// Slots of the worker that a trial takes, and threads that numeric libraries are told to use.
    package var threads: Int
    /// Runs of trials, from one rung to the next, that one process may serve one after another; 1: a process for each.
    package var reuse: Int

    /// A variable of the environment.
    package struct Variable: Hashable, Sendable {
        package let name: String
        package let value: CommandTemplate
    }

    package init(
        words: [CommandTemplate],
        parameters: [SpecEntry] = [],
        epochs: Int,
        metrics: [Metric] = [],
        files: [String]? = nil,
        directory: String? = nil,
        environment: [Variable] = [],
        limits: CommandLimits = CommandLimits(),
        threads: Int = 1,
        reuse: Int = 1
    ) {
        self.words = words
        self.parameters = parameters
        self.epochs = epochs
        self.metrics = metrics
        self.files = files
        self.directory = directory
        self.environment = environment
        self.limits = limits
        self.threads = threads
        self.reuse = reuse
    }

    /// Whether a process may serve more than one run.
    package var isReused: Bool { reuse > 1 }

    /// What trials report under these objectives, in order, each once.
    package func metrics(for objectives: [Objective]) -> [Metric] {
        metrics + objectives.map(\.metric).filter { !metrics.contains($0) }
    }

    /// The program and its arguments, with everything in its place.
    package func arguments(_ facts: CommandFacts) -> [String] {
        words.flatMap { word in
            word.isArguments ? flags.map { "--\($0.name)=\($0.value)" } : [word.text(parameters, facts)]
        }
    }

    /// The parameters as flags name them: those within others after a dot; one without a value is left out.
    package var flags: [(name: String, value: String)] {
        func flags(_ name: String, _ node: SpecNode) -> [(name: String, value: String)] {
            switch node {
            case .null: []
            case .map(let entries): entries.flatMap { flags("\(name).\($0.key)", $0.value) }
            case .boolean, .integer, .real, .text, .list, .domain: [(name, node.programText)]
            }
        }
        return parameters.flatMap { flags($0.key, $0.value) }
    }
}

extension CommandSpec {
    static let keys = [
        "command", "parameters", "epochs", "metrics", "files", "directory", "environment", "limits", "threads",
        "reuse",
    ]
    /// Words of a command, files, metrics and variables that one sweep may name.
    static let entryLimit = 1000
    /// Metrics of one report; a message holds no more.
    static let metricLimit = 64
    /// Bytes of a word, a file's name or a variable.
    static let wordLimit = 4096
    /// What `reuse` may be as a number.
    static let reuses = 2...1_000_000

    /// Reads `train` of a file that has a command; nil when something is missing or wrong (and reported).
    package static func read(_ reader: SpecReader) -> CommandSpec? {
        guard let fields = reader.fields(keys) else { return nil }
        func fixed(_ key: String) -> SpecReader? { fields.optional(key)?.allowingDomains(false) }
        let parameters = fields.optional("parameters").map { $0.programParameters() } ?? []
        // A word that names a parameter is judged only where the parameters are known.
        let names = parameters.map { $0.map(\.key) }
        let reuse = fixed("reuse").map { $0.reuse() } ?? 1
        let isReused = reuse.map { $0 > 1 } ?? false
        let words = fields.required("command", "a program and its arguments, as in [python3, train.py, \"${args}\"]")?
            .allowingDomains(false).commandWords(names, isReused: isReused)
        let epochs = fields.required("epochs", "an integer from 1 to 1000000: the reports of a whole run")?
            .allowingDomains(false).integer(in: 1...1_000_000)
        let metrics = fixed("metrics").map { $0.metricNames() } ?? []
        let files: [String]?? = fixed("files").map { $0.fileNames() }
        let directory: String?? = fixed("directory").map { $0.absolutePath() }
        let environment = fixed("environment").map { $0.variables(names, isReused: isReused) } ?? []
        let limits = fixed("limits").map(CommandLimits.read) ?? CommandLimits()
        let threads = fields.optional("threads").map { $0.integer(in: 1...256) } ?? 1
        guard let parameters, let words, let epochs, let metrics, let environment, let limits, let threads, let reuse
        else { return nil }
        if case .some(.none) = files { return nil }
        if case .some(.none) = directory { return nil }
        return CommandSpec(
            words: words,
            parameters: parameters,
            epochs: epochs,
            metrics: metrics,
            files: files ?? nil,
            directory: directory ?? nil,
            environment: environment,
            limits: limits,
            threads: threads,
            reuse: reuse
        )
    }
}

extension SpecReader {
    /// `parameters`: a map of names to values and ranges, which may hold others.
    func programParameters() -> [SpecEntry]? {
        guard case .map(let entries) = node else {
            report(
                "not an allowed value",
                allowed: "a map of names, as in {learning_rate: {log: [1e-5, 1e-1]}, width: 64}"
            )
            return nil
        }
        let before = problems.all.count
        checkParameterNames(node, at: path)
        for entry in entries where entry.key == CommandTemplate.argumentsWord {
            problems.add(
                SpecProblem(
                    path: path.appending(.key(entry.key)),
                    message: "stands for all parameters in a command",
                    found: entry.key,
                    allowed: "another name",
                    side: .key
                )
            )
        }
        return problems.all.count == before ? entries : nil
    }

    /// Reports names that cannot be a flag, in a map and whatever is below it.
    private func checkParameterNames(_ node: SpecNode, at path: SpecPath) {
        switch node {
        case .map(let entries):
            for entry in entries {
                let place = path.appending(.key(entry.key))
                if !CommandTemplate.isParameterName(entry.key) {
                    problems.add(
                        SpecProblem(
                            path: place,
                            message: "not a parameter's name",
                            found: SpecNode.text(entry.key).excerpt,
                            allowed: "a letter or underscore, then letters, digits, dash or underscore, at most 64",
                            side: .key
                        )
                    )
                }
                checkParameterNames(entry.value, at: place)
            }
        case .list(let items):
            for (index, item) in items.enumerated() { checkParameterNames(item, at: path.appending(.index(index))) }
        case .domain(.choice(let options)):
            for (index, option) in options.enumerated() {
                checkParameterNames(option.node, at: path.appending(.option(index)))
            }
        case .null, .boolean, .integer, .real, .text, .domain: break
        }
    }

    /// `reuse`: how many runs a process may serve.
    fileprivate func reuse() -> Int? {
        switch node {
        case .boolean(let isReused): return isReused ? .max : 1
        case .integer(let count) where CommandSpec.reuses.contains(count): return count
        default:
            refuse(
                "true, false, or an integer from \(CommandSpec.reuses.lowerBound) to \(CommandSpec.reuses.upperBound): "
                    + "the runs that one process may serve"
            )
            return nil
        }
    }

    /// The words of `command`; with `names` nil what they name is not judged.
    fileprivate func commandWords(_ names: [String]?, isReused: Bool) -> [CommandTemplate]? {
        guard let items = items(count: 1...CommandSpec.entryLimit) else { return nil }
        let words = items.map { $0.template(names, isWord: true, isReused: isReused) }
        if words[0]?.isArguments == true {
            items[0].report("a command begins with a program", allowed: "a program, as in [python3, train.py]")
            return nil
        }
        let all = words.compactMap { $0 }
        return all.count == words.count ? all : nil
    }

    /// A text in which `${…}` stands for something.
    private func template(_ names: [String]?, isWord: Bool, isReused: Bool) -> CommandTemplate? {
        guard let text = shortText() else { return nil }
        switch CommandTemplate.parse(text) {
        case .success(let template):
            if let fault = template.fault(names: names, isWord: isWord, isReused: isReused) {
                report(fault.message, allowed: fault.allowed)
                return nil
            }
            return template
        case .failure(let fault):
            report(fault.message, allowed: fault.allowed)
            return nil
        }
    }

    /// A text of at most `wordLimit` bytes without a NUL, which the system would take for its end.
    private func shortText() -> String? {
        guard let text = text() else { return nil }
        guard text.utf8.count <= CommandSpec.wordLimit, !text.utf8.contains(0) else {
            report("too long, or with a NUL", allowed: "text of at most \(CommandSpec.wordLimit) bytes")
            return nil
        }
        return text
    }

    func metricNames() -> [Metric]? {
        guard let items = items(count: 1...CommandSpec.metricLimit - 1) else { return nil }
        var metrics: [Metric] = []
        var isWhole = true
        for item in items {
            guard let metric = item.reportedMetric() else {
                isWhole = false
                continue
            }
            if metrics.contains(metric) {
                item.report("a metric stands twice", allowed: "each once")
                isWhole = false
            }
            metrics.append(metric)
        }
        return isWhole ? metrics : nil
    }

    /// `files`: paths within the sweep file's folder.
    fileprivate func fileNames() -> [String]? {
        if case .list([]) = node { return [] }
        guard let items = items(count: 1...CommandSpec.entryLimit) else { return nil }
        let names = items.map { item -> String? in
            guard let text = item.shortText() else { return nil }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            if text.hasPrefix("/") || parts.contains("..") {
                item.report(
                    "a file that is not within the sweep file's folder",
                    allowed: "a path below it, as in train.py"
                )
                return nil
            }
            return text
        }
        let all = names.compactMap { $0 }
        return all.count == names.count ? all : nil
    }

    fileprivate func absolutePath() -> String? {
        guard let text = shortText() else { return nil }
        guard text.hasPrefix("/") else {
            report(
                "not a path from the root",
                allowed: "a folder that every worker has, as in /srv/project; or no directory"
            )
            return nil
        }
        return text
    }

    /// `environment`: a map of variables to their values.
    fileprivate func variables(_ names: [String]?, isReused: Bool) -> [CommandSpec.Variable]? {
        guard case .map(let entries) = node, entries.count <= CommandSpec.entryLimit else {
            report("not an allowed value", allowed: "a map of variables, as in {OMP_NUM_THREADS: 1}")
            return nil
        }
        let variables = entries.map { entry -> CommandSpec.Variable? in
            let place = path.appending(.key(entry.key))
            guard CommandTemplate.isVariableName(entry.key) else {
                problems.add(
                    SpecProblem(
                        path: place,
                        message: "not a variable that may be set",
                        found: SpecNode.text(entry.key).excerpt,
                        allowed: "letters, digits and underscore, not beginning with a digit or SWEEPD_",
                        side: .key
                    )
                )
                return nil
            }
            // Numbers and flags are what variables often hold; a real number's own text is not kept.
            switch entry.value {
            case .integer, .boolean:
                return CommandSpec.Variable(name: entry.key, value: CommandTemplate(text: entry.value.programText))
            default: break
            }
            let reader = SpecReader(entry.value, path: place, problems: problems)
            if entry.value == .text("") {
                return CommandSpec.Variable(name: entry.key, value: CommandTemplate(text: ""))
            }
            return reader.template(names, isWord: false, isReused: isReused)
                .map { CommandSpec.Variable(name: entry.key, value: $0) }
        }
        let all = variables.compactMap { $0 }
        return all.count == variables.count ? all : nil
    }
}
