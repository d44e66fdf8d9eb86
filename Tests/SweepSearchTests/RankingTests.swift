import SweepCore
import SweepNumerics
import SweepSearch
import Testing

@Suite struct RankingTests {
    private func configuration(_ x: Int) -> Configuration {
        Configuration([.init(path: "train.x", value: .integer(x))])
    }

    private func trial(
        _ number: Int,
        _ x: Int,
        _ losses: [Double],
        _ state: TrialState = .completed,
        accuracy: [Double]? = nil,
        finding: Symptom? = nil,
        repetition: Int = 0
    ) -> TrialRecord {
        let observations = losses.enumerated().map { index, loss in
            Observation(epoch: index + 1, values: [loss, accuracy?[index] ?? 0.5], seconds: 1)
        }
        return TrialRecord(
            number: number,
            configuration: configuration(x),
            seed: UInt64(number),
            repetition: repetition,
            state: state,
            curve: LearningCurve(metrics: [.validationLoss, .validationAccuracy], observations: observations),
            coreSeconds: Double(losses.count),
            workers: ["w\(number % 2)"],
            finding: finding.map { Finding(symptom: $0, sinceEpoch: 1, evidence: "because") }
        )
    }

    private func rank(_ trials: [TrialRecord], _ objective: Objective = Objective()) -> [RankRow] {
        Ranking.rows(trials, objective: objective, levels: [1, 3])
    }

    private func order(_ rows: [RankRow]) -> [Int] { rows.map(\.trial) }

    @Test func `completed come first, then by rung, then lost numbers, then failed`() {
        let rows = rank([
            trial(1, 1, [0.01], .failed("signal 9")),
            trial(2, 2, [0.1, .nan], .pruned(.cannotRecover), finding: .nonFinite),
            trial(3, 3, [], .waiting),
            trial(4, 4, [0.2], .paused),
            trial(5, 5, [0.3], .pruned(.scheduler)),
            trial(6, 6, [0.9, 0.9, 0.8], .running),
            trial(7, 7, [0.9, 0.7, 0.7]),
            trial(8, 8, [0.9, 0.6, 0.7]),
        ])
        #expect(order(rows) == [8, 7, 6, 4, 5, 3, 2, 1])
        #expect(rows.map(\.place) == Array(1...8))
        #expect(rows[0].objective == 0.6 && rows[0].epoch == 2 && rows[0].epochs == 3)
        #expect(rows.map(\.rung) == [3, 3, 3, 1, 1, 0, 1, 1])
        #expect(rows[6].objective?.isNaN == true)
        #expect(rows[6].finding?.symptom == .nonFinite)
        #expect(rows[5].objective == nil && rows[5].epoch == nil && rows[5].metrics.isEmpty)
    }

    @Test func `the first rows are those of the whole ranking, and findings are asked for them alone`() {
        let trials = (1...60).map { number in
            trial(number, number / 2, [Double((number * 37) % 61), Double((number * 17) % 23)], finding: .slow)
        }
        let all = rank(trials)
        for top in [0, 1, 7, all.count, all.count + 5] {
            var asked: [Int] = []
            let (rows, count, _) = Ranking.summary(trials, objective: Objective(), levels: [1, 3], top: top) {
                asked.append($0.number)
                return $0.finding
            }
            #expect(rows == Array(all.prefix(top)))
            #expect(count == all.count)
            #expect(asked == rows.map(\.trial))
        }
    }

    @Test func `the first of many are those of the whole order, however they come`() {
        var stream = RandomStream(key: 5)
        let falling = (1...1000).map { Double(1001 - $0) }
        let drawn = falling.map { _ in Double(stream.below(40)) }
        for losses in [falling, falling.reversed(), drawn] {
            let trials = zip(1..., losses).map { number, loss in trial(number, number, [loss, loss, loss]) }
            // Equal objectives are ordered by configuration.
            let expected = trials.sorted { one, other in
                (losses[one.number - 1], one.configurationID) < (losses[other.number - 1], other.configurationID)
            }
            #expect(order(rank(trials)) == expected.map(\.number))
            for top in [1, 5, 127, 128, 129, 500, 999] {
                let (rows, all, _) = Ranking.summary(trials, objective: Objective(), levels: [1, 3], top: top) { _ in
                    nil
                }
                #expect(order(rows) == expected.prefix(top).map(\.number), "the first \(top)")
                #expect(rows.map(\.place) == Array(1...top) && all == 1000)
            }
        }
    }

