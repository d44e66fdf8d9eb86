/// What a program outside says of a trial that it asked for.
package struct Tell: Hashable, Sendable {
    package var trial: Int
    /// Under which attempt it was given the trial.
    package var attempt: Int
    /// Which report this is, from 1; nil: the next one.
    package var epoch: Int?
    /// What it measured; nil: nothing new, only that it lives.
    package var values: [Metric: Double]?
    /// Core seconds that the epoch took; nil: the time since the asker's last word.
    package var seconds: Double?
    /// How the run ended; nil while it goes on.
    package var end: End?

    /// How a run that was asked for ends.
    package enum End: Hashable, Sendable {
        /// Its last report is its result.
        case completed
        case failed(String)
        /// Nothing speaks against the trial; somebody else may have it.
        case handedBack
    }

    /// Bytes of a reason that are kept.
    package static let reasonLimit = 4096

    package init(
        trial: Int,
        attempt: Int,
        epoch: Int? = nil,
        values: [Metric: Double]? = nil,
        seconds: Double? = nil,
        end: End? = nil
    ) {
        self.trial = trial
        self.attempt = attempt
        self.epoch = epoch
        self.values = values
        self.seconds = seconds
        self.end = end
    }
}

/// A trial that is given to a program that asked for one.
package struct AskedTrial: Hashable, Sendable {
    package let lease: LeaseID
    package let configuration: Configuration
    /// `train.parameters` with a value for every range.
    package let parameters: [SpecEntry]
    package let seed: UInt64
    /// Reports that are kept of it; the next is one more.
    package let epoch: Int
    /// The report after which it is decided whether the trial goes on.
    package let to: Int
    /// Reports of a whole run.
    package let epochs: Int
    /// Seconds without a word after which the trial is offered to others.
    package let leaseSeconds: Double

    package init(
        lease: LeaseID,
        configuration: Configuration,
        parameters: [SpecEntry],
        seed: UInt64,
        epoch: Int,
        to: Int,
        epochs: Int,
        leaseSeconds: Double
    ) {
        self.lease = lease
        self.configuration = configuration
        self.parameters = parameters
        self.seed = seed
        self.epoch = epoch
        self.to = to
        self.epochs = epochs
        self.leaseSeconds = leaseSeconds
    }
}

/// What an asker is to do with its trial after what it told.
package struct TellVerdict: Hashable, Sendable {
    /// The scheduler's word.
    package enum Word: String, Sendable {
        /// Go on, under the attempt that stands beside it.
        case go = "continue"
        /// Keep its state under the trial's number and ask for another trial; this one may be given again.
        case pause
        /// The trial is over.
        case stop
    }
    package let word: Word
    package let state: TrialState
    /// Under which attempt to go on; the last one where there is nothing to go on with.
    package let attempt: Attempt
    /// Reports that are kept of it.
    package let epoch: Int
    /// The report after which it is decided again.
    package let to: Int?

    package init(word: Word, state: TrialState, attempt: Attempt, epoch: Int, to: Int?) {
        self.word = word
        self.state = state
        self.attempt = attempt
        self.epoch = epoch
        self.to = to
    }
}
