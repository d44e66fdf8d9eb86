import ArgumentParser

/// How a command that answers in prose writes its answer.
package enum DocumentFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}
