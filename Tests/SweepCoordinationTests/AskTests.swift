import SweepCoordination
import SweepCore
import SweepTestKit
import Testing

/// Sweeps whose trials programs outside ask for, as the coordinator's core sees them.
@Suite struct AskTests {
    private static func draft(
        trials: Int = 3,
        epochs: Int = 1,
        prune: String = "none",
        parallelism: Int = 16,
        decide: String = "virtual"
    ) -> SweepDraft {
        let rate = SpecNode.domain(.uniform(low: 0, high: 1, step: nil, points: nil))
        let train = SpecNode.map([
            SpecEntry("ask", .map([SpecEntry("lease", .integer(60))])),
            SpecEntry("parameters", .map([SpecEntry("rate", rate), SpecEntry("width", .integer(8))])),
            SpecEntry("epochs", .integer(epochs)),
        ])
        let search: [SpecEntry] = [
            SpecEntry("trials", .integer(trials)), SpecEntry("parallelism", .integer(parallelism)),
            SpecEntry("decide", .text(decide)),
        ]
        let source = SpecNode.map([
            SpecEntry("name", .text("asked")), SpecEntry("train", train),
            SpecEntry("objective", .map([SpecEntry("minimize", .text("loss"))])),
            SpecEntry("search", .map(search)), SpecEntry("prune", .text(prune)),
        ])
        return SweepDraft(
            source: source,
            text: "",
            fileName: "asked.yaml",
            dataSet: SampleSweep.dataSet,
            schema: nil,
            coreVersion: "core-1",
            milliseconds: 0
        )
    }

    private static func begun(_ draft: SweepDraft = draft()) throws -> CoreHarness {
        var harness = CoreHarness()
        guard case .done? = harness.submit(draft) else { throw NotTaken() }
        return harness
    }
    private struct NotTaken: Error {}

    private func answer(_ event: (ReplyToken) -> Event, _ harness: inout CoreHarness) -> SteeringOutcome? {
        harness.give(event(ReplyToken(rawValue: 9_999)))
        for case .reply(ReplyToken(rawValue: 9_999), let outcome) in harness.effects { return outcome }
        return nil
    }

    private func ask(_ harness: inout CoreHarness, _ asker: String = "a") -> AskedTrial? {
        guard case .asked(let trial)? = answer({ .ask("asked", asker: asker, $0) }, &harness) else { return nil }
        return trial
    }

    private func tell(_ tell: Tell, _ harness: inout CoreHarness) -> SteeringOutcome? {
        answer({ .told("asked", tell, $0) }, &harness)
    }

    private func word(_ trial: AskedTrial, _ loss: Double? = nil, epoch: Int? = nil, _ end: Tell.End? = nil) -> Tell {
        Tell(
            trial: trial.lease.trial.number,
            attempt: Int(trial.lease.attempt.rawValue),
            epoch: epoch,
            values: loss.map { [.custom("loss"): $0] },
            end: end
        )
    }

    private func verdict(_ outcome: SteeringOutcome?) -> TellVerdict? {
        if case .told(let verdict)? = outcome { verdict } else { nil }
    }

    @Test func `what is asked for is told, and the sweep ends`() throws {
        var harness = try Self.begun()
        let worker = harness.join("worker", slots: 4)
        #expect(harness.assigned(to: worker).isEmpty)
        for number in 1...3 {
            let trial = try #require(ask(&harness))
            #expect(trial.lease.trial.number == number && trial.epoch == 0 && trial.to == 1 && trial.leaseSeconds == 60)
            #expect(trial.parameters.map(\.key) == ["rate", "width"])
            let told = verdict(tell(word(trial, Double(number), .completed), &harness))
            #expect(told?.word == .stop && told?.state == .completed)
        }
        #expect(answer({ .ask("asked", asker: "a", $0) }, &harness) == .nothingToAsk(.finished))
        #expect(harness.core.sweep(named: "asked")?.incumbent?.trial == 1)
        #expect(harness.core.workers.keys.map(\.name) == ["worker"])
        #expect(harness.broken == [])
    }

