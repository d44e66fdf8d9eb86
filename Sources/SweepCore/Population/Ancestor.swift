import SweepNumerics

/// What a trial's state went through before its own first epoch: a run of another trial, which it was copied from.
package struct Ancestor: Hashable, Sendable {
    /// The epoch after which the state was copied, from 1.
    package let to: Int
    package let seed: UInt64
    package let trial: TrialSpec

    package init(to: Int, seed: UInt64, trial: TrialSpec) {
        self.to = to
        self.seed = seed
        self.trial = trial
    }

    /// The key of a resolved template that lists a trial's ancestors, the first one first.
    package static let key = "lineage"

    /// The template's entry for ancestors that are given as resolved templates of their own.
    package static func entry(_ ancestors: [(to: Int, seed: UInt64, template: SpecNode)]) -> SpecEntry {
        SpecEntry(
            key,
            .list(
                ancestors.map { ancestor in
                    .map([
                        SpecEntry("to", .integer(ancestor.to)),
                        SpecEntry("seed", .integer(Int(bitPattern: UInt(ancestor.seed)))),
                        SpecEntry("trial", ancestor.template),
                    ])
                }
            )
        )
    }

    /// Reads the entry's value; nil when it is wrong (and reported).
    static func readList(_ reader: SpecReader) -> [Ancestor]? {
        guard let items = reader.items(count: 1...PopulationSpec.greatestDecisions) else { return nil }
        var found: [Ancestor] = []
        for item in items {
            guard let fields = item.fields(["to", "seed", "trial"]),
                let to = fields.required("to", "an epoch")?.integer(in: 1...1_000_000),
                let seed = fields.required("seed", "a seed")?.integer(in: Int.min...Int.max),
                let node = fields.required("trial", "a trial")?.node,
                let trial = TrialSpec.read(node, problems: reader.problems)
            else { return nil }
            guard to > found.last?.to ?? 0, trial.ancestors.isEmpty else {
                item.report("not an ancestor of what follows")
                return nil
            }
            found.append(Ancestor(to: to, seed: UInt64(UInt(bitPattern: seed)), trial: trial))
        }
        return found
    }
}

/// Where a trial's state comes from: the state of another trial of its sweep after an epoch.
package struct Parent: Hashable, Sendable {
    /// Its number.
    package let trial: Int
    /// From 1.
    package let epoch: Int

    package init(trial: Int, epoch: Int) {
        self.trial = trial
        self.epoch = epoch
    }
}

extension Configuration {
    /// The name of a trial of this configuration that is number `number` of its sweep and goes on from the state that a trial named `parent`
    /// had after `epoch`.
    ///
    /// What such a trial is trained to is no function of the configuration alone, so it is no repeat of any other.
    package func id(copiedFrom parent: ConfigurationID, after epoch: Int, number: Int) -> ConfigurationID {
        var hash = StableHash()
        hash.combine("copy")
        hash.combine(id.rawValue)
        hash.combine(parent.rawValue)
        hash.combine(UInt64(epoch))
        hash.combine(UInt64(number))
        return ConfigurationID(rawValue: hash.value)
    }
}
