import SweepCore
import SweepNumerics
import Testing

/// A sweep that comes from a peer is a node too: the same checks hold, whatever the node is.
@Suite struct SweepReadingTests {
    private func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }

    private var source: SpecNode {
        map(
            ("name", .text("s")),
            ("data", map(("source", .text("d.csv")), ("preprocess", .list([.text("standardize")])))),
            (
                "train",
                map(
                    (
                        "model",
                        map(
                            (
                                "mlp",
                                map(("layers", .domain(.integer(low: 1, high: 3, step: 1))), ("width", .integer(8)))
                            )
                        )
                    ),
                    (
                        "optimizer",
                        .domain(
                            .choice([
                                ChoiceOption(map(("sgd", map(("learning_rate", .real(0.1)))))),
                                ChoiceOption(
                                    map(
                                        (
                                            "adam",
                                            map(
                                                (
                                                    "learning_rate",
                                                    .domain(.logUniform(low: 1e-4, high: 0.1, points: nil))
                                                )
                                            )
                                        )
                                    )
                                ),
                            ])
                        )
                    ),
                    ("epochs", .integer(9))
                )
            ),
            ("search", map(("trials", .integer(5))))
        )
    }

    @Test func `a right node gives a sweep whose source is that node`() throws {
        let problems = SpecProblems()
        let sweep = try #require(Sweep.read(source, problems: problems))
        #expect(sweep.source == source)
        #expect(
            sweep.space.parameters.map(\.path) == [
                "train.model.mlp.layers", "train.optimizer", "train.optimizer.adam.learning_rate",
            ]
        )
        #expect(sweep.representative?.model == ModelSpec(widths: [8]))
        #expect(sweep.prune.method == .auto)
    }

    @Test func `what only a peer can send is a problem`() {
        let broken: [ParameterDomain] = [
            .uniform(low: .nan, high: 1, step: nil, points: nil),
            .uniform(low: 0, high: .infinity, step: nil, points: nil),
            .uniform(low: 1, high: 0, step: nil, points: nil), .uniform(low: 0, high: 1, step: .nan, points: nil),
            .uniform(low: 0, high: 1, step: nil, points: Int.max), .logUniform(low: -1, high: 1, points: nil),
            .integer(low: .min, high: .max, step: 1), .integer(low: 0, high: 9, step: -1),
            .integer(low: 0, high: 9, step: 0),
            .integer(low: 9, high: 0, step: .min), .logInteger(low: 0, high: 9, points: nil), .choice([]),
            .choice([ChoiceOption(label: .text("other"), node: .integer(1))]),
            .choice([ChoiceOption(.domain(.integer(low: 1, high: 2, step: 1)))]),
            .believed(.integer(low: 1, high: 9, step: 1), RangePrior(mean: .nan, deviation: 1)),
            .believed(.integer(low: 1, high: 9, step: 1), RangePrior(mean: 3, deviation: .nan)),
            .believed(.integer(low: 1, high: 9, step: 1), RangePrior(mean: 3, deviation: .infinity)),
            .believed(.integer(low: 9, high: 1, step: 1), RangePrior(mean: 3, deviation: 1)),
            .believed(.choice([ChoiceOption(.integer(1))]), RangePrior(mean: 1, deviation: 1)),
        ]
        for domain in broken {
            #expect(!domain.faults(at: SpecPath()).isEmpty, "\(domain)")
            guard case .map(var entries) = source, case .map(var train)? = source["train"] else { return }
            train.append(SpecEntry("batch_size", .domain(domain)))
            entries[2] = SpecEntry("train", .map(train))
            let problems = SpecProblems()
            #expect(Sweep.read(.map(entries), problems: problems) == nil)
            #expect(!problems.all.isEmpty)
        }
        guard case .map(let entries) = source else { return }
        let twice = SpecProblems()
        #expect(Sweep.read(.map(entries + [SpecEntry("name", .text("t"))]), problems: twice) == nil)
        #expect(twice.all.map(\.message) == ["the same key twice"])
    }

    @Test func `a node changed at random gives a sweep or a problem`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        for _ in 0..<5000 {
            var node = source
            for _ in 0...random.below(2) { node = changed(node, &random) }
            let problems = SpecProblems()
            guard let sweep = Sweep.read(node, problems: problems) else {
                #expect(!problems.all.isEmpty, "seed \(seed): \(node)")
                continue
            }
            #expect(problems.all.isEmpty, "seed \(seed)")
            for configuration in sweep.space.cover {
                let resolved = try #require(sweep.space.resolve(configuration), "seed \(seed): \(node)")
                #expect(TrialSpec.read(resolved, problems: SpecProblems()) != nil, "seed \(seed): \(node)")
            }
        }
    }

    /// `node` with one random place replaced, dropped or doubled.
    private func changed(_ node: SpecNode, _ random: inout RandomStream) -> SpecNode {
        if random.below(6) == 0 { return value(&random) }
        switch node {
        case .map(var entries) where !entries.isEmpty:
            let place = random.below(entries.count)
            switch random.below(12) {
            case 0: entries.remove(at: place)
            case 1: entries.append(entries[place])
            case 2: entries[place] = SpecEntry("loss", entries[place].value)
            default: entries[place] = SpecEntry(entries[place].key, changed(entries[place].value, &random))
            }
            return .map(entries)
        case .list(var items) where !items.isEmpty:
            let place = random.below(items.count)
            items[place] = changed(items[place], &random)
            return .list(items)
        case .domain(.choice(var options)) where !options.isEmpty:
            let place = random.below(options.count)
            options[place] =
                random.below(8) == 0
                ? ChoiceOption(label: .integer(7), node: options[place].node)
                : ChoiceOption(changed(options[place].node, &random))
            return .domain(.choice(options))
        default: return value(&random)
        }
    }

    private func value(_ random: inout RandomStream) -> SpecNode {
        let values: [SpecNode] = [
            .null, .boolean(true), .integer(0), .integer(1), .integer(-1), .integer(.max), .integer(.min), .real(.nan),
            .real(.infinity), .real(0.5), .real(-0.0), .real(1e300), .text(""), .text("grid"), .text("none"),
            .text("linear"), .list([]), .map([]),
            .list([.domain(.choice([ChoiceOption(.text("minmax"))]))]),
            .domain(.integer(low: 1, high: 4, step: 2)), .domain(.integer(low: .min, high: .max, step: 1)),
            .domain(.uniform(low: 0, high: 0.5, step: nil, points: nil)),
            .domain(.logInteger(low: 1, high: 8, points: nil)),
            .domain(.choice([])), .domain(.choice([ChoiceOption(.integer(1)), ChoiceOption(.integer(2))])),
        ]
        return values[random.below(values.count)]
    }
}
