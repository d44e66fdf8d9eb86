/// One run of a controlled comparison: the file's own run with some of its values changed.
///
/// Arms are the options of one choice that holds the whole run, called `arm`; each option is a resolved template. So a
/// comparison is searched, trained, stored and ranked as any grid of one parameter. All arms share the seed of each
/// repeat: the same initial weights, order of rows and dropout wherever the change leaves them meaning the same.
package struct Arm: Hashable, Sendable {
    /// What tables call it.
    package let name: String
    /// What it changes, in the file's order.
    package let changes: [Change]

    /// A place in the sweep file and what stands there in this arm.
    package struct Change: Hashable, Sendable {
        /// Keys, and positions in lists, from the top of the file.
        package let path: [String]
        package let value: SpecNode

        package init(path: [String], value: SpecNode) {
            self.path = path
            self.value = value
        }
    }

    package init(name: String, changes: [Change]) {
        self.name = name
        self.changes = changes
    }

    /// The name of the parameter that says which arm a configuration is.
    package static let parameter = "arm"

    /// `template` with this arm's changes; nil where a change's place does not exist.
    package func applied(to template: SpecNode) -> SpecNode? {
        var node: SpecNode? = template
        for change in changes { node = node?.replacing(change.path[...], with: change.value) }
        return node
    }
}

extension SpecNode {
    /// This node with `value` at `path`; keys that are absent on the way are made, list positions must exist.
    package func replacing(_ path: ArraySlice<String>, with value: SpecNode) -> SpecNode? {
        guard let step = path.first else { return value }
        switch self {
        case .map(var entries):
            let index = entries.firstIndex { $0.key == step }
            guard let below = (index.map { entries[$0].value } ?? .null).replacing(path.dropFirst(), with: value)
            else { return nil }
            if let index {
                entries[index] = SpecEntry(step, below)
            } else {
                entries.append(SpecEntry(step, below))
            }
            return .map(entries)
        case .list(var items):
            guard let index = Int(step), items.indices.contains(index),
                let below = items[index].replacing(path.dropFirst(), with: value)
            else { return nil }
            items[index] = below
            return .list(items)
        // A kind without settings, as in `loss: huber`, is the map of that kind and its defaults.
        case .text(let kind) where kind == step:
            return SpecNode.map([]).replacing(path.dropFirst(), with: value).map { .map([SpecEntry(kind, $0)]) }
        case .null: return SpecNode.map([]).replacing(path, with: value)
        case .boolean, .integer, .real, .text, .domain: return nil
        }
    }
}

extension Arm {
    /// Arms of one comparison: two to tell apart, and as many as a table can show.
    static let counts = 2...64

    /// Reads `arms` of a sweep file whose plain run is `template`; nil when any is wrong (and reported).
    static func readAll(_ reader: SpecReader, template: SpecNode) -> [Arm]? {
        guard case .map(let entries) = reader.node, counts.contains(entries.count) else {
            reader.report(
                "not a comparison",
                allowed: "a map of \(counts.lowerBound) to \(counts.upperBound) arms, as in "
                    + "{as it is: {}, slower: {train.optimizer.adam.learning_rate: 1e-4}}"
            )
            return nil
        }
        var arms: [Arm] = []
        var nodes: [SpecNode: String] = [:]
        for entry in entries {
            let place = reader.path.appending(.key(entry.key))
            let own = SpecReader(entry.value == .null ? .map([]) : entry.value, path: place, problems: reader.problems)
            guard isName(entry.key) else {
                reader.problems.add(
                    SpecProblem(
                        path: place,
                        message: "not an arm's name",
                        found: SpecNode.text(entry.key).excerpt,
                        allowed: "1 to 64 printable characters",
                        side: .key
                    )
                )
                continue
            }
            guard let arm = read(entry.key, own, template: template), let node = arm.applied(to: template)
            else { continue }
            if let other = nodes[node] {
                own.report("the same run as the arm \(other)", allowed: "each arm once")
                continue
            }
            nodes[node] = entry.key
            arms.append(arm)
        }
        return arms.count == entries.count ? arms : nil
    }

