import SweepCoordination
package import SweepCore
package import SweepReports

extension Coordinator {
    /// Gives a program that asks a trial of the sweep, if there is one now.
    package func ask(sweep name: String, asker: String) async throws(ControlError) -> AskDocument {
        let outcome = await steer { .ask(name, asker: asker, $0) }
        switch outcome {
        case .asked(let trial):
            return AskDocument(sweep: name, state: SweepState.running.name, isOver: false, trial: trial)
        case .nothingToAsk(let state):
            return AskDocument(sweep: name, state: state.name, isOver: state.isOver, trial: nil)
        default: throw Self.refusal(outcome)
        }
    }

    /// Takes in what a program tells of its trial; the scheduler's verdict.
    package func told(sweep name: String, _ tell: Tell) async throws(ControlError) -> TellDocument {
        let outcome = await steer { .told(name, tell, $0) }
        guard case .told(let verdict) = outcome else { throw Self.refusal(outcome) }
        return TellDocument(sweep: name, trial: tell.trial, verdict: verdict)
    }
}
