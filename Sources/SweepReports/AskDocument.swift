package import SweepCore

/// The answer to `ask`: a trial to evaluate, or that there is none now.
package struct AskDocument: Hashable, Sendable {
    package let sweep: String
    /// Where the sweep stands: while it is `running` without a trial to give, results of others decide what comes next.
    package let state: String
    package let trial: AskedTrial?
    /// Whether there will be no trial any more.
    package let isOver: Bool

    package init(sweep: String, state: String, isOver: Bool, trial: AskedTrial?) {
        self.sweep = sweep
        self.state = state
        self.isOver = isOver
        self.trial = trial
    }

    /// Seconds after which to ask again where there is nothing now: as often as a page looks.
    package static let retrySeconds = 1

    /// `{"sweep", "state", "trial", …}`; `trial` is null where there is none.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("state", state)
        guard let trial else {
            var members = [JSONMember("trial", .null)]
            if !isOver { members.append(JSONMember("retry_seconds", .integer(Self.retrySeconds))) }
            return Self.joined(object.object, members)
        }
        return Self.joined(
            object.object,
            [
                JSONMember("trial", .integer(trial.lease.trial.number)),
                JSONMember("attempt", .integer(Int(trial.lease.attempt.rawValue))),
                JSONMember("parameters", SpecNode.map(trial.parameters).json),
                JSONMember("configuration", trial.configuration.json),
                JSONMember("seed", .whole(trial.seed)),
                JSONMember("epoch", .integer(trial.epoch)),
                JSONMember("to", .integer(trial.to)),
                JSONMember("epochs", .integer(trial.epochs)),
                JSONMember("lease_seconds", .number(trial.leaseSeconds)),
            ]
        )
    }

    private static func joined(_ object: JSONValue, _ more: [JSONMember]) -> JSONValue {
        guard case .object(let members) = object else { return object }
        return .object(members + more)
    }
}

/// The answer to `report` and `tell`: what the scheduler says.
package struct TellDocument: Hashable, Sendable {
    package let sweep: String
    package let trial: Int
    package let verdict: TellVerdict

    package init(sweep: String, trial: Int, verdict: TellVerdict) {
        self.sweep = sweep
        self.trial = trial
        self.verdict = verdict
    }

    /// `{"sweep", "trial", "attempt", "verdict", "state", "epoch", "to"}`.
    package var json: JSONValue {
        .object([
            JSONMember("sweep", .text(sweep)), JSONMember("trial", .integer(trial)),
            JSONMember("attempt", .integer(Int(verdict.attempt.rawValue))),
            JSONMember("verdict", .text(verdict.word.rawValue)), JSONMember("state", .text(verdict.state.name)),
            JSONMember("epoch", .integer(verdict.epoch)),
            JSONMember("to", verdict.to.map { .integer($0) } ?? .null),
        ])
    }
}
