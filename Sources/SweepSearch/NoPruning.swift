/// Every trial trains all its epochs in one go.
package struct NoPruning: FidelityScheduler {
    package let levels: [Int]

    /// Trials of `epochs` epochs.
    package init(epochs: Int) { levels = [epochs] }

    /// In the place of another scheduler of these levels, where nothing is decided any more.
    package init(levels: [Int]) { self.levels = levels }

    package var ignoresResults: Bool { true }
    package mutating func started(trial: Int) {}
    package mutating func finished(trial: Int, epoch: Int, cost: Double) {}
    package mutating func removed(trial: Int) {}
    package mutating func promotion() -> (trial: Int, to: Int)? { nil }
    package mutating func promoted(trial: Int, to level: Int) {}
    package func hopeless(remaining newTrials: Int) -> [Int] { [] }
}
