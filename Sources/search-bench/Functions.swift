import Foundation
import SweepCore
import SweepSearch

/// A function to be minimised, with its space and its least value.
struct Function: Sendable {
    let name: String
    let space: SearchSpace
    let least: Double
    /// Of a configuration under a seed, by which real trainings draw; of the others it changes nothing.
    let costs: @Sendable (Configuration, _ seed: UInt64) -> [Double]
    /// Of several costs the volume before `reference` that their best front dominates; regret is the share of it that is missing.
    let front: (reference: [Double], hypervolume: Double)?

    init(name: String, space: SearchSpace, least: Double, value: @escaping @Sendable (Configuration) -> Double) {
        self.name = name
        self.space = space
        self.least = least
        costs = { configuration, _ in [value(configuration)] }
        front = nil
    }

    /// A real training; its least cost is not known, so that what is told as its regret is the cost itself.
    init(_ training: TrainedSweep, name: String) {
        self.name = name
        space = training.space
        least = 0
        costs = { configuration, seed in
            do { return [try training.cost(configuration, seed: seed)] } catch { fail("\(error)") }
        }
        front = nil
    }

    init(
        name: String,
        space: SearchSpace,
        reference: [Double],
        hypervolume: Double,
        costs: @escaping @Sendable (Configuration) -> [Double]
    ) {
        self.name = name
        self.space = space
        least = 0
        self.costs = { configuration, _ in costs(configuration) }
        front = (reference, hypervolume)
    }

    static let all: [Function] = [branin, hartmann3, hartmann6, ackley10, rosenbrock8, mixed, conditional]

    /// Functions of several costs; those of one stand in `all`.
    static let fronts: [Function] = [zdt1, zdt2, dtlz2, ways]

    /// Source: Zitzler, Deb and Thiele, Evol. Comput. 8(2), 2000, with 8 parameters.
    private static func zdt(_ name: String, missing: Double, _ shape: @escaping @Sendable (Double) -> Double)
        -> Function
    {
        let reference = [1.1, 6]
        return Function(
            name: name,
            space: box(Array(repeating: (0, 1), count: 8)),
            reference: reference,
            hypervolume: reference[0] * reference[1] - missing
        ) {
            let x = reals($0, 8)
            let g = 1 + 9 * x[1...].reduce(0, +) / 7
            return [x[0], g * (1 - shape(x[0] / g))]
        }
    }

    static let zdt1 = zdt("zdt1", missing: 1 / 3) { $0.squareRoot() }
    static let zdt2 = zdt("zdt2", missing: 2 / 3) { $0 * $0 }

