import SweepCore

/// One `--set path=value`: a value of the sweep file given on the command line.
struct Override {
    /// The option as it was written.
    let option: String
    /// The keys and list positions of the path.
    private let steps: [Substring]
    private let value: YAMLTree

    /// Reads `path=value`; the value is YAML (`16`, `{log: [1e-4, 0.1]}`, `[standardize]`).
    static func read(_ text: String) -> Result<(override: Override, problems: [LocatedProblem]), OverrideFault> {
        let option = "--set \(text)"
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            return .failure(OverrideFault(option, "not an assignment: allowed path=value, as in train.epochs=9"))
        }
        let steps = text[..<sign].split(separator: ".", omittingEmptySubsequences: false)
        guard steps.allSatisfy({ !$0.isEmpty }) else {
            return .failure(OverrideFault(option, "not a path: found \(text[..<sign]), allowed keys joined by dots"))
        }
        do throws(YAMLFault) {
            let (tree, problems) = try YAMLReader.read(String(text[text.index(after: sign)...]), option: option)
            return .success((Override(option: option, steps: steps, value: tree), problems))
        } catch {
            return .failure(OverrideFault(option, error.message))
        }
    }

    /// Puts the value into `tree`: in place of what stands at the path, or as a new key.
    func apply(to tree: inout YAMLTree) -> OverrideFault? {
        var path = SpecPath()
        return put(steps[...], into: &tree, &path)
    }

    private func put(_ steps: ArraySlice<Substring>, into tree: inout YAMLTree, _ path: inout SpecPath)
        -> OverrideFault?
    {
        guard let step = steps.first.map(String.init) else {
            tree = value
            return nil
        }
        switch tree.content {
        case .map(var entries):
            if let index = entries.firstIndex(where: { $0.key == step }) {
                path = path.appending(.key(step))
                defer { tree.content = .map(entries) }
                return put(steps.dropFirst(), into: &entries[index].value, &path)
            }
            if let choice = entries.firstIndex(where: { $0.key == "choice" }),
                case .list(var options) = entries[choice].value.content
            {
                // A branch of a choice is called by its key, as in a configuration's names.
                let branches = options.indices.filter { options[$0][step] != nil }
                guard branches.count == 1 else {
                    return fault("\(branches.isEmpty ? "no" : "more than one") option of \(path) has the key \(step)")
                }
                path = path.appending(.option(branches[0]))
                defer {
                    entries[choice].value.content = .list(options)
                    tree.content = .map(entries)
                }
                return put(steps, into: &options[branches[0]], &path)
            }
            // What is missing on the way is made, so that a section can be set that the file leaves out.
            let place = SourcePlace.option(option)
            let made = steps.dropFirst().reversed().reduce(value) { inner, key in
                YAMLTree(content: .map([.init(key: String(key), place: place, value: inner)]), place: place)
            }
            tree.content = .map(entries + [.init(key: step, place: place, value: made)])
            return nil
        case .list(var items):
            guard let index = Int(step), items.indices.contains(index) else {
                let last = items.count - 1
                return fault(
                    "no such item: \(path), found \(step), allowed \(last < 0 ? "nothing, the list is empty" : "0 to \(last)")"
                )
            }
            path = path.appending(.index(index))
            defer { tree.content = .list(items) }
            return put(steps.dropFirst(), into: &items[index], &path)
        case .scalar(let node):
            return fault("nothing can be set below this value: \(path), found \(node.excerpt), allowed a map")
        }
    }

    private func fault(_ message: String) -> OverrideFault { OverrideFault(option, message) }
}

/// Why an option of the command line cannot be used.
struct OverrideFault: Error {
    let option: String
    let message: String

    init(_ option: String, _ message: String) {
        self.option = option
        self.message = message
    }

    var located: LocatedProblem { LocatedProblem(place: .option(option), kind: message, text: message) }
}
