import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepTestKit
import SweepWire
import Testing

/// Experiments that a sweep file asks for: when they begin, what they may take, and what they leave alone.
@Suite struct ExperimentTests {
    private static let id = SweepID(rawValue: 1)
    private static let epochs = 20

    /// A coordinator with one worker whose runs diverge where `isSick` says so, and learn elsewhere.
    private struct Lab {
        var harness = CoreHarness()
        var worker: CoreHarness.Worker
        /// Sweeps whose next experiment was asked for since this was last looked at.
        var sought: [SweepID] = []
        var isSick: (_ rate: Double, _ sweep: String) -> Bool

        init(slots: Int = 4, isSick: @escaping (Double, String) -> Bool = { rate, _ in rate >= 0.1 }) {
            worker = harness.join("a", slots: slots)
            self.isSick = isSick
        }

        static func draft(share: Double?, trials: Int, name: String) -> SweepDraft {
            var sample = SampleSweep()
            (sample.name, sample.trials, sample.epochs, sample.prune) = (name, trials, ExperimentTests.epochs, "none")
            sample.diagnose = share.map(DiagnoseSpec.init)
            return SweepDraft(
                source: sample.source,
                text: "",
                fileName: "\(name).yaml",
                dataSet: SampleSweep.dataSet,
                schema: ExperimentTests.schema,
                coreVersion: "core-1",
                milliseconds: 0
            )
        }

        mutating func submit(share: Double?, trials: Int = 60, name: String = "sample") {
            _ = harness.submit(Self.draft(share: share, trials: trials, name: name))
            note()
        }

        private mutating func note() {
            for case .seekExperiment(let id) in harness.effects { sought.append(id) }
        }

        mutating func give(_ event: Event) {
            harness.give(event)
            note()
        }

        /// Trains all that there is, or only so many segments; what is begun later is begun by the last event.
        mutating func train(_ queue: [Assignment], most: Int = .max) {
            var queue = queue
            var left = most
            while !queue.isEmpty, left > 0 {
                left -= 1
                let assignment = queue.removeFirst()
                worker.sequence += 1
                let observations = (assignment.from + 1...assignment.to).map { observation(assignment, epoch: $0) }
                let item = Reports.Item(lease: assignment.lease, observations: observations)
                harness.say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
                note()
                queue += harness.assigned(to: worker)
                harness.end(assignment, by: &worker)
                note()
                queue += harness.assigned(to: worker)
            }
        }

        /// Submits the sweep and trains it to its end.
        mutating func finish(share: Double?, trials: Int = 60) {
            submit(share: share, trials: trials)
            train(harness.assigned(to: worker))
        }

        /// What the coordinator's shell makes of `seekExperiment`.
        func step() -> ExperimentStep {
            harness.core.reading.experimentStep(of: ExperimentTests.id, coreVersion: "core-1", milliseconds: 5)
        }

        /// Looks for the next experiment, and begins it.
        mutating func proceed() -> ExperimentStep {
            sought = []
            let step = step()
            give(.experimentFound(ExperimentTests.id, step))
            return step
        }

        var sweep: SweepProgress? { harness.sweep }
        var state: ExperimentsState? { sweep.flatMap { harness.core.experimentsState(of: $0) } }

        private func observation(_ assignment: Assignment, epoch: Int) -> Observation {
            // Another optimizer mends nothing here.
            var rate = 1.0
            if case .real(let value)? = assignment.spec["train"]?["optimizer"]?["sgd"]?["learning_rate"] {
                rate = value
            }
            let isSick = isSick(rate, assignment.sweepName)
            // Runs that learn differ a little from one another, so that their gains have a spread; what a sick one does depends on its
            // seed alone, so that among those nothing seems to help.
            let scatter = 1 + 0.001 * Double((assignment.seed ^ (isSick ? 0 : rate.bitPattern)) % 17)
            let learning = 0.03 + (0..<epoch).reduce(0.69) { left, _ in left * 0.67 }
            let loss = scatter * (!isSick ? learning : epoch < 3 ? 0.7 - 0.1 * Double(epoch) : 3 + 0.1 * Double(epoch))
            let values = assignment.metrics.map { metric in
                switch metric {
                case .trainingLoss, .probeLoss, .validationLoss: loss
                case .learningRate: rate
                case .updateRatio: isSick ? 0.1 : 0.001
                case .clipShare: 0.0
                case .gradientNorm, .weightNorm: 1.0
                default: max(0.5, 1 - loss / 2)
                }
            }
            return Observation(epoch: epoch, values: values, seconds: 0.01)
        }
    }