    @Test func `an asker that is silent loses its trial to another, and is told so`() throws {
        var harness = try Self.begun(Self.draft(trials: 1))
        let first = try #require(ask(&harness, "gone"))
        harness.tick(after: .seconds(59))
        #expect(ask(&harness) == nil)
        // A word without values keeps the lease.
        #expect(verdict(tell(word(first), &harness))?.word == .go)
        harness.tick(after: .seconds(59))
        #expect(ask(&harness) == nil)
        harness.tick(after: .seconds(2))
        let second = try #require(ask(&harness, "here"))
        #expect(second.lease.trial == first.lease.trial && second.lease.attempt == first.lease.attempt.next)
        #expect(second.parameters == first.parameters && second.seed == first.seed)
        guard case .leaseLost(let sentence)? = tell(word(first, 1, .completed), &harness) else {
            Issue.record("a late tell was taken")
            return
        }
        #expect(sentence.contains("to here under attempt"))
        #expect(verdict(tell(word(second, 2, .completed), &harness))?.state == .completed)
        #expect(harness.core.sweep(named: "asked")?[1]?.curve.observations.first?.values == [2])
        #expect(harness.broken == [])
    }

    @Test func `a trial that takes its askers down without a report has failed after three`() throws {
        var harness = try Self.begun(Self.draft(trials: 1))
        for _ in 1...3 {
            #expect(ask(&harness) != nil)
            harness.tick(after: .seconds(61))
        }
        guard case .failed(let reason)? = harness.core.sweep(named: "asked")?[1]?.ended else {
            Issue.record("the trial lives on")
            return
        }
        #expect(reason.contains("3 attempts") && reason.contains("fell silent"))
        #expect(harness.broken == [])
    }

