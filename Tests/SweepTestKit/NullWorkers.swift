import SweepCoordination
import SweepCore
import SweepWire

/// Workers that train nothing and answer at once, without network and codec: what is left is the core's own cost.
package struct NullWorkers: Sendable {
    /// What a run cost.
    package struct Cost: Hashable, Sendable {
        /// Messages that the core took.
        package let events: Int
        /// Time in the core.
        package let time: Duration
        package let trials: Int
        package let epochs: Int
        /// Messages a second.
        package var perSecond: Double { Double(events) / (time / .seconds(1)) }
    }

    /// Runs `sweep` to its end on `workers` workers of so many slots; nil if it does not end.
    package static func run(_ sweep: SampleSweep, workers: Int, slots: Int, prefetch: Int) -> Cost? {
        var core = CoordinatorCore(session: 1)
        let training = SyntheticTraining()
        let clock = ContinuousClock()
        var time = Duration.zero
        var events = 0
        var queue: [(worker: Int, assignment: Assignment)] = []
        var first = 0
        var sequences = [UInt64](repeating: 0, count: workers)
        var now = Instant.zero

        func give(_ event: Event) {
            now = now.advanced(by: .microseconds(1))
            let start = clock.now
            let effects = core.handle(event, at: now)
            time += start.duration(to: clock.now)
            events += 1
            for case .send(.assignments(let batch), let peer) in effects {
                for assignment in batch.leases { queue.append((Int(peer.number), assignment)) }
            }
        }

        _ = core.start(at: now)
        give(.submit(sweep.draft, ReplyToken(rawValue: 1)))
        for index in 0..<workers {
            let id = WorkerID(name: "w\(index)", incarnation: 1)
            let register = Register(
                worker: id,
                host: "here",
                pid: 1,
                slots: slots,
                prefetch: prefetch,
                kernels: "none",
                coreVersion: "core-1",
                softwareVersion: "0"
            )
            give(.message(.register(register), from: PeerID(number: UInt32(index))))
        }
        var epochs = 0
        while first < queue.count {
            let (worker, assignment) = queue[first]
            first += 1
            if first > 4096, first * 2 > queue.count {
                queue.removeFirst(first)
                first = 0
            }
            let observations = (assignment.from + 1...assignment.to).map { epoch in
                var observation = training.observation(
                    spec: assignment.spec,
                    seed: assignment.seed,
                    epoch: epoch,
                    epochs: sweep.epochs,
                    metrics: assignment.metrics
                )
                observation = Observation(epoch: epoch, values: observation.values, seconds: 0.001)
                return observation
            }
            epochs += observations.count
            let peer = PeerID(number: UInt32(worker))
            sequences[worker] += 1
            let item = Reports.Item(lease: assignment.lease, observations: observations)
            give(.message(.reports(Reports(sequence: sequences[worker], items: [item])), from: peer))
            sequences[worker] += 1
            var end = SegmentEnded(
                sequence: sequences[worker],
                lease: assignment.lease,
                epoch: assignment.to,
                outcome: .reached
            )
            if assignment.keepsCheckpoint {
                let bytes = SyntheticTraining.checkpoint(seed: assignment.seed, epoch: assignment.to)
                end.checkpoint = CheckpointID(hash: SyntheticTraining.hash(of: bytes), size: bytes.count)
            }
            give(.message(.segmentEnded(end), from: peer))
        }
        guard let end = core.sweep(named: sweep.name), end.state == .finished else { return nil }
        return Cost(events: events, time: time, trials: end.trials.count, epochs: epochs)
    }
}
