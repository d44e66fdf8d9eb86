import Foundation
import SweepCore
import SweepDiagnosis
import SweepNumerics
import SweepReports
import SweepWire

/// The controlled experiment on one trial, run as ordinary sweeps on the coordinator's workers.
struct Confirmation {
    let control: any SweepControl
    let sweep: String
    let trial: Int
    /// Suspected causes, the most likely first.
    let suspects: [Cause]
    /// Runs of each arm.
    let repeats: Int
    /// Arms of a round beside the one that changes nothing.
    let arms: Int

    /// Trains the arms and says what they showed; progress goes to standard error.
    func run() async throws -> ExperimentDocument {
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
            let template = original.space.resolve(shown.configuration),
            let experiment = Experiment(template: template, schema: schema)
        else { throw CommandFailure(.failed, "\(sweep): trial \(trial) cannot be trained again from its sweep file") }
        let chance = schema.chanceLoss
        let base = Round(source: source, template: template, submission: submission, chance: chance)

        let first = experiment.firstRound(suspects: suspects, count: arms)
        let (firstDocument, firstCurves) = try await train(first, base, round: 1)
        var rounds = [firstDocument]
        var cures = Experiment.cures(of: first, firstDocument.comparisons)
        if cures.isEmpty {
            let pairs = experiment.secondRound(after: first, firstDocument.comparisons, count: arms)
            if !pairs.isEmpty {
                Terminal.error("no single change cures; now two at a time")
                let (document, _) = try await train(pairs, base, round: 2)
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

    /// What all rounds share.
    private struct Round {
        let source: SpecNode
        let template: SpecNode
        let submission: Submission
        let chance: Double
    }

    /// Submits the sweep of one round, waits for its end, and compares its arms.
    private func train(
        _ interventions: [Intervention],
        _ base: Round,
        round: Int
    ) async throws -> (ComparisonDocument, CurvesDocument) {
        let taken = Set(try await control.list().sweeps.map(\.sweep))
        let name = Self.name(sweep, trial, round: round, taken: taken)
        let tree = Experiment.sweep(
            of: base.source,
            template: base.template,
            name: name,
            arms: interventions,
            repeats: repeats,
            // Not the seeds of the trial's own sweep: that its fault comes again is part of what is tried.
            seed: Self.seed(sweep, trial, round: round)
        )
        let problems = SpecProblems()
        guard let experiment = Sweep.read(tree, problems: problems) else {
            throw CommandFailure(.failed, problems.all.map { "\(name): \($0.path): \($0.message)" })
        }
        let submitted = Submission(
            text: "",
            fileName: name + ".yaml",
            tree: try tree.wireBytes(),
            dataSet: base.submission.dataSet,
            schema: base.submission.schema
        )
        _ = try await control.submit(submitted)
        Terminal.error(
            "\(name): \(interventions.count + 1) arms of \(repeats) runs each; `sweepd cancel \(name)` ends them"
        )
        var progress = ProgressLine()
        var hasAsked = false
        while true {
            let status = try await control.status(sweep: name)
            progress.show(status)
            if status.workers.isEmpty, !hasAsked {
                progress.end()
                Terminal.error(
                    "no worker is connected, and nothing is trained until one is: `sweepd worker` starts one"
                )
                hasAsked = true
            }
            if status.state == "finished" { break }
            if status.state == "cancelled" || status.state == "halted" {
                progress.end()
                throw CommandFailure(.failed, "\(name) is \(status.state): \(status.reason ?? "no reason is known")")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        progress.end()
        let rank = try await control.rank(sweep: name, top: nil)
        guard let document = ComparisonDocument(sweep: experiment, rank: rank, chance: base.chance) else {
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

    private static func seed(_ sweep: String, _ trial: Int, round: Int) -> UInt64 {
        var hash = StableHash()
        hash.combine(sweep)
        hash.combine(UInt64(trial))
        hash.combine(UInt64(round))
        return hash.value
    }

    /// A sweep's name for the experiment, which no other sweep has: `digits.why-17`, `digits.why-17-pairs`, …
    static func name(_ sweep: String, _ trial: Int, round: Int, taken: Set<String>) -> String {
        let ending = ".why-\(trial)" + (round > 1 ? "-pairs" : "")
        var number = 1
        while true {
            let suffix = ending + (number > 1 ? "-\(number)" : "")
            let name = String(sweep.prefix(64 - suffix.count)) + suffix
            if !taken.contains(name) { return name }
            number += 1
        }
    }
}
