package import SweepCore
import SweepNumerics

/// What matters in a sweep: how much each parameter, and each pair, has to do with its results.
package struct Importance: Hashable, Sendable {
    /// One parameter.
    package struct ParameterShare: Hashable, Sendable {
        package let path: String
        /// Its own share of the variance over the whole space (fANOVA), from 0 to 1, and the deviation between trees.
        package let variance: Double
        package let deviation: Double
        /// Its share of what tells the best tenth from all (PED-ANOVA); the shares of all parameters are together 1. Nil when
        /// nothing tells them apart.
        package let amongBest: Double?
        /// What trees say of it, all others averaged over.
        package let marginal: [MarginalPoint]

        package init(
            path: String,
            variance: Double,
            deviation: Double,
            amongBest: Double?,
            marginal: [MarginalPoint]
        ) {
            self.path = path
            self.variance = variance
            self.deviation = deviation
            self.amongBest = amongBest
            self.marginal = marginal
        }
    }

    /// A value of a parameter and the mean objective there, with the deviation between trees.
    package struct MarginalPoint: Hashable, Sendable {
        package let value: ParameterValue
        package let objective: Double
        package let deviation: Double

        package init(value: ParameterValue, objective: Double, deviation: Double) {
            self.value = value
            self.objective = objective
            self.deviation = deviation
        }
    }

    /// Two parameters and the share of the variance that they have together, beyond what each has alone.
    package struct PairShare: Hashable, Sendable {
        package let first: String
        package let second: String
        package let variance: Double
        package let deviation: Double

        package init(first: String, second: String, variance: Double, deviation: Double) {
            self.first = first
            self.second = second
            self.variance = variance
            self.deviation = deviation
        }
    }

    /// The greatest share of the variance first, equal ones in the space's order.
    package let parameters: [ParameterShare]
    /// Those with at least `leastPairShare`, the greatest first.
    package let pairs: [PairShare]
    package let advice: [RangeAdvice]
    /// The share of the variance that the forest explains of results it did not see; nil when that is not known.
    package let explained: Double?
    /// Configurations with a result, and how many of them stand at the bound of costs.
    package let configurations: Int
    package let bounded: Int

    package init(
        parameters: [ParameterShare],
        pairs: [PairShare],
        advice: [RangeAdvice],
        explained: Double?,
        configurations: Int,
        bounded: Int
    ) {
        self.parameters = parameters
        self.pairs = pairs
        self.advice = advice
        self.explained = explained
        self.configurations = configurations
        self.bounded = bounded
    }

    /// Fewer configurations say nothing.
    package static let leastConfigurations = 10
    /// The forest grows from at most so many, drawn by the seed: more change shares by less than trees differ.
    private static let mostConfigurations = 1_000
    private static let trees = 64
    /// A pair below is not told of.
    private static let leastPairShare = 0.005
    private static let mostPairs = 20
    /// Points of a curve over a range that is not counted.
    private static let curvePoints = 33

    /// The importance of the parameters of `space` for `results`, whose costs are on the scale of `Objective.cost`.
    ///
    /// Nil below `leastConfigurations` of them, when nothing is searched, and when all results are the same. `isMaximized` turns
    /// what curves show back to the objective's own sign. Deterministic: a function of its arguments. Cost: some
    /// O(trees · (d n log n + d² n)) for d parameters and n ≤ 1,000.
    package static func analysis(
        space: SearchSpace,
        results: [(configuration: Configuration, cost: Double)],
        isMaximized: Bool = false,
        seed: UInt64
    ) -> Importance? {
        let sample = ImportanceSample(space: space, results: results)
        guard sample.count >= leastConfigurations, !sample.axes.isEmpty, let first = sample.costs.first,
            sample.costs.contains(where: { $0 != first })
        else { return nil }
        var hash = StableHash()
        hash.combine(seed)
        hash.combine("importance")
        var stream = RandomStream(key: hash.value)
        let forest = RegressionForest(sample.thinned(to: mostConfigurations, &stream), trees: trees, &stream)
        let variance = FunctionalANOVA(forest, axes: sample.axes.count)
        let divergence = PEDANOVA(sample)
        let sign = isMaximized ? -1.0 : 1.0
        let parameters = sample.axes.indices.map { axis in
            ParameterShare(
                path: sample.axes[axis].path,
                variance: variance.shares[axis].mean,
                deviation: variance.shares[axis].deviation,
                amongBest: divergence.shares[axis],
                marginal: variance.curve(of: axis, at: coordinates(sample.axes[axis])).map {
                    MarginalPoint(
                        value: sample.axes[axis].value(at: $0.coordinate),
                        objective: sign * $0.mean,
                        deviation: $0.deviation
                    )
                }
            )
        }
        let order = parameters.indices.sorted {
            (-parameters[$0].variance, $0) < (-parameters[$1].variance, $1)
        }
        // Parameters of different branches are never there together: what the trees see of both is which branch it is.
        let pairs = variance.pairs.filter { pair in
            pair.share.mean >= leastPairShare && sample.haveBoth(pair.first, pair.second)
        }
        let pairOrder = pairs.indices.sorted { (-pairs[$0].share.mean, $0) < (-pairs[$1].share.mean, $1) }
        let known = Dictionary(space.parameters.map { ($0.path, $0) }) { first, _ in first }
        return Importance(
            parameters: order.map { parameters[$0] },
            pairs: pairOrder.prefix(mostPairs).map { place in
                PairShare(
                    first: sample.axes[pairs[place].first].path,
                    second: sample.axes[pairs[place].second].path,
                    variance: pairs[place].share.mean,
                    deviation: pairs[place].share.deviation
                )
            },
            advice: RangeAdvice.all(sample, known) { parameter, value in
                allows(value, of: parameter, in: space, configurations: results.lazy.map(\.configuration))
            },
            explained: forest.explained,
            configurations: sample.count,
            bounded: sample.bounded
        )
    }

    /// Whether a trial of `space` may have `value`, a number, beyond the range of `parameter`: a momentum of 1.1 is worth no advice.
    ///
    /// Asked of the first of `configurations` in which it counts. True where that is no trial that can be read as it is.
    private static func allows(
        _ value: ParameterValue,
        of parameter: Parameter,
        in space: SearchSpace,
        configurations: some Sequence<Configuration>
    ) -> Bool {
        let number: SpecNode
        switch value {
        case .integer(let integer): number = .integer(integer)
        case .real(let real): number = .real(real)
        case .none, .flag, .text: return true
        }
        guard let example = configurations.first(where: { $0[parameter.path] != nil }),
            let trial = space.resolve(example), TrialWork.read(trial, problems: SpecProblems()) != nil,
            let wider = trial.replacing(parameter.path.split(separator: ".").map(String.init)[...], with: number)
        else { return true }
        return TrialWork.read(wider, problems: SpecProblems()) != nil
    }

    /// Where a curve is shown: at each value where they are few, else evenly on the range's own scale.
    private static func coordinates(_ axis: SearchAxis) -> [Double] {
        if let count = axis.count, axis.isCategorical || count <= curvePoints {
            return (0..<count).map { axis.coordinate(ofValue: $0) }
        }
        return (0..<curvePoints).map { Double($0) / Double(curvePoints - 1) }
    }
}