    /// Enough rows that their number is no suspect.
    private static let schema = DataSchema(
        features: ["a", "b"],
        task: .classification(classes: ["x", "y"], trainingCounts: [2_000, 2_000]),
        trainingRows: 4_000,
        validationRows: 1_000,
        testRows: 0
    )

    private func plan(_ step: ExperimentStep) throws -> ExperimentPlan {
        guard case .begin(let plan) = step else {
            Issue.record("nothing is begun: \(step)")
            throw WrongStep()
        }
        return plan
    }

    private struct WrongStep: Error {}

    @Test func `a finished sweep with sick trials begins an experiment, which confirms the cause`() throws {
        var lab = Lab()
        lab.finish(share: 1)
        #expect(lab.sweep?.state == .finished && lab.sought == [Self.id] && lab.state == .underWay)
        let plan = try plan(lab.proceed())
        let finished = try #require(lab.sweep)
        let report = try #require(lab.harness.core.diagnosisDocument(finished, trial: plan.trial)?.reports.first)
        #expect(report.causes.first?.cause == .rateTooHigh && plan.causes.first == .rateTooHigh && plan.round == 1)
        #expect(lab.sweep?.experiments.map(\.trial) == [plan.trial] && lab.sought.isEmpty)
        let child = try #require(lab.harness.core.sweep(named: "sample.why-\(plan.trial)"))
        #expect(
            lab.sweep?.experiments.first?.sweeps == [child.id]
                && child.sweep.arms.contains { $0.name == "learning rate / 10" }
        )
        #expect(child.sweep.diagnose == nil, "experiments are not experimented on")
        #expect(child.submission.milliseconds == 5)

        lab.train(lab.harness.assigned(to: lab.worker))
        #expect(lab.harness.core.sweeps[child.id]?.state == .finished && lab.sought == [Self.id])
        #expect(child.sweep.arms.count * child.sweep.search.repeats * Self.epochs == plan.epochs)
        #expect(lab.harness.core.sweeps[child.id]?.epochsTrained == plan.epochs)
        // The other trials with that cause are not looked into again, though there are epochs left for it.
        let last = lab.proceed()
        #expect(last == .over("nothing is left to decide"))
        #expect(lab.state == .over && lab.sought.isEmpty && lab.harness.broken == [])