    @Test func `a rung pauses all but the best, which goes on where it is or when it is asked for again`() throws {
        var harness = try Self.begun(Self.draft(trials: 9, epochs: 9, prune: "asha", parallelism: 1))
        var pauses = 0
        var continued = 0
        var asked: [Int: Int] = [:]
        for _ in 0..<200 {
            guard let trial = ask(&harness) else { break }
            let number = trial.lease.trial.number
            asked[number, default: 0] += 1
            var current = word(trial)
            var epoch = trial.epoch
            var last: TellVerdict?
            repeat {
                epoch += 1
                current.epoch = epoch
                current.values = [.custom("loss"): Double(number) / Double(epoch)]
                last = verdict(tell(current, &harness))
                if let next = last?.attempt, Int(next.rawValue) != current.attempt {
                    continued += 1
                    current.attempt = Int(next.rawValue)
                }
                // Said again it is answered again, and counts once.
                if last?.word != .go { #expect(verdict(tell(current, &harness)) == last) }
            } while last?.word == .go
            if last?.word == .pause { pauses += 1 }
        }
        let sweep = try #require(harness.core.sweep(named: "asked"))
        #expect(sweep.state == .finished && pauses > 0)
        #expect(asked.values.contains { $0 > 1 } || continued > 0)
        #expect(sweep.trials.contains { $0.ended == .completed && $0.curve.epochs == 9 })
        // The loss rises with a trial's number: late ones do not come beyond their first rung.
        let pruned = sweep.trials.filter { if case .pruned? = $0.ended { $0.curve.epochs < 9 } else { false } }
        #expect(!pruned.isEmpty && pruned.count + sweep.trials.count { $0.ended == .completed } == 9)
        #expect(harness.broken == [])
    }

    @Test func `after a restart an asker goes on as if nothing had been`() throws {
        var harness = try Self.begun(Self.draft(trials: 2, epochs: 3))
        let trial = try #require(ask(&harness))
        #expect(verdict(tell(word(trial, 1), &harness))?.word == .go)
        var restored = CoordinatorCore(session: 43)
        for fact in harness.facts { restored.restore(fact) }
        _ = restored.start(at: harness.now)
        harness.core = restored
        #expect(verdict(tell(word(trial, 0.5, epoch: 2, .completed), &harness))?.state == .completed)
        #expect(harness.core.sweep(named: "asked")?[1]?.curve.epochs == 2)
        #expect(harness.broken == [])
    }

    @Test func `decided on arrival, each ask takes a decision of its own`() throws {
        var harness = try Self.begun(Self.draft(trials: 4, decide: "arrival"))
        var out: [AskedTrial] = []
        while let trial = ask(&harness) { out.append(trial) }
        #expect(out.map(\.lease.trial.number) == [1, 2, 3, 4])
        for trial in out { #expect(verdict(tell(word(trial, 1, .completed), &harness))?.word == .stop) }
        #expect(harness.core.sweep(named: "asked")?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `failed, given back, paused, cancelled, and not a number`() throws {
        var harness = try Self.begun(Self.draft(trials: 3, epochs: 3))
        let first = try #require(ask(&harness))
        #expect(verdict(tell(word(first, nil, .failed("out of memory")), &harness))?.state == .failed("out of memory"))
        let second = try #require(ask(&harness))
        #expect(verdict(tell(word(second, .nan), &harness))?.state == .pruned(.cannotRecover))
        let third = try #require(ask(&harness))
        #expect(verdict(tell(word(third, nil, .handedBack), &harness))?.word == .pause)
        let again = try #require(ask(&harness))
        #expect(again.lease.trial == third.lease.trial)
        _ = harness.steer("asked", .pause)
        #expect(answer({ .ask("asked", asker: "a", $0) }, &harness) == .nothingToAsk(.paused))
        #expect(verdict(tell(word(again, 1), &harness))?.word == .pause)
        _ = harness.steer("asked", .resume)
        let resumed = try #require(ask(&harness))
        #expect(resumed.epoch == 1)
        _ = harness.steer("asked", .cancel)
        let stopped = verdict(tell(word(resumed, 1), &harness))
        #expect(stopped?.word == .stop && stopped?.state == .pruned(.cancelled))
        #expect(harness.broken == [])
    }

    @Test func `what makes no sense is refused with a sentence, and changes nothing`() throws {
        var harness = try Self.begun(Self.draft(trials: 2, epochs: 3))
        let trial = try #require(ask(&harness))
        let before = harness.facts.count
        var wrong = word(trial, 1, epoch: 3)
        func sentence(_ tell: Tell) -> String? {
            switch self.tell(tell, &harness) {
            case .badInput(let text)?, .notFound(let text)?, .conflict(let text)?: text
            default: nil
            }
        }
        #expect(sentence(wrong) == "epoch: found 3, the next of trial 1 is 1")
        wrong = word(trial)
        wrong.values = [.custom("accuracy"): 1]
        #expect(sentence(wrong)?.hasPrefix("values: accuracy is none of what trials of asked report: loss") == true)
        #expect(sentence(word(trial, nil, .completed))?.contains("nothing was reported") == true)
        wrong = word(trial, 1)
        wrong.attempt = 2
        #expect(sentence(wrong) == "attempt: trial 1 was never given under attempt 2")
        wrong.trial = 7
        #expect(sentence(wrong) == "asked has no trial 7")
        #expect(harness.facts.count == before)
        guard case .notFound? = answer({ .ask("other", asker: "a", $0) }, &harness) else {
            Issue.record("a sweep that is not there")
            return
        }
        _ = harness.submit(SampleSweep())
        guard case .conflict? = answer({ .ask(SampleSweep().name, asker: "a", $0) }, &harness) else {
            Issue.record("a sweep of another kind")
            return
        }
        #expect(harness.broken == [])
    }
}