    @Test func `records are made of rows that are shown alone`() {
        let trials = (1...300).map { trial($0, $0, [Double(($0 * 37) % 307)], .paused) }
        let rule = RankRule(objective: Objective(), levels: [1, 3])
        let standings = zip(0..., trials).map { place, trial in
            rule.standing(
                place: place,
                number: trial.number,
                configurationID: trial.configurationID,
                run: trial.repetition,
                state: trial.state,
                curve: trial.curve
            )
        }
        var asked: [Int] = []
        let (rows, all, _) = Ranking.summary(of: standings, rule, top: 4, finding: { _ in nil }) { place in
            asked.append(trials[place].number)
            return trials[place]
        }
        #expect(rows == Array(rank(trials).prefix(4)) && all == 300)
        #expect(asked == rows.map(\.trial))
    }

    @Test func `finalists come first, by their runs with new seeds alone`() throws {
        let records = [
            trial(1, 1, [0.1]), trial(2, 2, [0.2]), trial(3, 3, [0.15]), trial(4, 4, [0.3]),
            trial(5, 1, [0.5], repetition: 1), trial(6, 2, [0.4], repetition: 1), trial(7, 4, [0.2], repetition: 1),
            trial(8, 1, [0.6], repetition: 2), trial(9, 2, [0.42], repetition: 2),
            trial(10, 4, [.nan], .pruned(.cannotRecover), repetition: 2),
        ]
        let rows = Ranking.rows(records, objective: Objective(), levels: [1], repeats: 1)
        // The third was no finalist; the fourth lost its numbers in a new run.
        #expect(rows.map { $0.configuration["train.x"] } == [.integer(2), .integer(1), .integer(3), .integer(4)])
        #expect(rows.map { $0.final?.runs } == [2, 2, nil, nil])
        #expect(rows.map { $0.final?.searchObjective } == [0.2, 0.1, nil, nil])
        #expect(abs((rows[0].objective ?? 0) - 0.41) < 1e-12 && abs((rows[1].objective ?? 0) - 0.55) < 1e-12)
        #expect(rows[0].interval == StudentT.interval95([0.4, 0.42]))
        let chances = rows.compactMap { $0.final?.chance }
        #expect(chances.count == 2 && abs(chances[0] + chances[1] - 1) < 1e-12 && chances[0] > 0.8)
        #expect(rows[3].objective?.isNaN == true && rows[2].objective == 0.15)
        // What stands beside it is of the new runs too, and so is the run that the row is shown with.
        #expect(rows[0].trial == 6 && rows[1].trial == 5)
        #expect(rows[1].metrics.first { $0.metric == .validationLoss }?.value == rows[1].objective)
        // While one has no new run yet the order is that of the search.
        let early = Ranking.rows(
            records.prefix(5) + [trial(6, 2, [], .running, repetition: 1)],
            objective: Objective(),
            levels: [1],
            repeats: 1
        )
        #expect(early.map { $0.configuration["train.x"] } == [.integer(1), .integer(3), .integer(2), .integer(4)])
        #expect(early.allSatisfy { $0.final == nil } && early[0].objective == 0.1)
        // A chance needs two runs of each.
        let two = Ranking.rows(records.prefix(8), objective: Objective(), levels: [1], repeats: 1)
        #expect(two.compactMap(\.final).count == 3 && two.allSatisfy { $0.final?.chance == nil })
        // Without finalists all runs count, as ever.
        let plain = Ranking.rows(records.filter { $0.number < 10 }, objective: Objective(), levels: [1])
        #expect(plain.allSatisfy { $0.final == nil } && plain[0].configuration["train.x"] == .integer(3))
        // A score is better when it is greater.
        let scores = (1...6).map { number in
            trial(
                number,
                number % 2,
                [1],
                accuracy: [number % 2 == 0 ? 0.9 : 0.7 + 0.01 * Double(number)],
                repetition: (number - 1) / 2
            )
        }
        let best = Ranking.rows(
            scores,
            objective: Objective(metric: .validationAccuracy, direction: .maximize),
            levels: [1],
            repeats: 1
        )
        #expect(best[0].configuration["train.x"] == .integer(0) && (best[0].final?.chance ?? 0) > 0.9)
    }

