import CoordinationSimulation
import SweepTestKit
import Testing

/// A scenario that failed once, made smaller by `make simulate`, under the name of what was wrong.
struct NamedScenario: CustomTestStringConvertible, Sendable {
    let name: String
    let scenario: Scenario
    var testDescription: String { name }

    init(_ name: String, _ make: () -> Scenario) {
        self.name = name
        scenario = make()
    }

    static let all: [NamedScenario] = []
}
