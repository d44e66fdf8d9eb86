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

/// How a lease ended without its segment being trained to the end.
package enum LeaseEnd: Hashable, Sendable {
    /// The worker was silent for longer than the lapse time.
    case lapsed
    /// The process that trained it died; the text is what its supervisor saw (signal, last lines).
    case died(String)
    /// The worker gave it back untouched or unfinished, because it drains or says goodbye.
    case handedBack
    /// The trial needs no more training under this lease: stopped, cancelled or handed out anew.
    case superseded
}
