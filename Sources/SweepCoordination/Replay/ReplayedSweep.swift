package import SweepCore
import SweepSearch
import SweepWire

/// A sweep over curves that were recorded before: the coordinator's core decides, virtual workers read instead of train.
///
/// The core, its scheduler, its virtual time and the messages are those of a real sweep; only training, sockets and disk
/// are left out. Trial n is curve n: the searcher's part is the order of the curves.
package struct ReplayedSweep: Sendable {
    /// What a replay spent and what it would have chosen.
    package struct Outcome: Hashable, Sendable {
        /// Epochs over all trials.
        package let epochs: Int
        /// Epochs on the clock, until the last worker was done.
        package let time: Int
        /// The curve, from 0, with the least last cost among those that were trained furthest; nil when none has a finite one.
        package let chosen: Int?
        /// Epochs that each curve was trained.
        package let trained: [Int]
        /// The curves, from 0, that were stopped as ones that cannot recover.
        package let hopeless: [Int]
    }

    /// Costs by curve and epoch, on the scale of `Objective.cost`; all of `epochs` epochs.
    package let curves: [[Double]]
    package let epochs: Int
    /// Which way the recorded metric is better: bounds in `prune` are values of the metric, not costs.
    package let direction: Objective.Direction
    /// The loss before training, which stands for that of guessing; nil: the first epoch's is what there is.
    package let start: Double?
    /// Other losses that were recorded, by curve and epoch; for what is not here the replayed one stands.
    package let losses: [[Metric: [Double]]]
    /// The value of `prune` in a sweep file.
    package let prune: SpecNode
    /// Virtual slots, and workers of one slot.
    package let parallelism: Int
    package let workers: Int

    /// A replay of `curves`, which must not be empty and all be of `epochs` epochs.
    package init(
        curves: [[Double]],
        epochs: Int,
        direction: Objective.Direction = .minimize,
        start: Double? = nil,
        losses: [[Metric: [Double]]] = [],
        prune: SpecNode,
        parallelism: Int,
        workers: Int
    ) {
        precondition(!curves.isEmpty && curves.allSatisfy { $0.count == epochs }, "curves of equal length")
        precondition(losses.isEmpty || losses.count == curves.count, "other losses of every curve or of none")
        precondition(workers >= 1, "there must be a worker")
        self.curves = curves
        self.epochs = epochs
        self.direction = direction
        self.start = start
        self.losses = losses
        self.prune = prune
        self.parallelism = parallelism
        self.workers = workers
    }

    /// Runs the sweep to its end; nil when `prune` cannot be read or the sweep does not end.
    package func run() -> Outcome? {
        var run = Run(self)
        return run.outcome()
    }

    /// What the recorded metric is in the replay: one that is better in the same direction.
    private var metric: Metric { direction == .minimize ? .validationLoss : .validationR2 }

    /// A sweep file whose trial n, from 1, is curve n - 1.
    private var source: SpecNode {
        let rates = curves.indices.map { ChoiceOption(.real(Double($0 + 1) * 1e-9)) }
        let rate = curves.count > 1 ? SpecNode.domain(.choice(rates)) : .real(1e-9)
        let train = [
            SpecEntry("model", .map([SpecEntry("mlp", .map([SpecEntry("widths", .list([.integer(1)]))]))])),
            SpecEntry("optimizer", .map([SpecEntry("sgd", .map([SpecEntry("learning_rate", rate)]))])),
            SpecEntry("batch_size", .integer(1)), SpecEntry("epochs", .integer(epochs)),
        ]
        return .map([
            SpecEntry("name", .text("replay")),
            SpecEntry("data", .map([SpecEntry("source", .text("curves.csv")), SpecEntry("target", .text("last"))])),
            SpecEntry("train", .map(train)),
            SpecEntry(
                "search",
                .map([
                    SpecEntry("method", .text("grid")), SpecEntry("parallelism", .integer(parallelism)),
                ])
            ),
            SpecEntry("objective", .map([SpecEntry(direction.rawValue, .text(metric.rawValue))])),
            SpecEntry("prune", prune),
        ])
    }

    /// A replay under way. An epoch takes a nanosecond of its clock, so that no worker is ever late with a heartbeat.
    private struct Run {
        private struct Segment {
            let end: Int64
            let order: Int
            let worker: Int
            let assignment: Assignment
            func isBefore(_ other: Segment) -> Bool { (end, order) < (other.end, other.order) }
        }

        private let replay: ReplayedSweep
        /// Stands for the data set and for every checkpoint.
        private let nothing = ContentHash(bytes: Array(repeating: 0, count: 32))
        private var core = CoordinatorCore(session: 1)
        private var segments: [Segment] = []
        private var busyUntil: [Int64]
        private var sequences: [UInt64]
        private var now: Int64 = 0
        private var order = 0

        init(_ replay: ReplayedSweep) {
            self.replay = replay
            busyUntil = Array(repeating: 0, count: replay.workers)
            sequences = Array(repeating: 0, count: replay.workers)
        }

        mutating func outcome() -> Outcome? {
            guard let nothing else { return nil }
            _ = core.start(at: .zero)
            let schema = DataSchema(
                features: ["x"],
                // Its variance is what guessing costs.
                task: .regression(mean: 0, variance: replay.start ?? 0),
                trainingRows: 1,
                validationRows: 1,
                testRows: 0
            )
            let draft = SweepDraft(
                source: replay.source,
                text: "",
                fileName: "replay",
                dataSet: DataSetID(hash: nothing, size: 0),
                schema: schema,
                coreVersion: "replay",
                milliseconds: 0
            )
            give(.submit(draft, ReplyToken(rawValue: 1)))
            for worker in 0..<replay.workers { register(worker) }
            while let next = takeFirst() {
                now = next.end
                report(next)
            }
            guard let sweep = core.sweeps[SweepID(rawValue: 1)], sweep.state == .finished else { return nil }
            let trained = sweep.trials.map(\.curve.epochs)
            let furthest = trained.indices.filter { replay.curves[$0][trained[$0] - 1] < .infinity }.map { trained[$0] }
                .max()
            let chosen = trained.indices.filter { trained[$0] == furthest }
                .min { (replay.last($0, trained), $0) < (replay.last($1, trained), $1) }
            return Outcome(
                epochs: trained.reduce(0, +),
                time: Int(now),
                chosen: chosen,
                trained: trained,
                hopeless: trained.indices.filter { sweep.trials[$0].ended == .pruned(.hopeless) }
            )
        }

        private mutating func register(_ worker: Int) {
            let register = Register(
                worker: WorkerID(name: "worker-\(worker)", incarnation: 1),
                host: "here",
                pid: 1,
                slots: 1,
                prefetch: 0,
                kernels: "none",
                coreVersion: "replay",
                softwareVersion: "0",
                oldestSequence: 1
            )
            give(.message(.register(register), from: PeerID(number: UInt32(worker + 1))))
        }

        /// Reports a segment's epochs, up to the first that is not finite, and its end.
        private mutating func report(_ segment: Segment) {
            let assignment = segment.assignment
            let number = assignment.lease.trial.number - 1
            var observations: [Observation] = []
            for epoch in assignment.from + 1...assignment.to {
                observations.append(replay.observation(of: number, epoch, assignment.metrics))
                if !replay.curves[number][epoch - 1].isFinite { break }
            }
            let lost = observations.last?.values.contains { !$0.isFinite } == true
            let peer = PeerID(number: UInt32(segment.worker + 1))
            sequences[segment.worker] += 1
            let item = Reports.Item(lease: assignment.lease, observations: observations)
            give(.message(.reports(Reports(sequence: sequences[segment.worker], items: [item])), from: peer))
            sequences[segment.worker] += 1
            var end = SegmentEnded(
                sequence: sequences[segment.worker],
                lease: assignment.lease,
                epoch: observations.last?.epoch ?? assignment.to,
                outcome: lost ? .notFinite : .reached
            )
            if assignment.keepsCheckpoint, !lost { end.checkpoint = nothing.map { CheckpointID(hash: $0, size: 1) } }
            give(.message(.segmentEnded(end), from: peer))
        }

        private mutating func give(_ event: Event) {
            for case .send(.assignments(let batch), let peer) in core.handle(event, at: Instant(nanoseconds: now)) {
                for assignment in batch.leases { begin(assignment, worker: Int(peer.number) - 1) }
            }
        }

        private mutating func begin(_ assignment: Assignment, worker: Int) {
            let curve = replay.curves[assignment.lease.trial.number - 1]
            let epochs = curve[assignment.from..<assignment.to]
            let lost = epochs.firstIndex { !$0.isFinite }.map { $0 + 1 }
            let ends = [lost, replay.hopelessEpoch(assignment), assignment.to].compactMap { $0 }
            let length = (ends.min() ?? assignment.to) - assignment.from
            busyUntil[worker] = max(busyUntil[worker], now) + Int64(length)
            order += 1
            segments.append(Segment(end: busyUntil[worker], order: order, worker: worker, assignment: assignment))
        }

        /// The segment that ends next: there are no more of them than workers.
        private mutating func takeFirst() -> Segment? {
            guard let index = segments.indices.min(by: { segments[$0].isBefore(segments[$1]) }) else { return nil }
            return segments.remove(at: index)
        }
    }

    /// What a worker reports of an epoch: a recorded loss is every loss; beside a score the losses fall.
    private func observation(of curve: Int, _ epoch: Int, _ metrics: [Metric]) -> Observation {
        let cost = curves[curve][epoch - 1]
        let value = direction == .minimize || !cost.isFinite ? cost : -cost
        let loss = direction == .minimize ? cost : 1 / Double(epoch)
        let values = metrics.map { metric -> Double in
            if metric == self.metric { return value }
            if metric.mustBeFinite {
                // Where the replayed one is lost, all is.
                let own = losses.isEmpty || !cost.isFinite ? nil : losses[curve][metric]
                return own.map { $0[epoch - 1] } ?? loss
            }
            return metric == .learningRate ? 1 : 0
        }
        return Observation(epoch: epoch, values: values, seconds: 1e-9)
    }

    /// The epoch of its segment after which a trial is stopped as it cannot recover; nil when it is not, or loses its numbers first.
    private func hopelessEpoch(_ assignment: Assignment) -> Int? {
        guard prune[PruneSpec.hopelessKey] == .boolean(true) else { return nil }
        var seen = LearningCurve(metrics: assignment.metrics)
        for epoch in 1...assignment.to where epoch < epochs {
            seen.append(observation(of: assignment.lease.trial.number - 1, epoch, assignment.metrics))
            if epoch > assignment.from, HopelessRule.verdict(seen, objectives: [metric], chance: start) != nil {
                return epoch
            }
        }
        return nil
    }

    private func last(_ curve: Int, _ trained: [Int]) -> Double {
        let cost = curves[curve][trained[curve] - 1]
        return cost.isFinite ? cost : .infinity
    }
}
