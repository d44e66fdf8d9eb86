import Foundation

/// A number, or a word: a setting's, or the one that stands for a number that is not finite.
package enum Measured: Decodable, Hashable, Sendable {
    case number(Double)
    case word(String)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .word("null")
        } else if let flag = try? container.decode(Bool.self) {
            self = .word("\(flag)")
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let word = try? container.decode(String.self) {
            self = .word(word)
        } else {
            // Where values are not finite in different ways, each one's word by its key.
            let words = try container.decode([String: String].self)
            self = .word(words.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
    }

    package var number: Double? { if case .number(let number) = self { number } else { nil } }
}

/// What `sweepd status --format json` prints.
package struct Status: Decodable, Sendable {
    package struct Trials: Decodable, Sendable {
        package let waiting: Int, running: Int, paused: Int, completed: Int, pruned: Int, failed: Int
        package var ended: Int { completed + pruned + failed }
        package var total: Int { waiting + running + paused + ended }
    }

    package struct Worker: Decodable, Sendable {
        package let id: String
        package let slots: Int
        package let busy: Int
        package let idleBecause: String?
        package let labels: [String: String]
    }

    package let sweep: String
    package let state: String
    package let reason: String?
    package let trials: Trials
    package let trialsPlanned: Int?
    package let epochs: Int
    package let priority: Int
    package let maxParallel: Int?
    package let requires: [String: String]
    package let threads: Int
    package let workers: [Worker]
}

/// What `sweepd rank --format json` prints.
package struct Rank: Decodable, Sendable {
    package struct Row: Decodable, Sendable {
        package let place: Int
        package let configurationId: String
        package let trial: Int
        package let state: String
        package let reason: String?
        package let log: String?
        package let configuration: [String: Measured]
        package let objective: Measured?
        package let metrics: [String: Measured]
        package let epochs: Int
        package let attempts: Int?
        package let workers: [String]?
        package let finding: String?
        package let symptom: Symptom?
        package let interval: [Double]?
        package let final: Final?
        package let runs: [Run]?
    }

    package struct Run: Decodable, Hashable, Sendable {
        package let trial: Int
        package let seed: UInt64
        package let fold: Int?
        package let objective: Measured?
        package let epochs: Int
    }

    package struct Symptom: Decodable, Sendable {
        package let id: String
    }

    package struct Final: Decodable, Sendable {
        package let runs: Int
        package let chanceOfBest: Double?
        package let searchObjective: Double?
    }

    package let sweep: String
    package let configurations: Int
    package let rows: [Row]
}

/// What `sweepd curves --format json` prints; seconds are left out, as they differ between runs.
package struct Curves: Decodable, Sendable {
    package struct Trial: Decodable, Hashable, Sendable {
        package let trial: Int
        package let configurationId: String
        package let state: String
        package let points: [[String: Measured]]

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            trial = try container.decode(Int.self, forKey: .trial)
            configurationId = try container.decode(String.self, forKey: .configurationId)
            state = try container.decode(String.self, forKey: .state)
            points = try container.decode([[String: Measured]].self, forKey: .points)
                .map { $0.filter { $0.key != "seconds" } }
        }

        private enum Key: String, CodingKey { case trial, configurationId, state, points }
    }

    package let trials: [Trial]
}

/// What a coordinator writes into `endpoint.json`.
package struct EndpointFile: Decodable, Sendable {
    package let worker: String
    package let http: String?
    package let pid: Int
}

extension Decodable {
    /// Reads the document that a process printed.
    package static func read(_ text: String) throws -> Self {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { return try decoder.decode(Self.self, from: Data(text.utf8)) } catch {
            throw ProcessFailure("not a \(Self.self): \(error)\n\(text.prefix(2000))")
        }
    }
}
