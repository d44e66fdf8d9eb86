package import SweepCore

/// What a page watches of a running coordinator, beside what commands read.
package protocol SweepObservatory: SweepControl {
    /// What the sweep is.
    func sweep(_ name: String) async throws(ControlError) -> SweepDocument
    /// The trials that are not as `marks` say, and the marks of all as they are now.
    func trials(sweep: String, unlike marks: [TrialMark]) async throws(ControlError) -> TrialChanges
    func trial(sweep: String, number: Int) async throws(ControlError) -> TrialDocument
    func timeline(sweep: String) async throws(ControlError) -> TimelineDocument
    /// What the arms of a sweep come to, corrected for those of `others` too; conflict where one of them has none.
    func comparison(sweep: String, with others: [String]) async throws(ControlError) -> ComparisonDocument
    func workers() async -> WorkersDocument
    /// A trial for a program that asks for one; conflict where the sweep's trials are not asked for.
    func ask(sweep: String, asker: String) async throws(ControlError) -> AskDocument
    /// Takes in what such a program tells; conflict where its lease has ended.
    func told(sweep: String, _ tell: Tell) async throws(ControlError) -> TellDocument
}

/// What a trial was like when it was looked at: what tells whether there is something to say of it.
package struct TrialMark: Hashable, Sendable {
    /// Epochs of its curve.
    package let epochs: Int32
    package let attempts: Int32
    /// A number of the state, its goal and what else a row shows; equal for equal ones.
    package let rest: UInt32

    package init(epochs: Int32, attempts: Int32, rest: UInt32) {
        self.epochs = epochs
        self.attempts = attempts
        self.rest = rest
    }

    /// Unlike every trial: of one that its reader knows nothing of.
    package static let unknown = TrialMark(epochs: 0, attempts: -1, rest: .max)
}

/// What has changed among a sweep's trials.
package struct TrialChanges: Sendable {
    package let document: TrialsDocument
    /// Of all trials, the first one's first.
    package let marks: [TrialMark]
    /// The number of the sweep: another one may have its name since it was removed.
    package let number: Int

    package init(document: TrialsDocument, marks: [TrialMark], number: Int = 1) {
        self.document = document
        self.marks = marks
        self.number = number
    }
}
