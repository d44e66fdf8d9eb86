/// Configurations that a user wants tried before what the searcher proposes next, of a sweep that is handed in already.
package struct EnqueueRequest: Hashable, Sendable {
    /// A list of maps from parameters to values, by the rules of `search.try_first` in a sweep file.
    package var configurations: SpecNode
    /// Whether the sweep gets as many trials more as they need.
    package var addsTrials: Bool
    /// The asker's name for this request: one that comes again under the same name is done already. Nil: none.
    package var key: String?

    /// Configurations of one sweep that may wait at once.
    package static let greatestWaiting = 1000
    /// Bytes of those, by `Configuration.size`.
    package static let greatestBytes = 4 << 20
    /// Keys of one sweep that are remembered, the newest ones.
    package static let greatestKeys = 1000
    /// Bytes of a key.
    package static let keyBytes = 1...64
    /// Bytes of one request's text.
    package static let bodyLimit = 1 << 20

    package init(configurations: SpecNode, addsTrials: Bool = false, key: String? = nil) {
        self.configurations = configurations
        self.addsTrials = addsTrials
        self.key = key
    }

    /// The configurations as those of `space`, or the mistakes, each in a sentence.
    ///
    /// What `search.try_first` refuses is refused in the same words; where there is but one configuration, paths begin in it.
    package func read(for space: SearchSpace) -> Result<[Configuration], Mistakes> {
        let problems = SpecProblems()
        var found: [Configuration]?
        configurations.reportFaults(into: problems)
        if problems.all.isEmpty {
            if case .list(let items) = configurations, items.count == 1 {
                found = SpecReader(items[0], problems: problems).configuration(of: space).map { [$0] }
            } else {
                let path = SpecPath([.key("configurations")])
                found = SpecReader(configurations, path: path, problems: problems).configurations(of: space)
            }
        }
        guard problems.all.isEmpty, let found else { return .failure(Mistakes(problems.all.map(\.text))) }
        return .success(found)
    }

    /// What is wrong with configurations, in sentences.
    package struct Mistakes: Error, Hashable, Sendable {
        package let sentences: [String]
        /// Those that are told; of a thousand with the same mistake nobody reads more.
        package static let greatestTold = 20

        package init(_ sentences: [String]) { self.sentences = sentences }

        /// All in one line, the first twenty and how many more there are.
        package var text: String {
            let told = sentences.prefix(Self.greatestTold).joined(separator: "; ")
            let more = sentences.count - Self.greatestTold
            return more > 0 ? "\(told); … and \(more) more" : told
        }
    }
}

extension Configuration {
    /// Bytes that it takes, about: its names, its texts and 16 for each value.
    package var size: Int {
        entries.reduce(0) { sum, entry in
            let text = if case .text(let text) = entry.value { text.utf8.count } else { 0 }
            return sum + entry.path.utf8.count + text + 16
        }
    }

    /// Its values for messages, `path: value` each, at most some hundred characters.
    package var excerpt: String {
        let text = entries.map { "\($0.path): \($0.value)" }.joined(separator: ", ")
        return text.count > 200 ? text.prefix(200) + "…" : text
    }
}
