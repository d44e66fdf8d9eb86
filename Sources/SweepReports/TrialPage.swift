/// Which trials of a sweep a part of a document tells of: those above a number, as many as have so many epochs together.
///
/// A document of all trials of a large sweep would be hundreds of megabytes of text; in parts neither side holds more than one of
/// them. JSON, as arguments beside `"sweep"`: `"after"`, `"epochs"`.
package struct TrialPage: Hashable, Sendable {
    /// The number of the last trial that was told of; 0 before the first.
    package var after: Int
    /// Epochs after which the part ends; with at least one trial, and each counts for `trialCost` more.
    package var epochs: Int

    /// What a trial is taken for beside its epochs: its configuration and its names.
    package static let trialCost = 16
    /// Some five megabytes of text at five metrics.
    package static let usual = 50_000
    /// What may be asked for.
    package static let limits = 1...200_000

    package init(after: Int = 0, epochs: Int = TrialPage.usual) {
        self.after = after
        self.epochs = epochs
    }
}
