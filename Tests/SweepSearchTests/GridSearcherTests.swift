import SweepCore
import SweepSearch
import Testing

@Suite struct GridSearcherTests {
    private func values(_ domain: ParameterDomain) -> [ParameterValue] {
        var grid = GridSearcher(space: Spaces.space(("x", .domain(domain))))
        return (0..<(grid.total ?? 0)).compactMap { grid.propose(number: $0)?["train.x"] }
    }

    @Test func `the total is the number of configurations that come`() {
        var grid = GridSearcher(space: Spaces.nested)
        #expect(grid.total == 48)
        var seen: Set<Configuration> = []
        for number in 0..<48 { seen.insert(grid.propose(number: number) ?? Configuration([])) }
        #expect(seen.count == 48)
        #expect(grid.propose(number: 48) == nil)
    }

    @Test func `the first parameter changes slowest and branches hold only their own parameters`() {
        var grid = GridSearcher(space: Spaces.nested)
        #expect(
            grid.propose(number: 0)
                == Configuration([
                    .init(path: "train.layers", value: .integer(1)),
                    .init(path: "train.optimizer", value: .text("sgd")),
                    .init(path: "train.optimizer.sgd.learning_rate", value: .real(0.1)),
                    .init(path: "train.optimizer.sgd.momentum", value: .real(0)),
                    .init(path: "train.batch_size", value: .integer(16)),
                ])
        )
        #expect(grid.propose(number: 1)?["train.batch_size"] == .integer(32))
        #expect(grid.propose(number: 2)?["train.optimizer.sgd.momentum"] == .real(0.9))
        #expect(
            grid.propose(number: 47)
                == Configuration([
                    .init(path: "train.layers", value: .integer(3)),
                    .init(path: "train.optimizer", value: .text("none")),
                    .init(path: "train.batch_size", value: .integer(32)),
                ])
        )
    }

    @Test func `points and steps give the decimals that people mean`() {
        #expect(
            values(.logUniform(low: 1e-4, high: 1, points: 5))
                == [1e-4, 1e-3, 1e-2, 0.1, 1].map { .real($0) }
        )
        #expect(
            values(.uniform(low: 0.1, high: 0.5, step: 0.1, points: nil))
                == [0.1, 0.2, 0.3, 0.4, 0.5].map { .real($0) }
        )
        #expect(values(.uniform(low: -1, high: 1, step: nil, points: 5)) == [-1, -0.5, 0, 0.5, 1].map { .real($0) })
        #expect(values(.uniform(low: 0, high: 1, step: 0.4, points: nil)) == [0, 0.4, 0.8].map { .real($0) })
        #expect(values(.integer(low: 1, high: 10, step: 4)) == [1, 5, 9].map { .integer($0) })
        #expect(values(.logInteger(low: 1, high: 8, points: 4)) == [1, 2, 4, 8].map { .integer($0) })
        #expect(values(.logInteger(low: 1, high: 4, points: 9)) == [1, 2, 3, 4].map { .integer($0) })
        #expect(values(.uniform(low: 0, high: 1, step: nil, points: 1)) == [.real(0.5)])
    }

    @Test func `a huge grid is counted without being written out`() {
        let wide = SpecNode.domain(.integer(low: 0, high: 999_999, step: 1))
        var grid = GridSearcher(space: Spaces.space(("a", wide), ("b", wide), ("c", wide)))
        #expect(grid.total == 1_000_000_000_000_000_000)
        #expect(
            grid.propose(number: 123_456_000_007_000_999)?.entries.map(\.value)
                == [.integer(123_456), .integer(7), .integer(999)]
        )
        let endless = GridSearcher(space: Spaces.space(("a", wide), ("b", wide), ("c", wide), ("d", wide)))
        #expect(endless.total == Int.max)
    }

    @Test func `ranges without step or points are named with their places`() {
        let space = Spaces.space(
            (
                "optimizer",
                Spaces.choice(
                    Spaces.map(
                        ("adam", Spaces.map(("learning_rate", .domain(.logUniform(low: 1e-4, high: 1, points: nil)))))
                    )
                )
            ),
            ("dropout", .domain(.uniform(low: 0, high: 0.5, step: nil, points: nil))),
            ("width", .domain(.logInteger(low: 8, high: 64, points: nil))),
            ("fine", .domain(.integer(low: 1, high: 2, step: 1)))
        )
        let problems = GridSearcher.problems(space)
        #expect(
            problems.map(\.path.description)
                == ["train.optimizer.choice[0].adam.learning_rate", "train.dropout", "train.width"]
        )
        #expect(problems.allSatisfy { $0.allowed?.contains("points") == true })
        #expect(GridSearcher(space: space).total == 0)
        #expect(GridSearcher.problems(Spaces.nested).isEmpty)
    }

    @Test func `domains that no file can hold do not trap`() {
        #expect(values(.choice([])).isEmpty)
        #expect(values(.integer(low: 3, high: 1, step: 0)) == [.integer(3)])
        #expect(values(.uniform(low: 1, high: 0, step: -1, points: nil)) == [.real(1)])
        var whole = GridSearcher(space: Spaces.space(("x", .domain(.integer(low: .min, high: .max, step: 1)))))
        #expect(whole.total == Int.max)
        #expect(whole.propose(number: 0)?["train.x"] == .integer(.min))
    }
}
