import SweepNumerics

/// A parameter's value in a configuration.
package enum ParameterValue: Hashable, Sendable, CustomStringConvertible {
    case none
    case flag(Bool)
    case integer(Int)
    case real(Double)
    case text(String)

    /// The number that it is, whole or not; nil for anything else.
    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        case .none, .flag, .text: nil
        }
    }

    /// The shortest text that gives the same value back.
    package var description: String {
        switch self {
        case .none: "null"
        case .flag(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
        case .text(let value): value
        }
    }
}

/// A point of the search space: a value for each parameter that is active there, in the space's order.
package struct Configuration: Hashable, Sendable {
    /// One parameter's path and value.
    package struct Entry: Hashable, Sendable {
        package let path: String
        package let value: ParameterValue
        package init(path: String, value: ParameterValue) {
            self.path = path
            self.value = value
        }
    }

    /// The parameters with their values.
    package let entries: [Entry]

    package init(_ entries: [Entry]) { self.entries = entries }

    /// The value of the parameter at `path`; nil when it is not active in this configuration.
    package subscript(path: String) -> ParameterValue? { entries.first { $0.path == path }?.value }

    /// The configuration's name: equal configurations have equal names in every sweep and every version.
    package var id: ConfigurationID {
        var hash = StableHash()
        for entry in entries {
            hash.combine(entry.path)
            switch entry.value {
            case .none: hash.combine(byte: 0)
            case .flag(let value): hash.combine(byte: value ? 2 : 1)
            case .integer(let value):
                hash.combine(byte: 3)
                hash.combine(UInt64(bitPattern: Int64(value)))
            case .real(let value):
                hash.combine(byte: 4)
                hash.combine(value.bitPattern)
            case .text(let value):
                hash.combine(byte: 5)
                hash.combine(value)
            }
        }
        return ConfigurationID(rawValue: hash.value)
    }
}

/// A configuration's name: 64 bits of its stable hash.
package struct ConfigurationID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// The first ten of sixteen hexadecimal digits: enough to tell a million configurations apart.
    package var description: String {
        let hex = String(rawValue, radix: 16)
        return String((String(repeating: "0", count: 16 - hex.count) + hex).prefix(10))
    }
}

/// The seed of a trial: a hash of the sweep's seed, the configuration and the repeat, so that a configuration
/// trained alone has the seed that it had in the sweep.
package func trialSeed(sweepSeed: UInt64, configuration: ConfigurationID, repeat number: Int) -> UInt64 {
    var hash = StableHash()
    hash.combine(sweepSeed)
    hash.combine(configuration.rawValue)
    hash.combine(UInt64(number))
    return hash.value
}

/// The seed that all arms of a comparison share in one repeat.
package func pairedSeed(sweepSeed: UInt64, repeat number: Int) -> UInt64 {
    var hash = StableHash()
    hash.combine(sweepSeed)
    hash.combine("arms")
    hash.combine(UInt64(number))
    return hash.value
}