        let sweep = try #require(lab.sweep)
        let document = try #require(lab.harness.core.diagnosisDocument(sweep, trial: nil))
        let told = try #require(document.experiments.first)
        #expect(document.experiments.count == 1 && told.isOver && told.sweeps == [child.sweep.name])
        #expect(told.sentences.first?.contains("alone improved validation.loss") == true, "\(told.sentences)")
        let confirmed = try #require(document.reports.first { $0.trial == plan.trial })
        #expect(confirmed.verdict.hasPrefix("learning rate too high (K-LRHI), confirmed by experiment"))
        #expect(confirmed.causes.first?.isConfirmed == true)
        #expect(document.reports.filter { $0.causes.first?.isConfirmed == true }.count == 1)
        // Probabilities are told in thousandths.
        #expect(try DiagnosisDocument(json: document.json).json == document.json)
        // A client that reads in parts comes to the same.
        var parts: [DiagnosisDocument] = []
        var page = TrialPage(after: 0, epochs: 600)
        repeat {
            parts.append(lab.harness.core.diagnosisDocument(sweep, page: page))
            page.after = parts.last?.next ?? 0
        } while page.after > 0
        #expect(parts.count > 1 && parts.flatMap(\.reports) == document.reports)
        #expect(parts.flatMap(\.experiments) == document.experiments)
        let status = lab.harness.core.statusDocument(sweep, pace: nil, at: lab.harness.now)
        #expect(status.experiments?.state == "over" && status.experiments?.epochs == plan.epochs && status.hasStopped)
        #expect(status.experiments?.allowed == 1_200 && status.experiments?.sweeps == [child.sweep.name])
        #expect(try StatusDocument(json: status.json) == status)
    }

    @Test func `while they are under way the sweep has not stopped, and its table is what it was`() throws {
        var (with, without) = (Lab(), Lab())
        with.finish(share: 1)
        without.finish(share: nil)
        #expect(without.sought.isEmpty && without.state == nil)
        func rank(_ lab: Lab) throws -> [UInt8] {
            let sweep = try #require(lab.sweep)
            return lab.harness.core.rankDocument(sweep, top: nil).json.bytes
        }
        let before = try rank(without)
        #expect(try rank(with) == before)
        _ = try plan(with.proceed())
        let sweep = try #require(with.sweep)
        let status = with.harness.core.statusDocument(sweep, pace: nil, at: with.harness.now)
        #expect(status.state == "finished" && status.isExperimenting && !status.hasStopped)
        #expect(try rank(with) == before)
        with.train(with.harness.assigned(to: with.worker))
        _ = with.proceed()
        #expect(try rank(with) == before)
        #expect(with.sweep?.epochsTrained == without.sweep?.epochsTrained)
    }

    @Test func `sound trials begin none`() throws {
        var lab = Lab { _, _ in false }
        lab.finish(share: 1)
        #expect(lab.sought == [Self.id])
        let last = lab.proceed()
        #expect(last == .over("no trial shows what an experiment would decide"))
        #expect(lab.state == .over && lab.harness.core.sweeps.count == 1)
    }

    @Test(arguments: [0.2, 0.4, 0.7, 1]) func `a round takes no more than the share, and as much of it as it can`(
        share: Double
    ) throws {
        var lab = Lab()
        lab.finish(share: share)
        let allowed = Int(share * 1_200)
        #expect(lab.sweep?.experimentEpochs == allowed)
        let plan = try plan(lab.step())
        #expect(plan.epochs <= allowed)
        let draft = try #require(plan.drafts.first)
        let child = try #require(Sweep.read(draft.source, problems: SpecProblems()))
        let (arms, repeats) = (child.arms.count, child.search.repeats)
        #expect(plan.drafts.count == 1 && (3...9).contains(arms) && (3...5).contains(repeats))
        #expect(plan.epochs == arms * repeats * Self.epochs)
        #expect(arms == 9 || (arms + 1) * repeats * Self.epochs > allowed)
    }

    @Test func `a share that is too small begins none, and says so`() throws {
        var lab = Lab()
        // Three arms in three runs of twenty epochs are 180.
        lab.finish(share: 0.149)
        #expect(lab.sweep?.experimentEpochs == 178)
        let last = lab.proceed()
        #expect(
            last == .over("178 epochs are left of the share, and an experiment on learning rate too high takes more")
        )
        #expect(lab.harness.core.sweeps.count == 1)
    }

    @Test func `a plan beyond the share is refused by the core`() throws {
        var lab = Lab()
        lab.finish(share: 1)
        let found = try plan(lab.step())
        let dear = ExperimentPlan(
            trial: found.trial,
            round: 1,
            causes: found.causes,
            epochs: 1_201,
            drafts: found.drafts
        )
        lab.give(.experimentFound(Self.id, .begin(dear)))
        #expect(lab.harness.core.sweeps.count == 1 && lab.state == .over)
    }

    @Test func `where no single change cures, two at a time are tried on what is left`() throws {
        // In an experiment every run is sick.
        var lab = Lab { rate, sweep in sweep != "sample" || rate >= 0.1 }
        lab.finish(share: 1)
        let first = try plan(lab.proceed())
        lab.train(lab.harness.assigned(to: lab.worker))
        let second = try plan(lab.proceed())
        #expect(second.trial == first.trial && second.round == 2 && second.causes == first.causes)
        #expect(first.epochs + second.epochs <= 1_200)
        #expect(lab.harness.core.sweep(named: "sample.why-\(first.trial)-pairs") != nil)
        lab.train(lab.harness.assigned(to: lab.worker))
        let last = lab.proceed()
        #expect(last == .over("nothing is left to decide"))
        let sweep = try #require(lab.sweep)
        let told = try #require(lab.harness.core.diagnosisDocument(sweep, trial: first.trial)?.experiments.first)
        #expect(told.sweeps.count == 2 && told.sentences.first?.hasPrefix("no change of ") == true, "\(told.sentences)")
    }

    @Test func `the same experiment is begun for any number of slots`() throws {
        let plans = try [1, 3, 7].map { slots in
            var lab = Lab(slots: slots)
            lab.finish(share: 0.8)
            return try plan(lab.step())
        }
        #expect(plans[1] == plans[0] && plans[2] == plans[0])
    }

    @Test func `a restart asks for what was not committed, and for nothing that was`() throws {
        var lab = Lab()
        lab.finish(share: 1)
        func restarted() -> (core: CoordinatorCore, sought: [SweepID]) {
            var core = CoordinatorCore(session: 2)
            for fact in lab.harness.facts { core.restore(fact) }
            let sought = core.start(at: .zero).compactMap { effect -> SweepID? in
                if case .seekExperiment(let id) = effect { id } else { nil }
            }
            return (core, sought)
        }
        // Killed while it looked.
        let (core, sought) = restarted()
        #expect(sought == [Self.id])
        let step = lab.step()
        #expect(core.experimentStep(of: Self.id, coreVersion: "core-1", milliseconds: 5) == step)

        // Killed in the middle of the experiment, whose sweep goes on as any other.
        let begun = try plan(lab.proceed())
        lab.train(lab.harness.assigned(to: lab.worker), most: 3)
        let (middle, again) = restarted()
        #expect(again.isEmpty && middle.sweeps[Self.id]?.experiments.map(\.trial) == [begun.trial])
        #expect(middle.sweep(named: "sample.why-\(begun.trial)")?.state == .running)
        let parent = try #require(middle.sweeps[Self.id])
        #expect(middle.experimentsState(of: parent) == .underWay)
    }

    @Test func `after its end nothing is asked for, unless the sweep goes on with more trials`() throws {
        var lab = Lab { _, _ in false }
        lab.finish(share: 1)
        _ = lab.proceed()
        lab.give(.tick)
        var core = CoordinatorCore(session: 2)
        for fact in lab.harness.facts { core.restore(fact) }
        let asked = core.start(at: .zero).contains { if case .seekExperiment = $0 { true } else { false } }
        #expect(!asked && lab.sought.isEmpty)
        _ = lab.harness.adjust("sample", SweepAdjustment(trials: 62))
        #expect(lab.state == .waiting)
        lab.train(lab.harness.assigned(to: lab.worker))
        #expect(lab.sweep?.state == .finished && lab.sought == [Self.id] && lab.state == .underWay)
    }

    @Test func `a cancelled sweep begins none, and a cancelled experiment ends them`() throws {
        var cancelled = Lab()
        cancelled.submit(share: 1)
        cancelled.train(cancelled.harness.assigned(to: cancelled.worker), most: 30)
        _ = cancelled.harness.steer("sample", .cancel)
        #expect(cancelled.sweep?.state == .cancelled)
        cancelled.give(.tick)
        #expect(cancelled.sought.isEmpty && cancelled.state == .over)
        let sweep = try #require(cancelled.sweep)
        let status = cancelled.harness.core.statusDocument(sweep, pace: nil, at: cancelled.harness.now)
        #expect(status.experiments?.reason == "the sweep was cancelled" && status.experiments?.sweeps == [])

        var lab = Lab()
        lab.finish(share: 1)
        let begun = try plan(lab.proceed())
        let name = "sample.why-\(begun.trial)"
        _ = lab.harness.steer(name, .cancel)
        #expect(lab.state == .over && lab.sweep?.experimentsEnd == "\(name) was cancelled")
        lab.give(.tick)
        #expect(lab.sought.isEmpty)

        // With more trials it is looked into anew, but not for what was cancelled.
        _ = lab.harness.adjust("sample", SweepAdjustment(trials: 62))
        lab.train(lab.harness.assigned(to: lab.worker))
        #expect(lab.sweep?.state == .finished && lab.sought == [Self.id] && lab.state == .underWay)
        let next = lab.proceed()
        #expect(next != .over("\(name) was cancelled") && lab.harness.broken == [])
        if case .begin(let other) = next { #expect(other.round == 1 && !other.causes.contains(.rateTooHigh)) }
    }

    @Test func `with one sweep of a round the others are cancelled, and no others`() throws {
        var lab = Lab()
        lab.finish(share: 1)
        let found = try plan(lab.step())
        let second = Lab.draft(share: nil, trials: 2, name: "sample.why-\(found.trial)-branches")
        let round = ExperimentPlan(
            trial: found.trial,
            round: 1,
            causes: found.causes,
            epochs: found.epochs,
            drafts: found.drafts + [second]
        )
        lab.give(.experimentFound(Self.id, .begin(round)))
        lab.submit(share: nil, trials: 2, name: "other")
        let parts = try #require(lab.sweep?.experiments.first?.sweeps)
        #expect(parts.count == 2)
        let name = try #require(lab.harness.core.sweeps[parts[1]]?.sweep.name)
        _ = lab.harness.steer(name, .cancel)
        #expect(parts.allSatisfy { lab.harness.core.sweeps[$0]?.state == .cancelled })
        #expect(lab.sweep?.experimentsEnd == "\(name) was cancelled" && lab.harness.broken == [])
        #expect(lab.harness.core.sweep(named: "other")?.state == .running)
    }

    @Test func `a sweep is not deleted while experiments on it are under way`() throws {
        var lab = Lab()
        lab.finish(share: 1)
        let begun = try plan(lab.proceed())
        let name = "sample.why-\(begun.trial)"
        let refused = lab.harness.steer("sample", .delete)
        let sentence = "experiments on sample are under way; sweepd cancel \(name) ends them, then it can be deleted"
        #expect(refused == .conflict(sentence) && lab.sweep != nil)
        _ = lab.harness.steer(name, .cancel)
        let done = lab.harness.steer("sample", .delete)
        #expect(done == .done(Self.id) && lab.sweep == nil && lab.harness.core.sweep(named: name) != nil)
    }

    @Test func `an answer that nobody asked for changes nothing, and a name that was taken meanwhile is left alone`()
        throws
    {
        var lab = Lab()
        lab.submit(share: 1)
        let begun = lab.harness.assigned(to: lab.worker)
        lab.give(.experimentFound(Self.id, .over("nobody asked")))
        #expect(lab.state == .waiting)
        lab.train(begun)
        let step = lab.step()
        let found = try plan(step)
        let name = "sample.why-\(found.trial)"
        lab.submit(share: nil, trials: 2, name: name)
        lab.sought = []
        lab.give(.experimentFound(Self.id, step))
        #expect(lab.sweep?.experiments.isEmpty == true && lab.sought == [Self.id], "it is looked for again")
        _ = try plan(lab.proceed())
        #expect(lab.harness.core.sweep(named: name + "-2") != nil)
    }

    @Test func `what was found before the sweep went on is dropped, and it is looked for again`() throws {
        var lab = Lab()
        lab.finish(share: 1)
        let stale = lab.step()
        _ = try plan(stale)
        _ = lab.harness.adjust("sample", SweepAdjustment(trials: 62))
        lab.train(lab.harness.assigned(to: lab.worker))
        #expect(lab.sweep?.state == .finished && lab.sought == [Self.id], "one at a time is asked for")
        lab.sought = []
        lab.give(.experimentFound(Self.id, stale))
        #expect(lab.sweep?.experiments.isEmpty == true && lab.sought == [Self.id])
        _ = try plan(lab.proceed())
        #expect(lab.sweep?.experiments.count == 1 && lab.harness.broken == [])
    }

    @Test func `a deleted experiment is not made again`() throws {
        var lab = Lab()
        lab.finish(share: 1)
        let begun = try plan(lab.proceed())
        let name = "sample.why-\(begun.trial)"
        lab.train(lab.harness.assigned(to: lab.worker))
        _ = lab.harness.steer(name, .delete)
        #expect(lab.harness.core.sweep(named: name) == nil)
        let last = lab.proceed()
        #expect(last == .over("nothing is left to decide"))
        let sweep = try #require(lab.sweep)
        let document = try #require(lab.harness.core.diagnosisDocument(sweep, trial: nil))
        #expect(document.experiments.map(\.sentences) == [[]])
        #expect(document.experiments.first?.lines.first?.hasSuffix("nothing is left of it") == true)
    }
}
