import Foundation
import SweepCore
import SweepData
import SweepDiagnosis
import SweepNumerics
import SweepReports
import SweepSpec
import SweepWire

/// The controlled experiment on one run, trained as ordinary sweeps on the coordinator's workers.
struct Confirmation {
    let control: any SweepControl
    let subject: Subject
    /// Suspected causes, the most likely first.
    let suspects: [Cause]
    /// The range test of the run, where one was made: its rate is an arm.
    var rangeTest: RateRangeTest?
    /// Runs of each arm.
    let repeats: Int
    /// Arms of a round beside the one that changes nothing.
    let arms: Int
    /// How the sweep of this name can be ended early, for people.
    let howToEnd: (String) -> String

    /// The run that the arms change.
    struct Subject {
        /// The sweep that it is of.
        let sweep: String
        /// What tells its experiment from others of that sweep: `why-17`, `why`.
        let label: String
        let source: SpecNode
        /// The sweep file with this run's values in place of ranges.
        let template: SpecNode
        let dataSet: DataSetID
        let schema: DataSchema
    }

    /// Trains the arms and says what they showed; progress goes to standard error.
    func run() async throws -> ExperimentDocument {
        let template = subject.template
        guard let experiment = Experiment(template: template, schema: subject.schema, rangeTest: rangeTest) else {
            throw CommandFailure(.failed, "\(subject.sweep): its run cannot be trained again from its sweep file")
        }
        let chance = subject.schema.chanceLoss

        let first = experiment.firstRound(suspects: suspects, count: arms)
        let (firstDocument, firstCurves) = try await train(first, chance: chance, round: 1)
        var rounds = [firstDocument]
        var cures = Experiment.cures(of: first, firstDocument.comparisons)
        if cures.isEmpty {
            let pairs = experiment.secondRound(after: first, firstDocument.comparisons, count: arms)
            if !pairs.isEmpty {
                Terminal.error("no single change cures; now two at a time")
                let (document, _) = try await train(pairs, chance: chance, round: 2)
                rounds.append(document)
                cures = Experiment.cures(of: pairs, document.comparisons)
            }
        }
        return ExperimentDocument(
            rounds: rounds,
            cures: cures,
            batchNoise: noise(first, firstCurves, template, chance: chance)
        )
    }

