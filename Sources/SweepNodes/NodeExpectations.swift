package import SweepCore
import SweepNumerics
package import SweepReports

/// What a coordinator expects of a machine that is to train for it: what its workers measured of themselves when they began, and what
/// the sweeps under way ask of a worker. It names neither workers nor sweeps.
///
/// JSON: `{"speeds": [{"kernels", "workers", "median", "least", "most"}], "sweeps", "needs": [{"sweeps", "slots", "memory_bytes",
/// "requires": {key: value}}]}`; speeds are training rows a second of a core, `sweeps` counts those under way, `needs` has those that
/// want more than a slot, and `memory_bytes` is what a trial may take, null without a limit.
package struct NodeExpectations: Hashable, Sendable {
    /// What workers of one kernel table measured.
    package struct Speed: Hashable, Sendable {
        package var kernels: String
        package var workers: Int
        package var median: Double
        package var least: Double
        package var most: Double

        package init(kernels: String, workers: Int, median: Double, least: Double, most: Double) {
            self.kernels = kernels
            self.workers = workers
            self.median = median
            self.least = least
            self.most = most
        }
    }

    /// What some sweeps ask of a worker.
    package struct Need: Hashable, Sendable {
        package var requires: [WorkerRequirement]
        /// Slots of a trial.
        package var slots: Int
        /// Bytes that a trial may take; nil without a limit.
        package var memoryBytes: Int?
        /// How many sweeps ask for just this.
        package var sweeps: Int

        package init(requires: [WorkerRequirement], slots: Int, memoryBytes: Int? = nil, sweeps: Int = 1) {
            self.requires = requires
            self.slots = slots
            self.memoryBytes = memoryBytes
            self.sweeps = sweeps
        }

        /// Whether every worker has it.
        var isNone: Bool { requires.isEmpty && slots <= 1 && memoryBytes == nil }
    }

    /// By the number of workers, most first.
    package private(set) var speeds: [Speed]
    /// By the number of sweeps, most first.
    package private(set) var needs: [Need]
    /// Sweeps under way.
    package private(set) var sweeps: Int

    /// Tables that are told of: more than there are, as a worker says itself what its table is called.
    package static let speedLimit = 8
    /// Needs that are told of: more than a person reads.
    package static let needLimit = 16

    /// The first `speedLimit` speeds and `needLimit` needs.
    package init(speeds: [Speed], needs: [Need], sweeps: Int) {
        self.speeds = Array(speeds.prefix(Self.speedLimit))
        self.needs = Array(needs.prefix(Self.needLimit))
        self.sweeps = sweeps
    }

    /// - Parameters:
    ///   - rates: what each worker measured, with its kernel table.
    ///   - wanted: what each sweep under way asks of a worker.
    package init(rates: [(kernels: String, samplesPerSecond: Double)], wanted: [Need]) {
        let tables = Dictionary(grouping: rates, by: \.kernels)
        let speeds = tables.compactMap { kernels, rates -> Speed? in
            let sorted = rates.map(\.samplesPerSecond).sorted()
            guard let least = sorted.first, let most = sorted.last,
                let median = Quantiles.linear(sorted: sorted, 0.5)
            else { return nil }
            return Speed(kernels: kernels, workers: sorted.count, median: median, least: least, most: most)
        }
        var needs: [Need: Int] = [:]
        for need in wanted where !need.isNone { needs[need, default: 0] += need.sweeps }
        self.init(
            speeds: speeds.sorted { ($1.workers, $0.kernels) < ($0.workers, $1.kernels) },
            needs: needs.map { Need(requires: $0.requires, slots: $0.slots, memoryBytes: $0.memoryBytes, sweeps: $1) }
                .sorted { ($1.sweeps, $0.order) < ($0.sweeps, $1.order) },
            sweeps: wanted.reduce(0) { $0 + $1.sweeps }
        )
    }

    /// The document as JSON.
    package var json: JSONValue {
        let speeds = speeds.map { speed in
            JSONValue.object([
                JSONMember("kernels", .text(speed.kernels)), JSONMember("workers", .integer(speed.workers)),
                JSONMember("median", .number(speed.median)), JSONMember("least", .number(speed.least)),
                JSONMember("most", .number(speed.most)),
            ])
        }
        let needs = needs.map { need in
            JSONValue.object([
                JSONMember("sweeps", .integer(need.sweeps)), JSONMember("slots", .integer(need.slots)),
                JSONMember("memory_bytes", need.memoryBytes.map { .integer($0) } ?? .null),
                JSONMember("requires", .object(need.requires.map { JSONMember($0.key, .text($0.value)) })),
            ])
        }
        return .object([
            JSONMember("speeds", .array(speeds)), JSONMember("sweeps", .integer(sweeps)),
            JSONMember("needs", .array(needs)),
        ])
    }

    /// Reads the document from JSON; of longer lists the first entries.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        var speeds: [Speed] = []
        for item in try reader.field("speeds").items().prefix(Self.speedLimit) {
            speeds.append(
                Speed(
                    kernels: try item.field("kernels").text(),
                    workers: try item.field("workers").integer(),
                    median: try item.field("median").number(),
                    least: try item.field("least").number(),
                    most: try item.field("most").number()
                )
            )
        }
        var needs: [Need] = []
        for item in try reader.field("needs").items().prefix(Self.needLimit) {
            var requires: [WorkerRequirement] = []
            for member in try item.field("requires").members() {
                requires.append(WorkerRequirement(key: member.key, value: try member.value.text()))
            }
            needs.append(
                Need(
                    requires: requires,
                    slots: min(max(try item.field("slots").integer(), 1), Placement.limits.upperBound),
                    memoryBytes: try item.optional("memory_bytes")?.integer(),
                    sweeps: try item.field("sweeps").integer()
                )
            )
        }
        self.init(speeds: speeds, needs: needs, sweeps: try reader.field("sweeps").integer())
    }
}

extension NodeExpectations.Need {
    /// Equal needs of different sweeps are one; different ones have one order.
    fileprivate var order: String {
        "\(requires.map(\.description).joined(separator: " ")) \(slots) \(memoryBytes ?? 0)"
    }
}
