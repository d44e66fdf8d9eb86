import SweepCore
import Testing

/// The float64 reference, which every run is followed by, against PyTorch's own numbers.
@Suite struct OptimizerNumberTests {
    static let gradients = [0.5, -1.25, 0.75, 2.0, -0.5, 0.125]

    /// Where PyTorch 2.13 has a weight that began at 1/2 after each of the gradients, the rate being 1/8, in float64.
    ///
    /// Source: `Benchmarks/peers/agree_torch.py --numbers`.
    static let places: [(rule: OptimizerRule, weights: [Double])] = [
        (
            OptimizerRule.sgd(momentum: 0.75, nesterov: false),
            [
                0.4375, 0.546875, 0.53515625, 0.2763671875, 0.144775390625, 0.03045654296875,
            ]
        ),
        (
            .sgd(momentum: 0.75, nesterov: true),
            [
                0.390625, 0.62890625, 0.5263671875, 0.082275390625, 0.04608154296875, -0.0552825927734375,
            ]
        ),
        (
            .sgd(momentum: 0.75, dampening: 0.25, nesterov: false),
            [
                0.4375, 0.5078125, 0.490234375, 0.28955078125, 0.1859130859375, 0.096466064453125,
            ]
        ),
        (
            .sgd(momentum: 0, dampening: 0.25, nesterov: false),
            [
                0.4375, 0.59375, 0.5, 0.25, 0.3125, 0.296875,
            ]
        ),
        (
            .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false),
            [
                0.3750000025, 0.43027690989236933, 0.42872179584919046, 0.3703844238618063,
                0.33527335003730613, 0.3018778976681375,
            ]
        ),
        (
            .adam(beta1: 0.9, beta2: 0.25, epsilon: 1e-8, amsgrad: true),
            [
                0.3750000025, 0.4211609504797222, 0.4199173383586023, 0.37869276883443287,
                0.35604141547724905, 0.336348498598114,
            ]
        ),
        (
            .rmsprop(alpha: 0.75, epsilon: 1e-8, momentum: 0, centered: false),
            [
                0.2500000099999996, 0.4862278020593381, 0.3492971646830465, 0.13425583430456933,
                0.1945033570366849, 0.17715332899214598,
            ]
        ),
        (
            .rmsprop(alpha: 0.75, epsilon: 1e-8, momentum: 0.5, centered: true),
            [
                0.2113248787385198, 0.3173004012586341, 0.23327722176219534, -0.04888868626933296,
                -0.12768635038045684, -0.18502292630143974,
            ]
        ),
        (
            .adagrad(epsilon: 1e-10),
            [
                0.375000000025, 0.4910595863770367, 0.43022655345694816, 0.3312117991632023,
                0.35549394572119053, 0.3494305550955175,
            ]
        ),
        (
            .adagrad(epsilon: 1e-10, learningRateDecay: 0.25),
            [
                0.375000000025, 0.4678476691066294, 0.42729231382657035, 0.37071245423014415,
                0.38285352750913826, 0.38015868723106133,
            ]
        ),
        (
            .adagrad(epsilon: 1e-10, initialAccumulator: 0.5),
            [
                0.4278312163596301, 0.5305805834187217, 0.47528984986389616, 0.3799435909429733,
                0.40335823623163847, 0.39751098286029496,
            ]
        ),
        (
            .nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            [
                0.3679435303467059, 0.4863051586853748, 0.42236922321860393, 0.29968849907353456,
                0.32355750065096023, 0.3082501361441499,
            ]
        ),
        (
            .nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.5),
            [
                0.36754914977306086, 0.48432083532956366, 0.4226828644740218, 0.3053116785575378,
                0.3261846223068341, 0.31066415024378763,
            ]
        ),
    ]

    /// Both are float64 and differ in the order of a handful of operations.
    @Test(arguments: places.indices)
    func `a weight is moved as PyTorch moves it`(_ index: Int) {
        let (rule, weights) = Self.places[index]
        var weight = 0.5
        let parameter = ReferenceModel.Parameter(name: "1.weights", shape: [1], values: [weight])
        var optimizer = ReferenceOptimizer(OptimizerSpec(rule, learningRate: 0.125), [parameter])
        for (gradient, expected) in zip(Self.gradients, weights) {
            optimizer.begin()
            weight += optimizer.change(0, 0, gradient, rate: optimizer.rate(0.125))
            #expect(abs(weight - expected) < 1e-12, "\(rule): \(weight), not \(expected)")
        }
    }

    @Test func `no two rules have the same numbers`() {
        #expect(Set(Self.places.map(\.weights)).count == Self.places.count)
    }
}
