package import SweepCore

/// Short names for parameter paths: as few of the last path components as tell them apart.
package enum ParameterNames {
    /// A name for each of `paths`, all different when the paths are.
    ///
    /// `train.model.mlp.width` is `width`; two learning rates are `sgd.learning_rate` and `adam.learning_rate`.
    package static func short(_ paths: [String]) -> [String] {
        let components = paths.map { $0.split(separator: ".", omittingEmptySubsequences: false) }
        var lengths = Array(repeating: 1, count: paths.count)
        func name(_ index: Int) -> String { components[index].suffix(lengths[index]).joined(separator: ".") }
        while true {
            var groups: [String: [Int]] = [:]
            for index in paths.indices { groups[name(index), default: []].append(index) }
            let longer = groups.values.filter { $0.count > 1 }.joined().filter {
                lengths[$0] < components[$0].count
            }
            if longer.isEmpty { return paths.indices.map(name) }
            for index in longer { lengths[index] += 1 }
        }
    }
}

extension Configuration {
    /// The configuration in a line: short names with their values; a word for the one configuration of a space without ranges.
    package var shortText: String {
        guard !entries.isEmpty else { return "the file as it stands" }
        let names = ParameterNames.short(entries.map(\.path))
        return zip(names, entries).map { "\($0) \($1.value.shortText)" }.joined(separator: "  ")
    }
}

extension ParameterValue {
    /// The value with as many digits as a person reads.
    var shortText: String {
        if case .real(let value) = self { NumberText.short(value) } else { "\(self)" }
    }
}
