package import SweepCore
import SweepNumerics

/// The learning-rate range test: a short training from the same first weights, in which the rate grows at every step, from far too
/// low to far too high. The greatest rate at which this network still learns from these rows is seen, not assumed.
///
/// Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017, §3.3.
package struct RateRangeTest: Hashable, Sendable {
    /// The rate to begin with: a tenth of that at which the loss was least, which is about where it ceased to fall; nil: the loss did
    /// not clearly fall at any rate.
    package let rate: Double?

    /// Steps of the test, where the run itself has as many and they are a fiftieth of an epoch.
    private static let steps = 200
    /// The largest part of an epoch's steps that they may be: the schedule, whose unit is the epoch, goes by the rates so many times
    /// as steeply, and numbers end at 1e308.
    private static let part = 50
    /// Fewer than these show nothing.
    private static let fewest = 60
    /// Losses that a smoothed one is the mean of: itself, and as many to either side.
    private static let side = 5
    /// Decades from the middle of the usual rates to either end.
    private static let decades = 1000.0
    /// Below the least smoothed loss. Source: `lr_find` of fast.ai, `minimum`.
    private static let below = 10.0
    /// Times the least so far: there it has left for good. Source: the same, and Lightning's.
    private static let left = 4.0
    /// The share of the first level that it must fall by.
    private static let fall = 0.05

    /// What is trained for a range test.
    package struct Plan: Sendable {
        /// The training whose first steps the test is: with a rate that grows, and nothing that ends it or changes its rate by other
        /// rules.
        package let training: TrainingSpec
        /// So many steps of it.
        package let steps: Int
        /// The rate before the first step, and after the last.
        let first: Double
        let last: Double

        /// The test of a run; nil where there is nothing to train on.
        package init?(of training: TrainingSpec, stepsPerEpoch: Int) {
            guard stepsPerEpoch > 0 else { return nil }
            let middle = CauseContext.middleRate(of: training.optimizer.rule)
            let wanted = min(max(stepsPerEpoch * training.epochs, RateRangeTest.fewest), RateRangeTest.steps)
            steps = max(wanted, stepsPerEpoch / RateRangeTest.part)
            first = middle / RateRangeTest.decades
            last = middle * RateRangeTest.decades
            var test = training
            test.epochs = (steps + stepsPerEpoch - 1) / stepsPerEpoch
            // The schedule goes by the share of whole epochs: it aims so far that these steps end at `last`.
            let steepness = Double(test.epochs * stepsPerEpoch) / Double(steps)
            test.optimizer.learningRate = first
            test.schedule = LearningRateSchedule(
                .rangeTest(to: first * Elementary.exp(steepness * Elementary.log(last / first)))
            )
            test.earlyStopping = nil
            test.restarts = []
            test.averaging = nil
            self.training = test
        }
    }

    /// Reads the mean losses of the test's steps; those after a number that is not finite are not looked at.
    package init(stepLosses: [Double], of plan: Plan) {
        let (first, last) = (plan.first, plan.last)
        let losses = Array(stepLosses.prefix { $0.isFinite })
        let side = Self.side
        guard losses.count > 4 * side else {
            rate = nil
            return
        }
        let smooth = (side..<losses.count - side).map { Moments(of: losses[$0 - side...$0 + side]).mean }
        var place = 0
        for (index, loss) in smooth.enumerated() {
            if loss > Self.left * smooth[place] { break }
            if loss < smooth[place] { place = index }
        }
        guard smooth[place] < (1 - Self.fall) * smooth[0] else {
            rate = nil
            return
        }
        let share = Double(place + side) / Double(plan.steps)
        rate = first * Elementary.exp(share * Elementary.log(last / first)) / Self.below
    }
}

extension Diagnosis {
    /// How likely a rate that is wrong must be for a range test to be worth its steps: as likely as a cause that the verdict may name.
    /// It need not be the first: a rate far too high kills units and gradients, and those may be suspected before it.
    private static let leastForRangeTest = Verdict.least

    /// Whether the rate is suspected, so that a range test would tell the rate to set instead.
    package var wantsRangeTest: Bool {
        verdict != .noFault
            && causes.contains { cause in
                [.rateTooHigh, .rateTooLow].contains(cause.cause) && cause.probability >= Self.leastForRangeTest
            }
    }
}
