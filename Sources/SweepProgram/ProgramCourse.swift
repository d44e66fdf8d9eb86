package import SweepCore

/// What a program's lines mean for its trial: which epochs they are, what it is told, and what is wrong with them.
package struct ProgramCourse: Sendable {
    /// What the program is told when it waits.
    package enum Verdict: String, Sendable {
        case go = "continue"
        /// Save the state, and end.
        case pause
        /// End; nothing more is wanted.
        case stop
    }

    /// What follows from a line.
    package enum Step: Hashable, Sendable {
        /// An epoch to tell, if it is a new one, and what the program is told if it waits.
        case epoch(Observation?, Verdict?)
        /// The state of the segment's last epoch is in its folder.
        case saved
        /// The program is done with this trial, and can have another.
        case returned
        /// The program does what none may do; trying again gives the same.
        case fault(String)
    }

    private let metrics: [Metric]
    /// Epochs that the state holds from which the program began.
    private let from: Int
    /// The last epoch that is wanted now.
    private let to: Int
    private let keepsCheckpoint: Bool
    /// Whether the program may ask for another trial.
    private let mayReturn: Bool
    /// The last epoch that was reported; nil before the first.
    package private(set) var last: Int?
    /// Whether the segment's last epoch, or one at which it was asked to rest, was reported.
    package private(set) var isOver = false
    /// Whether a loss was not finite.
    package private(set) var isBroken = false
    /// Whether the program was asked for its state and has said that it is there.
    package private(set) var isSaved = false
    /// Whether it was asked for its state.
    package private(set) var isAsked = false

    package init(metrics: [Metric], from: Int, to: Int, keepsCheckpoint: Bool, mayReturn: Bool = false) {
        self.metrics = metrics
        self.from = from
        self.to = to
        self.keepsCheckpoint = keepsCheckpoint
        self.mayReturn = mayReturn
    }

    /// Epochs that are done, as a coordinator counts them.
    package var epoch: Int { max(from, min(last ?? from, to)) }

    /// Takes a line in; `seconds` passed since the one before, `rests`: the trial is to rest at its next epoch, wherever it is.
    package mutating func take(_ line: ProgramLine, seconds: Double, rests: Bool) -> Step {
        switch line {
        case .checkpoint(let epoch):
            guard isAsked, epoch == last else {
                return .fault("the program reported a checkpoint of epoch \(epoch) and was not told to pause there")
            }
            isSaved = true
            return .saved
        case .next:
            guard mayReturn else { return .fault("the program asked for another trial, which only train.reuse allows") }
            return .returned
        case .report(let epoch, let values, let waits):
            // After the last one that is wanted a program that does not wait goes on until it is ended.
            if isOver { return .epoch(nil, waits ? .stop : nil) }
            if let last {
                guard epoch == last + 1 else { return .fault(Self.outOfOrder(epoch, after: last)) }
            } else {
                // One that cannot go on from a state begins anew; its first epochs are known.
                guard epoch == 1 || epoch == from + 1 else { return .fault(outOfOrder(first: epoch)) }
            }
            var row: [Double] = []
            for metric in metrics {
                guard let value = values[metric.rawValue] else {
                    return .fault(Self.missing(metric, epoch, Array(values.keys)))
                }
                row.append(value)
                if !value.isFinite, metric.mustBeFinite { isBroken = true }
            }
            last = epoch
            isOver = isBroken || epoch >= to || (rests && epoch > from)
            let isRest = isOver && !isBroken && (keepsCheckpoint || epoch < to)
            isAsked = isRest && waits
            let observation =
                epoch > from && epoch <= to ? Observation(epoch: epoch, values: row, seconds: seconds) : nil
            return .epoch(observation, waits ? (isRest ? .pause : isOver ? .stop : .go) : nil)
        }
    }

    private static func outOfOrder(_ epoch: Int, after last: Int) -> String {
        "the program reported epoch \(epoch) after epoch \(last); epochs are reported one by one, in order"
    }

    private func outOfOrder(first epoch: Int) -> String {
        let allowed = from == 0 ? "1" : "\(from + 1), from the state that it was given, or 1"
        return "the program reported epoch \(epoch) first; the first one is \(allowed)"
    }

    private static func missing(_ metric: Metric, _ epoch: Int, _ names: [String]) -> String {
        let found = names.isEmpty ? "no number" : names.sorted().prefix(10).joined(separator: ", ")
        return "the program reported epoch \(epoch) without \(metric.rawValue), found \(found); "
            + "the objective and train.metrics name what every report holds"
    }
}
