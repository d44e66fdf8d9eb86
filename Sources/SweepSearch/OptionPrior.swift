import SweepCore
import SweepNumerics

/// What is believed of a choice: how likely each option is held to be.
///
/// Determinism: sums, quotients and `Elementary` only, so that draws have the same bits on every machine.
struct OptionPrior: Hashable, Sendable {
    /// The share of each option; they add up to 1.
    let shares: [Double]
    /// The shares added up, option by option.
    private let cumulative: [Double]
    /// The last option of a share above 0.
    private let last: Int
    /// The options of a share above 0.
    let possible: [Int]

    /// By `weights` from 0, of which one at least is above it.
    init(weights: [Double]) {
        // Of the greatest: the sum of large ones is beyond what a number holds.
        let greatest = weights.max() ?? 1
        let parts = weights.map { greatest > 0 ? $0 / greatest : 1 }
        let sum = parts.reduce(0, +)
        let shares = parts.map { $0 / sum }
        var running = 0.0
        cumulative = shares.map { share in
            running += share
            return running
        }
        last = shares.lastIndex { $0 > 0 } ?? 0
        possible = shares.indices.filter { shares[$0] > 0 }
        self.shares = shares
    }

    /// The option in whose part of [0, 1) `share` lies; never one of weight 0.
    func option(below share: Double) -> Int {
        var low = 0
        var high = last
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > share { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Another option than `option`, by the weights of the others; `option` itself where all of those are 0.
    func option(otherThan option: Int, below share: Double) -> Int {
        guard shares.indices.contains(option) else { return self.option(below: share) }
        var rest = 0.0
        for (index, own) in shares.enumerated() where index != option { rest += own }
        guard rest > 0 else { return option }
        var running = 0.0
        var found = option
        for (index, own) in shares.enumerated() where index != option && own > 0 {
            running += own
            found = index
            if running > share * rest { break }
        }
        return found
    }

    /// log of the option's share over that of an even draw; -∞ of one of weight 0.
    func logDensity(of option: Int) -> Double {
        shares[option] > 0 ? Elementary.log(shares[option] * Double(shares.count)) : -.infinity
    }
}
