import Glibc
import SweepCoordination
import SweepCore
import SweepWire

/// Workers that train nothing and answer at once, without network and codec: what is left is the core's own cost.
package struct NullWorkers: Sendable {
    /// What a run cost.
    package struct Cost: Hashable, Sendable {
        /// Messages that the core took.
        package let events: Int
        /// Processor time in the core.
        package let time: Duration
        package let trials: Int
        package let epochs: Int
        /// Microseconds an event took on average in the slowest of ten equal parts of the run: were the cost to grow with
        /// what is done already, it would be the last one, and far above the mean.
        package let slowestTenth: Double
        /// Microseconds an event took on average.
        package var microsecondsPerEvent: Double { time / .microseconds(1) / Double(events) }
        /// Messages a second.
        package var perSecond: Double { Double(events) / (time / .seconds(1)) }
    }

    /// Runs `sweep` to its end on `workers` workers of so many slots; nil if it does not end.
    ///
    /// Beside these, `silent` workers register and are not heard again, for less than the lapse time.
    package static func run(
        _ sweep: SampleSweep,
        workers: Int,
        slots: Int,
        prefetch: Int,
        silent: Int = 0
    ) -> Cost? {
        var core = CoordinatorCore(session: 1)
        let training = SyntheticTraining()
        var time = Duration.zero
        var events = 0
        // The time in the core after every 1,000 events.
        var marks: [Duration] = [.zero]
        var queue: [(worker: Int, assignment: Assignment)] = []
        var first = 0
        var sequences = [UInt64](repeating: 0, count: workers + silent)
        var now = Instant.zero

        func give(_ event: Event) {
            now = now.advanced(by: .microseconds(1))
            let start = processorTime()
            let effects = core.handle(event, at: now)
            time += processorTime() - start
            events += 1
            if events.isMultiple(of: 1_000) { marks.append(time) }
            for case .send(.assignments(let batch), let peer) in effects {
                for assignment in batch.leases { queue.append((Int(peer.number), assignment)) }
            }
        }

        _ = core.start(at: now)
        for index in workers..<workers + silent { register(index) }
        // More than a beat and a half, less than three.
        now = now.advanced(by: .seconds(4))
        give(.submit(sweep.draft, ReplyToken(rawValue: 1)))
        for index in 0..<workers { register(index) }
        func register(_ index: Int) {
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
        let part = max(1, (marks.count - 1) / 10)
        let slowest = stride(from: part, to: marks.count, by: part).map {
            (marks[$0] - marks[$0 - part]) / .microseconds(1) / Double(part * 1_000)
        }
        return Cost(
            events: events,
            time: time,
            trials: end.trials.count,
            epochs: epochs,
            slowestTenth: slowest.max() ?? time / .microseconds(1) / Double(max(1, events))
        )
    }

    /// Processor time of this thread: on a machine that others use too, what the clock on the wall says means little.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
