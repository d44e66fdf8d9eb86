/// The epochs at which trials are compared.
package enum Rungs {
    /// Rungs from the top: epochs, epochs/η, epochs/η², … rounded, while at least `first`; ascending.
    ///
    /// `first` nil: a tenth of the epochs, at least one: the first rung, not the rule, decides whether the best trial
    /// survives (promotion ASHA on 240 recorded studies kept the best of 100 in 85 % with a first rung of 1 of 50
    /// epochs, in 95 % with 5 of 50). Worked values for η = 3: 27 → 3, 9, 27; 50 → 6, 17, 50.
    package static func levels(epochs: Int, reductionFactor: Int, first: Int?) -> [Int] {
        let least = max(1, first.map(Double.init) ?? Double(epochs) / 10)
        var levels = [epochs]
        var exact = Double(epochs) / Double(reductionFactor)
        while exact.rounded() >= least, let lowest = levels.last, Int(exact.rounded()) < lowest {
            levels.append(Int(exact.rounded()))
            exact /= Double(reductionFactor)
        }
        return levels.reversed()
    }
}
