import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

@Suite struct ExplanationTests {
    /// A finished sweep of promotion ASHA with rungs 1, 3, 9.
    private func finished(method: String) throws -> CoreHarness {
        var harness = CoreHarness()
        var sample = SampleSweep()
        (sample.trials, sample.parallelism, sample.epochs) = (27, 4, 9)
        sample.method = method
        var worker = harness.join("a", slots: 4)
        _ = harness.submit(sample)
        harness.trainAll(&worker, harness.assigned(to: worker))
        try #require(harness.sweep?.state == .finished)
        return harness
    }

    private static let methods = ["random", "sobol", "tpe", "gp", "cmaes", "evolution", "bohb"]

    @Test(arguments: methods)
    func `every trial of a sweep has the reason that its searcher decided by`(method: String) throws {
        let harness = try finished(method: method)
        let sweep = try #require(harness.sweep)
        var kinds: Set<String> = []
        for trial in sweep.trials {
            let explanation = try #require(sweep.explanation(of: trial.number))
            // Nil would say that the replay proposes something else.
            let reason = try #require(explanation.reason, "trial \(trial.number)")
            kinds.insert(String("\(reason)".prefix { $0 != "(" }))
            #expect(explanation.results + explanation.pending == trial.number - 1)
            #expect(explanation.neighbours.count == min(3, explanation.results))
            #expect(explanation.neighbours.map(\.distance) == explanation.neighbours.map(\.distance).sorted())
            #expect(explanation.firstRun == trial.number)
        }
        switch method {
        case "random", "sobol": #expect(kinds == ["regardless"])
        case "tpe": #expect(kinds == ["startup", "densities"])
        case "bohb":
            #expect(kinds.isSubset(of: ["startup", "independent", "densities"]) && kinds.contains("densities"))
        case "gp": #expect(kinds == ["startup", "improvement"])
        case "cmaes": #expect(kinds == ["generation"])
        default: #expect(kinds == ["startup", "mutation"])
        }
        #expect(sweep.explanation(of: 0) == nil && sweep.explanation(of: 28) == nil)
    }

    @Test func `verdicts are those that were taken, with the place among what was known then`() throws {
        let harness = try finished(method: "random")
        let sweep = try #require(harness.sweep)
        var promotions = 0
        for trial in sweep.trials {
            let explanation = try #require(sweep.explanation(of: trial.number))
            let standings = explanation.standings
            #expect(standings.map(\.epoch) == [1, 3, 9].filter { $0 <= trial.curve.epochs })
            for (place, standing) in standings.enumerated() {
                #expect(standing.objective == trial.curve.value(.validationLoss, at: standing.epoch))
                #expect(standing.best <= standing.median && (1...standing.of).contains(standing.place))
                if place < standings.count - 1 {
                    promotions += 1
                    // One in three of the results that were known went on.
                    #expect(standing.verdict == .promoted(to: standings[place + 1].epoch))
                    #expect(standing.place <= standing.of / 3)
                } else {
                    #expect(standing.verdict == (trial.ended == .completed ? .completed : .stopped))
                }
            }
        }
        #expect(promotions > 5)
    }

    @Test func `a restart explains the same, and a repeat tells of its first run`() throws {
        var harness = CoreHarness()
        var sample = SampleSweep()
        (sample.trials, sample.parallelism, sample.epochs, sample.repeats) = (12, 2, 3, 2)
        sample.method = "tpe"
        var worker = harness.join("a", slots: 2)
        _ = harness.submit(sample)
        harness.trainAll(&worker, harness.assigned(to: worker))
        let sweep = try #require(harness.sweep)
        var again = CoordinatorCore(options: CoordinatorOptions(), session: 1)
        for fact in try JournalCodec.decode(JournalCodec.encode(harness.facts)) { again.restore(fact) }
        let restored = try #require(again.sweeps[sweep.id])
        let read = try #require(again.reading.sweeps[sweep.id])
        for number in 1...12 {
            let explanation = try #require(sweep.explanation(of: number))
            #expect(restored.explanation(of: number) == explanation)
            #expect(read.explanation(of: number) == explanation)
            #expect(explanation.firstRun == (number.isMultiple(of: 2) ? number - 1 : number))
            #expect(explanation.reason != nil)
        }
    }
}
