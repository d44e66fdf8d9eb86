import SweepCoordination
import SweepCore
package import SweepReports

extension Coordinator: SweepObservatory {
    package func sweep(_ name: String) async throws(ControlError) -> SweepDocument {
        let (core, sweep) = try reading(name)
        return await Self.aside { core.sweepDocument(sweep) }
    }

    package func trials(sweep name: String, unlike marks: [TrialMark]) async throws(ControlError) -> TrialChanges {
        let (core, sweep) = try reading(name)
        return try await read { [curves] in core.trialChanges(sweep, unlike: marks, curves: curves) }
    }

    package func trial(sweep name: String, number: Int) async throws(ControlError) -> TrialDocument {
        let (core, sweep) = try reading(name)
        let document = await Self.aside { [curves] in core.trialDocument(sweep, number: number, curves: curves) }
        guard let document else {
            throw ControlError(.notFound, "\(name) has no trial \(number)")
        }
        return document
    }

    package func timeline(sweep name: String) async throws(ControlError) -> TimelineDocument {
        let (core, sweep) = try reading(name)
        let (spans, moment, started) = (spans, now, startedMilliseconds)
        return await Self.aside {
            TimelineDocument(
                sweep: name,
                startedMilliseconds: started,
                now: TrainingSpans.seconds(moment),
                spans: spans.spans(of: sweep.id, at: moment),
                incumbents: core.incumbentSteps(sweep)
            )
        }
    }

    package func comparison(
        sweep name: String,
        with others: [String]
    ) async throws(ControlError) -> ComparisonDocument {
        guard !others.contains(name) else {
            throw ControlError(.conflict, "with: found \(name), which is compared itself; allowed other sweeps")
        }
        let (core, sweep) = try reading(name)
        var family = max(0, sweep.sweep.arms.count - 1)
        for other in Set(others).sorted() {
            let arms = try reading(other).1.sweep.arms
            guard !arms.isEmpty else { throw ControlError(.conflict, "\(other) has no arms to compare") }
            family += arms.count - 1
        }
        let document = try await read { [curves, family] in
            core.comparisonDocument(sweep, family: family, curves: curves)
        }
        guard let document else { throw ControlError(.conflict, "\(name) has no arms to compare") }
        return document
    }

    package func workers() async -> WorkersDocument {
        let (core, moment) = (core.reading, now)
        return await Self.aside { core.workersDocument(at: moment) }
    }
}