    @Test func `the best epoch counts unless the file says last`() {
        let trials = [trial(1, 1, [0.1, 0.9, 0.5]), trial(2, 2, [0.9, 0.3, 0.4])]
        #expect(order(rank(trials)) == [1, 2])
        let last = rank(trials, Objective(epoch: .last))
        #expect(order(last) == [2, 1])
        #expect(last[0].objective == 0.4 && last[0].epoch == 3)
    }

    @Test func `a greater accuracy is better when it is maximised, and NaN is still last`() {
        let objective = Objective(metric: .validationAccuracy, direction: .maximize)
        let rows = rank(
            [
                trial(1, 1, [0.5, 0.5, 0.5], accuracy: [0.5, 0.6, 0.6]),
                trial(2, 2, [0.5, 0.5, 0.5], accuracy: [0.5, 0.9, 0.6]),
                trial(3, 3, [0.5, .infinity], .pruned(.cannotRecover), accuracy: [1, 1]),
            ],
            objective
        )
        #expect(order(rows) == [2, 1, 3])
        #expect(rows[0].objective == 0.9)
        #expect(rows[0].metrics.first { $0.metric == .validationAccuracy }?.value == 0.9)
        #expect(rows[2].objective == .infinity)
    }

    @Test func `several seeds give a mean, an interval and ties`() throws {
        let rows = rank([
            trial(1, 1, [0.10, 1, 1]), trial(2, 1, [0.12, 1, 1]), trial(3, 1, [0.11, 1, 1]),
            trial(4, 2, [0.11, 1, 1]), trial(5, 2, [0.13, 1, 1]), trial(6, 2, [0.12, 1, 1]),
            trial(7, 3, [0.50, 1, 1]), trial(8, 3, [0.51, 1, 1]), trial(9, 3, [0.505, 1, 1]),
            trial(10, 4, [0.115, 1, 1]),
        ])
        #expect(order(rows) == [1, 10, 4, 7])
        #expect(abs(try #require(rows[0].objective) - 0.11) < 1e-12)
        let interval = try #require(rows[0].interval)
        #expect(
            abs(interval.upperBound - interval.lowerBound - 2 * 4.3026527297494639 * 0.01 / 3.0.squareRoot()) < 1e-12
        )
        #expect(rows.map(\.tiedWith) == [[3], [], [1], []])
        #expect(rows[1].interval == nil)
        #expect(rows[0].runs.map(\.trial) == [1, 3, 2])
        #expect(rows[0].epochs == 9 && rows[0].coreSeconds == 9 && rows[0].attempts == 3)
        #expect(rows[0].workers == ["w1", "w0"])
    }

    @Test func `one run without a number takes its configuration down`() {
        let rows = rank([
            trial(1, 1, [0.1, 0.1, 0.1]), trial(2, 1, [0.1, .nan], .pruned(.cannotRecover), finding: .nonFinite),
            trial(3, 2, [0.9], .paused),
        ])
        #expect(order(rows) == [3, 1])
        #expect(rows[1].objective?.isNaN == true && rows[1].interval == nil)
        #expect(rows[1].state == .completed)
        #expect(rows[1].finding?.symptom == .nonFinite)
    }

    @Test func `only completed runs count once there is one`() {
        let rows = rank([
            trial(1, 1, [0.4, 0.4, 0.4]), trial(2, 1, [0.1], .pruned(.scheduler)), trial(3, 1, [], .failed("x")),
        ])
        #expect(rows[0].objective == 0.4 && rows[0].trial == 1 && rows[0].interval == nil)
        #expect(rows[0].runs.map(\.trial) == [1, 2, 3])
    }

    @Test(arguments: 0..<20) func `the order does not depend on the order of the trials`(_ seed: UInt64) {
        var stream = RandomStream(key: seed)
        var trials = (1...30).map { number in
            let epochs = stream.below(4)
            let losses = (0..<epochs).map { _ in Double(stream.below(3)) }
            let state: TrialState = epochs == 3 ? .completed : [.running, .paused, .failed("x")][stream.below(3)]
            return trial(number, stream.below(12), losses, state)
        }
        let expected = rank(trials)
        stream.shuffle(&trials)
        #expect(rank(trials).map(\.runs) == expected.map(\.runs), "seed \(seed)")
        for (above, below) in zip(expected, expected.dropFirst()) where above.objective == below.objective {
            if above.state.name == below.state.name, above.rung == below.rung, above.state == .completed {
                #expect(above.configuration.id < below.configuration.id, "seed \(seed)")
            }
        }
    }
}