    /// Submits the sweep of one round, waits for its end, and compares its arms.
    private func train(
        _ interventions: [Intervention],
        chance: Double,
        round: Int
    ) async throws -> (ComparisonDocument, CurvesDocument) {
        let taken = Set(try await control.list().sweeps.map(\.sweep))
        let name = Self.name(subject.sweep, subject.label, round: round, taken: taken)
        let tree = Experiment.sweep(
            of: subject.source,
            template: subject.template,
            name: name,
            arms: interventions,
            repeats: repeats,
            // Not the seeds of the trial's own sweep: that its fault comes again is part of what is tried.
            seed: Self.seed(subject.sweep, subject.label, round: round)
        )
        let problems = SpecProblems()
        guard let experiment = Sweep.read(tree, problems: problems) else {
            throw CommandFailure(.failed, problems.all.map { "\(name): \($0.path): \($0.message)" })
        }
        let submitted = Submission(
            text: "",
            fileName: name + ".yaml",
            tree: try tree.wireBytes(),
            dataSet: subject.dataSet,
            schema: subject.schema
        )
        _ = try await control.submit(submitted)
        Terminal.error("\(name): \(interventions.count + 1) arms of \(repeats) runs each; \(howToEnd(name))")
        var watch = SweepWatch(control)
        defer { watch.end() }
        var hasAsked = false
        let begun = ContinuousClock.now
        while true {
            let status = try await control.status(sweep: name)
            await watch.show(status)
            // A worker that is started at this moment is not missed.
            if status.workers.isEmpty, !hasAsked, begun.duration(to: .now) > .seconds(2) {
                Terminal.error(
                    "no worker is connected, and nothing is trained until one is: `sweepd worker` starts one"
                )
                hasAsked = true
            }
            if status.state == "finished" { break }
            if status.state == "cancelled" || status.state == "halted" {
                throw CommandFailure(.failed, "\(name) is \(status.state): \(status.reason ?? "no reason is known")")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        watch.end()
        let rank = try await control.rank(sweep: name, top: nil)
        guard let document = ComparisonDocument(sweep: experiment, rank: rank, chance: chance) else {
            throw CommandFailure(.failed, "\(name) has no arms")
        }
        return (document, try await control.curves(sweep: name, trial: nil))
    }

    /// The √k test, where the round has a larger batch.
    private func noise(
        _ round: [Intervention],
        _ curves: CurvesDocument,
        _ template: SpecNode,
        chance: Double
    ) -> BatchNoiseTest? {
        guard let larger = round.first(where: { $0.causes.contains(.smallBatch) }),
            case .integer(let size)? = larger.changes.first?.value,
            let own = TrialSpec.read(template, problems: SpecProblems())?.training.batchSize
        else { return nil }
        func losses(_ arm: String) -> [[Double]] {
            curves.trials.filter { $0.configuration[Arm.parameter] == .text(arm) }.map { trial in
                trial.curve.series(.probeLoss)
            }
        }
        return BatchNoiseTest(
            k: size / own,
            before: losses(Experiment.unchanged),
            after: losses(larger.name),
            chance: chance
        )
    }

    private static func seed(_ sweep: String, _ label: String, round: Int) -> UInt64 {
        var hash = StableHash()
        hash.combine(sweep)
        hash.combine(label)
        hash.combine(UInt64(round))
        return hash.value
    }

    /// A sweep's name for the experiment, which no other sweep has: `digits.why-17`, `digits.why-17-pairs`, …
    static func name(_ sweep: String, _ label: String, round: Int, taken: Set<String>) -> String {
        let ending = "." + label + (round > 1 ? "-pairs" : "")
        var number = 1
        while true {
            let suffix = ending + (number > 1 ? "-\(number)" : "")
            let name = String(sweep.prefix(64 - suffix.count)) + suffix
            if !taken.contains(name) { return name }
            number += 1
        }
    }
}

extension Confirmation.Subject {
    /// A trial of a coordinator's sweep; throws a `CommandFailure` for one that cannot be experimented on.
    init(trial: Int, of sweep: String, at control: any SweepControl) async throws {
        let submission = try await control.source(sweep: sweep)
        let source: SpecNode
        do { source = try SpecNode(wireBytes: submission.tree) } catch {
            throw CommandFailure(.failed, "\(sweep): its sweep file cannot be read: \(error)")
        }
        guard let schema = submission.schema else {
            throw CommandFailure(
                .badInput,
                "\(sweep): its trials are programs, which an experiment cannot change; arms in the sweep file compare what you change"
            )
        }
        let curves = try await control.curves(sweep: sweep, trial: trial)
        guard let original = Sweep.read(source, problems: SpecProblems()), let shown = curves.trials.first,
            let template = original.space.resolve(shown.configuration)
        else { throw CommandFailure(.failed, "\(sweep): trial \(trial) cannot be trained again from its sweep file") }
        if original.search.population != nil {
            throw CommandFailure(
                .badInput,
                "\(sweep): trial \(trial) is a member of a population, whose state may be copied from others, so that an experiment cannot "
                    + "train it from the start; allowed a trial of another method"
            )
        }
        self.init(
            sweep: sweep,
            label: "why-\(trial)",
            // The arms have the rows of the trial, on whatever fold it was.
            source: source.onFold(shown.fold ?? 1),
            template: template,
            dataSet: submission.dataSet(ofFold: shown.fold),
            schema: schema
        )
    }

    /// A sweep file without ranges.
    init(_ loaded: LoadedSweep) throws {
        let sweep = loaded.file.sweep
        guard let template = sweep.space.resolve(Configuration([])) else {
            throw CommandFailure(.failed, "\(sweep.name): the configuration cannot be resolved")
        }
        self.init(
            sweep: sweep.name,
            label: "why",
            source: sweep.source.onFold(1),
            template: template,
            dataSet: loaded.dataSet,
            schema: try loaded.data.schema
        )
    }
}
