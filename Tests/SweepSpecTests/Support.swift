import Foundation
import SweepCore
import SweepNumerics
import SweepSpec
import Testing

/// The package's directory, found from this file.
private let packageDirectory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The example sweep files.
let exampleFiles =
    (try? FileManager.default.subpathsOfDirectory(atPath: path("sweeps")))?
    .filter { $0.hasSuffix(".yaml") }.sorted().map { "sweeps/\($0)" } ?? []

func path(_ file: String) -> String { packageDirectory.appending(path: file).path }

func text(_ file: String) throws -> String { try String(contentsOfFile: path(file), encoding: .utf8) }

/// The lines that a text gives, "" for the file's name; empty when it is right.
func problems(_ text: String, overrides: [String] = []) -> [String] {
    switch SweepFile.read(text: text, file: "f", overrides: overrides) {
    case .success: []
    case .failure(let problems): problems.lines
    }
}

/// A right sweep file in which `train` lines can be replaced.
func file(
    name: String = "name: s",
    data: String = "data: {source: d.csv, target: y}",
    model: String = "model: linear",
    optimizer: String = "optimizer: {sgd: {learning_rate: 0.1}}",
    train: String = "epochs: 9",
    rest: String = "search: {trials: 3}"
) -> String {
    """
    \(name)
    \(data)
    train:
      \(model)
      \(optimizer)
      \(train)
    \(rest)
    """
}

func sweep(_ text: String, overrides: [String] = []) throws -> SweepFile {
    try SweepFile.read(text: text, file: "f", overrides: overrides).get()
}

/// A value of `parameter` drawn from `random`.
func draw(_ parameter: Parameter, _ random: inout RandomStream) -> ParameterValue {
    switch parameter.domain.range {
    case .uniform(let low, let high, _, _), .logUniform(let low, let high, _):
        .real(min(high, low + (high - low) * random.uniform()))
    case .integer(let low, let high, let step): .integer(low + step * random.below((high - low) / step + 1))
    case .logInteger(let low, let high, _): .integer(low + random.below(high - low + 1))
    case .choice(let options): options[random.below(options.count)].label
    case .believed: .none
    }
}