    /// Reads one arm, and the whole run that it makes.
    private static func read(_ name: String, _ reader: SpecReader, template: SpecNode) -> Arm? {
        guard case .map(let entries) = reader.node else {
            reader.report("not an allowed value", allowed: "a map of paths to values, or {} for the file's own run")
            return nil
        }
        let before = reader.problems.all.count
        var changes: [Change] = []
        for entry in entries {
            let path = entry.key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if let allowed = refusal(of: path, template) {
                reader.problems.add(
                    SpecProblem(
                        path: reader.path.appending(.key(entry.key)),
                        message: "not a place that an arm may change",
                        found: entry.key,
                        allowed: allowed,
                        side: .key
                    )
                )
                continue
            }
            let change = Change(path: path, value: entry.value)
            guard let changed = template.replacing(path[...], with: entry.value) else {
                reader.problems.add(
                    SpecProblem(
                        path: reader.path.appending(.key(entry.key)),
                        message: "nothing can be set there",
                        found: entry.key,
                        allowed: "a path of keys that the file has, joined by dots",
                        side: .key
                    )
                )
                continue
            }
            // A change that changes nothing would be compared with itself.
            if changed == template {
                reader.problems.add(
                    SpecProblem(
                        path: reader.path.appending(.key(entry.key)),
                        message: "changes nothing",
                        found: entry.value.excerpt,
                        allowed: "another value than the file's own"
                    )
                )
                continue
            }
            changes.append(change)
        }
        guard reader.problems.all.count == before else { return nil }
        let arm = Arm(name: name, changes: changes)
        guard let node = arm.applied(to: template) else { return nil }
        let found = SpecProblems()
        let trial = TrialWork.read(node, problems: found)
        for problem in found.all { reader.problems.add(arm.problem(problem)) }
        return trial == nil || !found.all.isEmpty ? nil : arm
    }

    /// Where an arm may not change anything: what is allowed instead; nil where it may.
    private static func refusal(of path: [String], _ template: SpecNode) -> String? {
        if template["train"]?["command"] != nil {
            // Files, metrics and limits are one of a sweep.
            let keys = ["command", "environment", "parameters"]
            let isAllowed = path.count > 1 && path[0] == "train" && keys.contains(path[1]) && !path.contains("")
            return isAllowed ? nil : "a path below train.parameters, train.environment or train.command"
        }
        if template["train"]?["ask"] != nil {
            let isAllowed = path.count > 2 && path[0] == "train" && path[1] == "parameters" && !path.contains("")
            return isAllowed ? nil : "a path below train.parameters"
        }
        let places = "a path below train, or data.\(Sweep.searchedDataKeys.joined(separator: ", data."))"
        guard !path.contains(""), path.count > 1 else { return places }
        switch path[0] {
        // The epochs of a sweep are those of every trial: its rungs and its virtual clock are counted in them.
        case "train" where path[1] == "epochs": return "another key of train: all arms train the same epochs"
        // What is looked at changes no number: such arms would be the same one twice.
        case "train" where path[1] == "instruments": return "another key of train: all arms are looked at alike"
        case "train": return nil
        case "data": return Sweep.searchedDataKeys.contains(path[1]) ? nil : places
        default: return places
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.count) && text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace || $0 == " " }
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// A mistake in this arm's run, at its place in the sweep file: in the arm where it changed it, else in the run itself.
    package func problem(_ problem: SpecProblem) -> SpecProblem {
        SpecProblem(
            path: place(of: problem.path),
            message: problem.message,
            found: problem.found,
            allowed: problem.allowed,
            side: problem.side
        )
    }

    /// Where the value at `path` of this arm's run stands in the sweep file.
    package func place(of path: SpecPath) -> SpecPath {
        let names = path.steps.map { step in
            switch step {
            case .key(let key): key
            case .index(let index): String(index)
            case .option(let index): "choice[\(index)]"
            }
        }
        let home = changes.last { names.starts(with: $0.path) }
        guard let home else { return path }
        let arm = SpecPath([.key("arms"), .key(name), .key(home.path.joined(separator: "."))])
        return path.steps.dropFirst(home.path.count).reduce(arm) { $0.appending($1) }
    }
}
