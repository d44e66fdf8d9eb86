package import SweepCore
import SweepNumerics

/// Where a run is in its learning-rate schedule: what the rules that react to the curve remember.
package struct ScheduleState: Equatable {
    /// What reductions have made of the rate so far.
    package internal(set) var factor = 1.0
    /// The best value of the watched metric; NaN before the first.
    package internal(set) var best = Double.nan
    /// Epochs since.
    package internal(set) var waited = 0
    /// Epochs that are not counted.
    package internal(set) var cooldown = 0
    /// The training loss of the epoch or batch before; NaN before the first.
    package internal(set) var lastLoss = Double.nan
    /// Reductions so far.
    package internal(set) var reductions = 0

    /// The state before the first step.
    package init() {}

    /// The learning rate of a step.
    ///
    /// - Parameters:
    ///   - step: Of the whole run, from 0.
    ///   - base: The optimizer's rate.
    ///   - epochs: The run's length, T.
    package func rate(
        _ schedule: LearningRateSchedule,
        base: Double,
        step: Int,
        stepsPerEpoch: Int,
        epochs: Int
    ) -> Double {
        let time = Double(step) / Double(stepsPerEpoch)
        // The share of the run, so that a last step at T − 1/n is not yet 1.
        let share = min(time / Double(epochs), 1)
        let rate = base * factor * Self.factor(schedule.rule, time: time, share: share, base: base)
        guard let warmup = schedule.warmup else { return rate }
        let length = warmup.steps > 0 ? warmup.steps : warmup.epochs * stepsPerEpoch
        guard length > 0, step < length else { return rate }
        return rate * (warmup.from + (1 - warmup.from) * Double(step + 1) / Double(length))
    }

    private static func factor(
        _ rule: LearningRateSchedule.Rule,
        time: Double,
        share: Double,
        base: Double
    ) -> Double {
        switch rule {
        case .constant, .plateau, .rise: return 1
        case .step(let every, let factor): return power(factor, Int(time) / every)
        case .milestones(let epochs, let factor):
            let epoch = Int(time)
            return power(factor, epochs.count { $0 <= epoch })
        case .exponential(let factor): return power(factor, Int(time))
        case .polynomial(let exponent, let final):
            return final + (1 - final) * Elementary.pow(1 - share, exponent)
        case .cosine(let final, let period, let growth):
            let place = period.map { Self.place(time, period: $0, growth: growth) } ?? share
            return final + (1 - final) * (1 + Elementary.cosine(turns: place / 2)) / 2
        case .oneCycle(let rise, let start, let end):
            func between(_ from: Double, _ to: Double, _ place: Double) -> Double {
                to + (from - to) * (1 + Elementary.cosine(turns: place / 2)) / 2
            }
            return share < rise
                ? between(1 / start, 1, share / rise) : between(1, 1 / end, (share - rise) / (1 - rise))
        case .rangeTest(let last): return Elementary.exp(share * Elementary.log(last / base))
        }
    }

    /// The share of the current period that is over, when each is `growth` times as long as the one before.
    private static func place(_ time: Double, period: Int, growth: Int) -> Double {
        var (begin, length) = (0.0, Double(period))
        while time >= begin + length {
            begin += length
            length *= Double(growth)
        }
        return (time - begin) / length
    }

    /// By repeated multiplication: the same bits everywhere.
    private static func power(_ factor: Double, _ exponent: Int) -> Double {
        var (result, base, rest) = (1.0, factor, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= base }
            base *= base
            rest >>= 1
        }
        return result
    }

    /// A batch was trained; answers whether the rate was reduced.
    ///
    /// - Parameter epoch: The epoch under way, from 1.
    package mutating func batchEnded(_ schedule: LearningRateSchedule, loss: Double, epoch: Int) -> Bool {
        guard case .rise(let rule) = schedule.rule, rule.onBatches else { return false }
        return rose(rule, loss: loss, epoch: epoch)
    }

    /// An epoch was measured; answers whether the rate was reduced.
    ///
    /// - Parameters:
    ///   - epoch: Epochs finished, this one too.
    ///   - base: The optimizer's rate.
    ///   - value: The metrics of the epoch.
    package mutating func epochEnded(
        _ schedule: LearningRateSchedule,
        epoch: Int,
        base: Double,
        value: (Metric) -> Double
    ) -> Bool {
        switch schedule.rule {
        case .rise(let rule) where !rule.onBatches:
            return rose(rule, loss: value(.trainingLoss), epoch: epoch)
        case .plateau(let rule): return stalled(rule, value: value(rule.metric), base: base)
        default: return false
        }
    }

    private mutating func rose(_ rule: RiseRule, loss: Double, epoch: Int) -> Bool {
        defer { lastLoss = loss }
        guard epoch > rule.afterEpoch, loss > lastLoss else { return false }
        factor *= rule.factor
        reductions += 1
        return true
    }

    private mutating func stalled(_ rule: PlateauRule, value: Double, base: Double) -> Bool {
        let sign = rule.metric.direction == .maximize ? -1.0 : 1.0
        let threshold = rule.isRelative ? rule.threshold * abs(best) : rule.threshold
        // A value that is no number is never better, not even than none.
        if !value.isNaN, best.isNaN || sign * value < sign * best - threshold {
            best = value
            waited = 0
        } else {
            waited += 1
        }
        if cooldown > 0 {
            cooldown -= 1
            waited = 0
        }
        guard waited > rule.patience else { return false }
        cooldown = rule.cooldown
        waited = 0
        let reduced = max(base * factor * rule.factor, rule.minimum)
        guard base * factor - reduced > rule.epsilon else { return false }
        factor = reduced / base
        reductions += 1
        return true
    }
}