    /// Three costs whose best front is the eighth of a sphere. Source: Deb, Thiele, Laumanns and Zitzler, CEC 2002, with 6 parameters.
    static let dtlz2 = Function(
        name: "dtlz2",
        space: box(Array(repeating: (0, 1), count: 6)),
        reference: [2.2, 2.2, 2.2],
        hypervolume: 2.2 * 2.2 * 2.2 - Double.pi / 6
    ) {
        let x = reals($0, 6)
        let radius = 1 + x[2...].reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) }
        let (a, b) = (x[0] * Double.pi / 2, x[1] * Double.pi / 2)
        return [radius * cos(a) * cos(b), radius * cos(a) * sin(b), radius * sin(a)]
    }

    /// Two branches with parameters of their own, each of which has a part of the best front: f1 + f2^2 of x alone, with `first` better at
    /// the one end and `second` at the other. The volume is that of both branches at their best, by quadrature.
    static let ways = Function(
        name: "ways",
        space: waySpace,
        reference: [2, 2],
        hypervolume: bestWays
    ) { configuration in
        let isFirst = configuration["way"] == .text("first")
        var apart = 0.0
        for axis in 0..<3 {
            let y = real(configuration, isFirst ? "way.first.y\(axis)" : "way.second.y\(axis)")
            apart += 2 * (y - (isFirst ? 0.75 : 0.25)) * (y - (isFirst ? 0.75 : 0.25))
        }
        return Self.way(real(configuration, "x"), isFirst, apart)
    }

    private static func way(_ x: Double, _ isFirst: Bool, _ apart: Double) -> [Double] {
        [x + apart + (isFirst ? 0 : 0.2), (1 - x) * (1 - x) + apart + (isFirst ? 0.2 : 0)]
    }

    private static var bestWays: Double {
        let best = (0...20_000).flatMap { step in [true, false].map { way(Double(step) / 20_000, $0, 0) } }
        return ParetoFronts.hypervolume(best, reference: [2, 2])
    }

    private static var waySpace: SearchSpace {
        let unit = SpecNode.domain(.uniform(low: 0, high: 1, step: nil, points: nil))
        let options = ["first", "second"].map { name in
            ChoiceOption(.map([SpecEntry(name, .map((0..<3).map { SpecEntry("y\($0)", unit) }))]))
        }
        return SearchSpace(template: .map([SpecEntry("x", unit), SpecEntry("way", .domain(.choice(options)))]))
    }

    private static func box(_ ranges: [(Double, Double)]) -> SearchSpace {
        SearchSpace(
            template: .map(
                ranges.enumerated().map {
                    SpecEntry("x\($0)", .domain(.uniform(low: $1.0, high: $1.1, step: nil, points: nil)))
                }
            )
        )
    }

    static func real(_ configuration: Configuration, _ path: String) -> Double {
        configuration[path]?.number ?? .nan
    }

    private static func reals(_ configuration: Configuration, _ count: Int) -> [Double] {
        (0..<count).map { real(configuration, "x\($0)") }
    }

    static let branin = Function(name: "branin", space: box([(-5, 10), (0, 15)]), least: 0.39788735772973816) {
        let x = reals($0, 2)
        let b = 5.1 / (4 * Double.pi * Double.pi)
        let a = x[1] - b * x[0] * x[0] + 5 / Double.pi * x[0] - 6
        return a * a + 10 * (1 - 1 / (8 * Double.pi)) * cos(x[0]) + 10
    }

    /// Hartmann's functions: four hills, upside down.
    private static func hills(_ x: [Double], _ a: [[Double]], _ p: [[Double]]) -> Double {
        let heights = [1.0, 1.2, 3.0, 3.2]
        var sum = 0.0
        for hill in 0..<4 {
            var exponent = 0.0
            for axis in x.indices {
                let distance = x[axis] - 1e-4 * p[hill][axis]
                exponent += a[hill][axis] * distance * distance
            }
            sum -= heights[hill] * exp(-exponent)
        }
        return sum
    }

    static let hartmann3 = Function(
        name: "hartmann3",
        space: box(Array(repeating: (0, 1), count: 3)),
        least: -3.8627797869493365
    ) {
        let x = reals($0, 3)
        let a: [[Double]] = [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]
        let p: [[Double]] = [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
        return hills(x, a, p)
    }

    static let hartmann6 = Function(
        name: "hartmann6",
        space: box(Array(repeating: (0, 1), count: 6)),
        least: -3.322368011415515
    ) {
        let x = reals($0, 6)
        let a: [[Double]] = [
            [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
        ]
        let p: [[Double]] = [
            [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
        ]
        return hills(x, a, p)
    }

    static let ackley10 = Function(name: "ackley10", space: box(Array(repeating: (-20, 32.768), count: 10)), least: 0) {
        let x = reals($0, 10)
        let squares = x.map { $0 * $0 }.reduce(0, +) / 10
        let waves = x.map { cos(2 * Double.pi * $0) }.reduce(0, +) / 10
        return 20 + exp(1) - 20 * exp(-0.2 * squares.squareRoot()) - exp(waves)
    }

    static let rosenbrock8 = Function(
        name: "rosenbrock8",
        space: box(Array(repeating: (-2.048, 2.048), count: 8)),
        least: 0
    ) {
        let x = reals($0, 8)
        var sum = 0.0
        for axis in 0..<7 {
            let bend = x[axis + 1] - x[axis] * x[axis]
            let rest = 1 - x[axis]
            sum += 100 * bend * bend + rest * rest
        }
        return sum
    }

    private static func choice(_ options: [SpecNode]) -> SpecNode { .domain(.choice(options.map { ChoiceOption($0) })) }

    /// Two reals, a rate, two integers and a choice of four.
    static let mixed = Function(
        name: "mixed",
        space: SearchSpace(
            template: .map([
                SpecEntry("a", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
                SpecEntry("b", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
                SpecEntry("rate", .domain(.logUniform(low: 1e-5, high: 1, points: nil))),
                SpecEntry("layers", .domain(.integer(low: 1, high: 8, step: 1))),
                SpecEntry("width", .domain(.logInteger(low: 4, high: 1024, points: nil))),
                SpecEntry("kind", choice([.text("p"), .text("q"), .text("r"), .text("s")])),
            ])
        ),
        least: 0
    ) {
        let kinds: [ParameterValue: (Double, Double)] = [
            .text("p"): (0.3, 0.2), .text("q"): (0.0, 0.7), .text("r"): (0.1, 0.4), .text("s"): (0.5, 0.9),
        ]
        let (height, centre) = kinds[$0["kind"] ?? .none] ?? (.nan, .nan)
        let rate = log10(real($0, "rate")) + 2
        let width = log(real($0, "width") / 64) / log(2)
        let first = real($0, "a") - centre
        let second = real($0, "b") - real($0, "a")
        let numbers = 0.05 * abs(real($0, "layers") - 5) + 0.02 * width * width
        return height + 4 * first * first + 2 * second * second + 0.3 * rate * rate + numbers
    }

    /// A choice of two branches with parameters of their own, beside a shared one.
    static let conditional = Function(
        name: "conditional",
        space: SearchSpace(
            template: .map([
                SpecEntry("decay", .domain(.logUniform(low: 1e-6, high: 1e-1, points: nil))),
                SpecEntry(
                    "optimizer",
                    choice([
                        .map([
                            SpecEntry(
                                "sgd",
                                .map([
                                    SpecEntry("rate", .domain(.logUniform(low: 1e-4, high: 10, points: nil))),
                                    SpecEntry(
                                        "momentum",
                                        .domain(.uniform(low: 0, high: 0.999, step: nil, points: nil))
                                    ),
                                ])
                            )
                        ]),
                        .map([
                            SpecEntry(
                                "adam",
                                .map([
                                    SpecEntry("rate", .domain(.logUniform(low: 1e-5, high: 1, points: nil))),
                                    SpecEntry(
                                        "beta1",
                                        .domain(.uniform(low: 0.5, high: 0.999, step: nil, points: nil))
                                    ),
                                    SpecEntry("steps", .domain(.integer(low: 1, high: 20, step: 1))),
                                ])
                            )
                        ]),
                    ])
                ),
            ])
        ),
        least: 0
    ) {
        let decay = 0.1 * pow(log10(real($0, "decay")) + 4, 2)
        if $0["optimizer"] == .text("sgd") {
            let rate = log10(real($0, "optimizer.sgd.rate"))
            let momentum = real($0, "optimizer.sgd.momentum")
            // The best rate depends on the momentum.
            let ridge = rate + 1 + momentum
            return decay + 0.2 + 0.5 * ridge * ridge + (momentum - 0.9) * (momentum - 0.9)
        }
        let rate = log10(real($0, "optimizer.adam.rate"))
        let beta = real($0, "optimizer.adam.beta1") - 0.9
        let steps = 0.02 * abs(real($0, "optimizer.adam.steps") - 12)
        return decay + 0.5 * (rate + 3) * (rate + 3) + 4 * beta * beta + steps
    }
}
