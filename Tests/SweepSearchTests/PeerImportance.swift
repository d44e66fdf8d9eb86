import SweepCore
import SweepNumerics
import SweepSearch

/// What Optuna 5.0.0 says of a function at points that are drawn here again: printed by `Benchmarks/peers/importance.py`.
struct PeerImportance: Sendable, CustomStringConvertible {
    let description: String
    let space: SearchSpace
    let count: Int
    let cost: @Sendable (Configuration) -> Double
    /// Shares that sum to 1.
    let fanova: [(String, Double)]
    let pedAnova: [(String, Double)]

    /// Whether a choice is among its parameters.
    var hasOptions: Bool { space.parameters.contains { if case .choice = $0.domain { true } else { false } } }

    /// The same points as the script's: one number after the other from stream 7.
    var results: [(configuration: Configuration, cost: Double)] {
        var stream = RandomStream(key: 7)
        return (0..<count).map { _ in
            let configuration = space.configuration { Self.value($0.domain, stream.uniform()) }
            return (configuration, cost(configuration))
        }
    }

    private static func value(_ domain: ParameterDomain, _ share: Double) -> ParameterValue {
        switch domain.range {
        case .uniform(let low, let high, _, _): .real(low * (1 - share) + high * share)
        case .logUniform(let low, let high, _):
            .real(min(max(Elementary.exp(Elementary.log(low) * (1 - share) + Elementary.log(high) * share), low), high))
        case .integer(let low, let high, _), .logInteger(let low, let high, _):
            .integer(low + min(Int(share * Double(high - low + 1)), high))
        case .choice(let options): options[min(Int(share * Double(options.count)), options.count - 1)].label
        case .believed: .none
        }
    }

    private static func real(_ low: Double, _ high: Double) -> SpecNode {
        .domain(.uniform(low: low, high: high, step: nil, points: nil))
    }

    private static func number(_ configuration: Configuration, _ name: String) -> Double {
        configuration["train." + name]?.number ?? .nan
    }

    static let cases = [
        PeerImportance(
            description: "additive",
            space: Spaces.space(("a", real(0, 1)), ("b", real(0, 1)), ("c", real(0, 1))),
            count: 150,
            cost: { 4 * number($0, "a") - 2 * number($0, "b") + number($0, "c") },
            fanova: [("a", 0.8307), ("b", 0.1527), ("c", 0.0166)],
            pedAnova: [("a", 0.7745), ("b", 0.2137), ("c", 0.0118)]
        ),
        PeerImportance(
            description: "Ishigami",
            space: Spaces.space(
                ("a", real(-Double.pi, Double.pi)),
                ("b", real(-Double.pi, Double.pi)),
                ("c", real(-Double.pi, Double.pi))
            ),
            count: 200,
            cost: { configuration in
                func sine(_ name: String) -> Double {
                    Elementary.sine(turns: number(configuration, name) / (2 * Double.pi))
                }
                let c = number(configuration, "c")
                return sine("a") + 7 * sine("b") * sine("b") + 0.1 * c * c * c * c * sine("a")
            },
            fanova: [("a", 0.6177), ("b", 0.2763), ("c", 0.1060)],
            pedAnova: [("a", 0.9032), ("b", 0.0379), ("c", 0.0590)]
        ),
        PeerImportance(
            description: "training",
            space: Spaces.space(
                ("rate", .domain(.logUniform(low: 1e-4, high: 1, points: nil))),
                ("width", .domain(.integer(low: 1, high: 8, step: 1))),
                ("kind", Spaces.choice(.text("x"), .text("y"), .text("z"))),
                ("dropout", real(0, 1))
            ),
            count: 150,
            cost: { configuration in
                let rate = Elementary.log(number(configuration, "rate") / 0.01) / Elementary.log(10)
                let kind = configuration["train.kind"] == .text("y") ? 0.8 : 0
                return rate * rate + 0.5 * abs(number(configuration, "width") - 5) + kind
                    + 0.2 * number(configuration, "dropout")
            },
            fanova: [("rate", 0.8707), ("width", 0.0524), ("kind", 0.0418), ("dropout", 0.0350)],
            pedAnova: [("rate", 0.3398), ("width", 0.5906), ("kind", 0.0472), ("dropout", 0.0224)]
        ),
    ]
}
