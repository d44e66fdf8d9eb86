import Foundation
import SweepCore
import SweepData
import SweepDiagnosis
import SweepNodeCommands
import SweepReports
import SweepSpec
import SweepWire

/// The controlled experiment on one run, trained as ordinary sweeps on the coordinator's workers.
struct Confirmation {
    let control: any SweepControl
    let subject: Subject
    /// Suspected causes, the most likely first.
    let suspects: [Cause]
    /// Trials of the sweep that differ in one parameter alone and did better.
    var shown: [SweepPair] = []
    /// What the run shows.
    let symptoms: [Finding]
    /// The range test of the run, where one was made: its rate is an arm.
    var rangeTest: RateRangeTest?
    /// Runs of each arm.
    let repeats: Int
    /// Arms of a round beside the one that changes nothing.
    let arms: Int
    /// How the sweep of this name can be ended early, for people.
    let howToEnd: (String) -> String

    /// The run that the arms change.
    typealias Subject = ExperimentSubject

    /// Trains the arms and says what they showed; progress goes to standard error.
    func run() async throws -> ExperimentDocument {
        guard
            let experiment = Experiment(template: subject.template, schema: subject.schema, rangeTest: rangeTest)
        else {
            throw CommandFailure(.failed, "\(subject.sweep): its run cannot be trained again from its sweep file")
        }
        let chance = subject.schema.chanceLoss

        let first = experiment.firstRound(suspects: suspects, shown: shown, count: arms)
        let groups = experiment.groups(first, after: subject.branchPoint(before: symptoms))
        let (outcomes, began) = try await train(groups, chance: chance, round: 1)
        var rounds = outcomes.map(\.document)
        var cures = Experiment.cures(of: groups.flatMap(\.interventions), rounds.flatMap(\.comparisons))
        if cures.isEmpty {
            let pairs = experiment.secondRound(after: first, rounds.flatMap(\.comparisons), count: arms)
            if !pairs.isEmpty {
                Terminal.error("no single change cures; now two at a time")
                let groups = experiment.groups(pairs, after: subject.branchPoint(before: symptoms))
                let documents = try await train(groups, chance: chance, round: 2, first: began).outcomes
                    .map(\.document)
                rounds += documents
                cures = Experiment.cures(of: groups.flatMap(\.interventions), documents.flatMap(\.comparisons))
            }
        }
        return ExperimentDocument(
            rounds: rounds,
            cures: cures,
            batchNoise: outcomes.lazy.compactMap { subject.noise($0.group, $0.curves) }.first
        )
    }

    /// What the first round trains, as a multiple of the run; nil when the run cannot be trained again.
    var firstRoundRuns: Double? {
        guard let experiment = Experiment(template: subject.template, schema: subject.schema, rangeTest: rangeTest),
            let epochs = subject.epochs
        else { return nil }
        let groups = experiment.groups(
            experiment.firstRound(suspects: suspects, shown: shown, count: arms),
            after: subject.branchPoint(before: symptoms)
        )
        return Double(groups.reduce(0) { $0 + $1.cost(epochs: epochs, repeats: repeats) }) / Double(epochs)
    }

    /// Arms that were to go on from a state which no run came to.
    private struct NoPairs: Error {
        /// The sweep's name.
        let sweep: String
        let sentence: String
    }

    /// Trains the groups of a round, one after the other; one that gives no pair does not take what others gave. `first`: the sweep
    /// that the experiment began with, nil where it begins here; that of the answer may be one that gave no pair.
    private func train(
        _ groups: [Experiment.Group],
        chance: Double,
        round: Int,
        first: String? = nil
    ) async throws -> (
        outcomes: [(group: Experiment.Group, document: ComparisonDocument, curves: CurvesDocument)], first: String?
    ) {
        let family = groups.reduce(0) { $0 + $1.interventions.count }
        var first = first
        var outcomes: [(group: Experiment.Group, document: ComparisonDocument, curves: CurvesDocument)] = []
        for group in groups {
            do {
                let (document, curves) = try await train(group, of: family, chance: chance, round: round, first: first)
                first = first ?? document.sweep
                outcomes.append((group, document, curves))
            } catch let missing as NoPairs {
                first = first ?? missing.sweep
                guard groups.count > 1 || round > 1 else { throw CommandFailure(.failed, missing.sentence) }
                Terminal.error(missing.sentence)
            }
        }
        return (outcomes, first)
    }

    /// Submits the sweep of a group, waits for its end, and compares its arms; `family` are those of its round.
    private func train(
        _ group: Experiment.Group,
        of family: Int,
        chance: Double,
        round: Int,
        first: String?
    ) async throws -> (document: ComparisonDocument, curves: CurvesDocument) {
        let interventions = group.interventions
        let taken = Set(try await control.list().sweeps.map(\.sweep))
        let (name, tree) = subject.sweepFile(of: group, round: round, repeats: repeats, taken: taken)
        let problems = SpecProblems()
        guard let experiment = Sweep.read(tree, problems: problems) else {
            throw CommandFailure(.failed, problems.all.map { "\(name): \($0.path): \($0.message)" })
        }
        let submitted = Submission(
            text: "",
            fileName: name + ".yaml",
            tree: try tree.wireBytes(),
            dataSet: subject.dataSet,
            schema: subject.schema,
            experiment: subject.trial.map { trial in
                ExperimentPart(sweep: subject.sweep, trial: trial, round: round, first: first ?? name)
            }
        )
        _ = try await control.submit(submitted)
        let since = group.after.map { ", from epoch \($0 + 1) on" } ?? ""
        Terminal.error("\(name): \(interventions.count + 1) arms of \(repeats) runs each\(since); \(howToEnd(name))")
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
        guard let document = ComparisonDocument(sweep: experiment, rank: rank, chance: chance, family: family)
        else {
            throw CommandFailure(.failed, "\(name) has no arms")
        }
        // On workers of another training core the run may be another one, and not come to where arms part.
        if let after = group.after, document.comparisons.allSatisfy({ $0.pairs == 0 }) {
            throw NoPairs(
                sweep: name,
                sentence:
                    "\(name): no run went on from epoch \(after); `sweepd trial \(name) 1` tells what became of the one they share"
            )
        }
        return (document, try await control.curves(sweep: name, trial: nil))
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
            let subject = Self(
                shown,
                of: original,
                dataSet: submission.dataSet(ofFold: shown.fold),
                schema: schema
            )
        else { throw CommandFailure(.failed, "\(sweep): trial \(trial) cannot be trained again from its sweep file") }
        if original.search.population != nil {
            throw CommandFailure(
                .badInput,
                "\(sweep): trial \(trial) is a member of a population, whose state may be copied from others, so that an experiment cannot "
                    + "train it from the start; allowed a trial of another method"
            )
        }
        guard shown.parent == nil else {
            throw CommandFailure(
                .badInput,
                "\(sweep): trial \(trial) went on from the state of another one, so that an experiment cannot train it from the start; "
                    + "allowed a trial that began with weights of its own"
            )
        }
        self = subject
    }

    /// A sweep file without ranges, whose run was trained here from `seed`.
    init(_ loaded: LoadedSweep, seed: UInt64, run: RunEvidence) throws {
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
            schema: try loaded.data.schema,
            seed: seed,
            run: run
        )
    }
}
