/// One handing-out of a trial: the trial and the attempt it was handed out as.
///
/// Everything a worker says about a trial names the lease, so that a late word about an earlier attempt is told from a
/// live one by comparing two numbers.
package struct LeaseID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let trial: TrialID
    package let attempt: Attempt
    package init(trial: TrialID, attempt: Attempt) {
        self.trial = trial
        self.attempt = attempt
    }
    package static func < (a: Self, b: Self) -> Bool { (a.trial, a.attempt) < (b.trial, b.attempt) }
    package var description: String { "\(trial)#\(attempt.rawValue)" }
}

/// How a lease ended while its trial lived on.
package enum LeaseEnd: Hashable, Sendable {
    /// The worker was silent for longer than the lapse time.
    case lapsed
    /// The process that trained it died, or stood still; the text is that of an `AttemptDeath`.
    case died(String)
    /// It came back untouched or unfinished, and nothing speaks against the trial: the worker drains, says goodbye, was paused,
    /// or was lost before it can have begun it.
    case handedBack
    /// The trial needs no more training under this lease: it came to its rung.
    case superseded
}
