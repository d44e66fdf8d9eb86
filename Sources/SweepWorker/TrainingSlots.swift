package import Glibc
package import KernelAPI
package import SweepCore
import SweepData
import SweepMessaging
package import SweepProgram
import SweepTraining
package import SweepWire
import Synchronization

/// What a slot does with its jobs.
package enum Trainer: Sendable {
    /// Trains them with these kernels.
    case core(KernelTable)
    /// Trains nothing and reports made-up values at once: to measure a coordinator.
    case null
}

/// The threads that train: one a slot, fed from one queue, in the order in which leases came.
///
/// Training never runs on Swift's cooperative threads. What happens is put into a mailbox that the worker empties on its own
/// thread; `signal` wakes it, once for any number of events.
package final class TrainingSlots: Sendable {
    private struct Queue {
        var jobs: [TrainingJob] = []
        var running: [LeaseID: Running] = [:]
        var events: [TrainingEvent] = []
        var isClosed = false
        /// Slots that train nothing, the next one last.
        var free: [Int] = []
        /// Threads that have nothing more to do.
        var ended = 0
    }

    /// A job under way, seen from both sides.
    fileprivate final class Running: Sendable {
        /// Looked at before each step.
        let shouldStop = Atomic(false)
        let epoch = Atomic(0)
        let step = Atomic(0)
        let slot: Int

        init(slot: Int) { self.slot = slot }
    }

    /// How many jobs can be under way at once.
    package let count: Int
    private let trainer: Trainer
    private let queue = Locked(Queue())
    private let work = WorkBell()
    private let threads = Locked<[pthread_t]>([])
    private let signal: @Sendable () -> Void
    /// Whether reports may still be kept until the coordinator has them.
    private let hasRoom = Atomic(true)
    /// Whether trials are to end at their next epoch.
    private let isDraining = Atomic(false)
    private let board: SlotBoard?
    /// Where programs run; nil: none may.
    private let programs: ProgramFolders?
    /// Control groups for them; nil: none can be made here.
    private let groups: ControlGroups?
    /// Processes of programs that wait for their next trial; with those that run one they are no more than the slots.
    private let idle: IdlePrograms
    /// How many runs of programs there were: a process that is reused has the folder of its first one for as long as it lives.
    private let runs = Atomic(0)

    /// Makes a thread as `pthread_create` does: where it puts its name, what runs on it, and what that is given; 0 or the error's number.
    package typealias ThreadMaker = (
        UnsafeMutablePointer<pthread_t>,
        @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?,
        UnsafeMutableRawPointer
    ) -> Int32

    /// Starts `count` threads; `signal` is called, on any of them, after an event was put into the mailbox.
    ///
    /// `board` shows to others what each of them trains; `programs` is where trials run that are programs, nil if none may;
    /// `groups` holds these to their limits. Throws `WorkerError.noThreads` when the system gives fewer threads; none is left then.
    package init(
        count: Int,
        trainer: Trainer,
        board: SlotBoard? = nil,
        programs: ProgramFolders? = nil,
        groups: ControlGroups? = nil,
        makeThread: ThreadMaker = { pthread_create($0, nil, $1, $2) },
        signal: @escaping @Sendable () -> Void
    ) throws(WorkerError) {
        self.count = count
        self.trainer = trainer
        self.board = board
        self.programs = programs
        self.groups = groups
        idle = IdlePrograms(slots: count)
        self.signal = signal
        queue.withLock { $0.free = (0..<count).reversed() }
        for started in 0..<count {
            var thread = pthread_t()
            let me = Unmanaged.passRetained(self)
            let status = makeThread(
                &thread,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<TrainingSlots>.fromOpaque(argument).takeRetainedValue().serve()
                    return nil
                },
                me.toOpaque()
            )
            guard status == 0 else {
                me.release()
                close()
                throw .noThreads(started: started, slots: count, number: status)
            }
            threads.withLock { $0.append(thread) }
        }
    }

    /// Queues a job.
    package func begin(_ job: TrainingJob) {
        queue.withLock { $0.jobs.append(job) }
        // All: the one thread that a single ring wakes could be one that waits for room, not for a job.
        work.ringAll()
    }

    /// Stops a job before its next step, or takes it out of the queue; it ends as cancelled.
    package func stop(_ lease: LeaseID) {
        let wasQueued = queue.withLock { queue in
            queue.running[lease]?.shouldStop.store(true, ordering: .relaxed)
            guard let index = queue.jobs.firstIndex(where: { $0.assignment.lease == lease }) else { return false }
            let job = queue.jobs.remove(at: index)
            queue.events.append(.ended(lease, epoch: job.assignment.from, .cancelled, checkpoint: nil))
            return true
        }
        if wasQueued { signal() } else { work.ringAll() }
    }

    /// Empties the mailbox.
    package func takeEvents() -> [TrainingEvent] {
        queue.withLock { queue in
            defer { queue.events.removeAll(keepingCapacity: true) }
            return queue.events
        }
    }

    /// How far the jobs under way are.
    package var progress: [Heartbeat.Progress] {
        queue.withLock { queue in
            queue.running.map { lease, running in
                Heartbeat.Progress(
                    lease: lease,
                    epoch: running.epoch.load(ordering: .relaxed),
                    step: running.step.load(ordering: .relaxed)
                )
            }.sorted { $0.lease < $1.lease }
        }
    }

    /// Lets each trial end at its next epoch, with a checkpoint.
    package func drain() {
        isDraining.store(true, ordering: .relaxed)
        work.ringAll()
    }

    /// Stops all jobs before their next step.
    package func stopAll() {
        for lease in queue.withLock({ Array($0.running.keys) }) { stop(lease) }
    }

    /// Ends the threads after the jobs under way were stopped, and waits for them; false when `patience` is over and one still
    /// trains.
    ///
    /// A thread cannot be ended from outside: one whose step does not come to its end stays until the process is gone.
    @discardableResult
    package func close(patience: Duration = .seconds(3600)) -> Bool {
        queue.withLock { queue in
            queue.isClosed = true
            queue.jobs.removeAll()
            for running in queue.running.values { running.shouldStop.store(true, ordering: .relaxed) }
        }
        work.ringAll()
        let deadline = ContinuousClock.now + patience
        let started = threads.withLock { $0.count }
        guard work.wait(deadline: deadline, until: { [self] in queue.withLock { $0.ended >= started } }) else {
            return false
        }
        // Each is past its last job, so this takes no time; the second call finds none.
        let ended = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in ended { pthread_join(thread, nil) }
        return true
    }

    /// Lets the threads train, or makes them wait before their next epoch because reports pile up.
    package func setRoom(_ room: Bool) {
        guard hasRoom.exchange(room, ordering: .acquiringAndReleasing) != room else { return }
        if room { work.ringAll() }
    }

    private func waitForRoom(_ running: Running) {
        guard !hasRoom.load(ordering: .acquiring) else { return }
        work.wait { [self] in
            hasRoom.load(ordering: .acquiring) || running.shouldStop.load(ordering: .relaxed)
                || isDraining.load(ordering: .relaxed) || queue.withLock { $0.isClosed }
        }
    }

    private func post(_ event: TrainingEvent) {
        queue.withLock { $0.events.append(event) }
        signal()
    }

    private func serve() {
        while true {
            let next: (job: TrainingJob, running: Running)? = queue.withLock { queue in
                guard !queue.isClosed, !queue.jobs.isEmpty else { return nil }
                let job = queue.jobs.removeFirst()
                let running = Running(slot: queue.free.popLast() ?? 0)
                running.epoch.store(job.assignment.from, ordering: .relaxed)
                queue.running[job.assignment.lease] = running
                return (job, running)
            }
            if let next {
                let slot = next.running.slot
                board?.begin(slot, next.job.assignment.lease, epoch: next.job.assignment.from)
                let end = train(next.job, next.running)
                board?.end(slot)
                queue.withLock { queue in
                    queue.free.append(slot)
                    queue.running[next.job.assignment.lease] = nil
                    queue.events.append(end)
                }
                signal()
            } else if isClosed() {
                idle.clear(isAwaited: isClosed)
                queue.withLock { $0.ended += 1 }
                work.ringAll()
                return
            } else if isDraining.load(ordering: .relaxed), !idle.isEmpty {
                idle.clear(isAwaited: isAwaited)
            } else {
                rest()
            }
        }
    }

    private func isClosed() -> Bool { queue.withLock { $0.isClosed } }

    /// Whether a job waits for a thread, or all are to end.
    private func isAwaited() -> Bool { queue.withLock { !$0.jobs.isEmpty || $0.isClosed } }

    /// Waits for a job; looks after idle processes meanwhile.
    private func rest() {
        idle.tidy(isAwaited: isAwaited)
        let isIdle = !idle.isEmpty
        if isIdle {
            _ = work.wait(deadline: .now + Self.idleBeat) { [self] in
                isAwaited() || isDraining.load(ordering: .relaxed)
            }
        } else {
            // Whoever leaves one behind may go on to a job of hours.
            work.wait { [self] in isAwaited() || !idle.isEmpty }
        }
    }

    /// How often idle processes are looked at.
    private static let idleBeat: Duration = .seconds(1)

    /// Trains a segment, telling each epoch; the event that ends it.
    private func train(_ job: TrainingJob, _ running: Running) -> TrainingEvent {
        switch trainer {
        case .core(let kernels): train(job, running, kernels)
        case .null: pretend(job, running)
        }
    }

    /// Reports a segment whose every value is one over the epoch, as fast as the reports are taken.
    private func pretend(_ job: TrainingJob, _ running: Running) -> TrainingEvent {
        let assignment = job.assignment
        waitForRoom(running)
        guard assignment.from < assignment.to else {
            return .ended(assignment.lease, epoch: assignment.to, .reached, checkpoint: nil)
        }
        let observations = (assignment.from + 1...assignment.to).map { epoch in
            Observation(
                epoch: epoch,
                values: [Double](repeating: 1 / Double(epoch), count: assignment.metrics.count),
                seconds: 0
            )
        }
        post(.observed(Reports.Item(lease: assignment.lease, observations: observations)))
        return .ended(assignment.lease, epoch: assignment.to, .reached, checkpoint: nil)
    }

    private func train(_ job: TrainingJob, _ running: Running, _ kernels: KernelTable) -> TrainingEvent {
        let assignment = job.assignment
        let lease = assignment.lease
        func failed(_ reason: String) -> TrainingEvent {
            .ended(lease, epoch: assignment.from, .failed(reason: reason, log: ""), checkpoint: nil)
        }
        let problems = SpecProblems()
        guard let work = TrialWork.read(assignment.spec, problems: problems) else {
            let first = problems.all.first.map { "\($0.path): \($0.message)" } ?? "unreadable"
            return failed("the trial's specification cannot be read: \(first)")
        }
        let spec: TrialSpec
        let rows: DataShelf.Entry
        switch (work, job.material) {
        case (.training(let trial), .rows(let entry)): (spec, rows) = (trial, entry)
        case (.command(let command), .files(let files)): return execute(command, files, job, running)
        case (.training, .files): return failed("its data set is a bundle of files")
        case (.ask, _): return failed("its trials are asked for over HTTP; no worker trains them")
        case (.command, .rows): return failed("the files that the program needs are rows of data")
        }
        idle.begin(shouldStop: { running.shouldStop.load(ordering: .relaxed) })
        defer { idle.end() }
        let begun: TrainingRun?
        var ancestorStep = 0
        do {
            begun = try TrainingRun.descendant(
                spec,
                seed: assignment.seed,
                checkpoint: job.checkpoint.map { ($0, assignment.from) },
                kernels: kernels,
                data: { try rows.prepared(for: $0) },
                shouldStop: {
                    ancestorStep += 1
                    running.step.store(ancestorStep, ordering: .relaxed)
                    return running.shouldStop.load(ordering: .relaxed) || isDraining.load(ordering: .relaxed)
                },
                trained: { run, _ in
                    // Epochs that are known: they are shown as progress, and not reported again.
                    ancestorStep = 0
                    running.epoch.store(run.epoch, ordering: .relaxed)
                    board?.advance(running.slot, epoch: run.epoch)
                }
            )
        } catch {
            return failed("\(error)")
        }
        guard let run = begun else { return .ended(lease, epoch: assignment.from, .cancelled, checkpoint: nil) }
        run.alsoReported = assignment.metrics
        let places = assignment.metrics.map { run.metrics.firstIndex(of: $0) }
        // Before an epoch of its own a copy's state is its parent's, and kept under that one's name.
        let known = max(assignment.from, spec.ancestors.last?.to ?? 0)
        let tier = spec.training.instruments
        run.beginReadings(of: tier)
        while run.epoch < assignment.to, !run.diverged, !run.stoppedEarly {
            waitForRoom(running)
            if isDraining.load(ordering: .relaxed) {
                let checkpoint = run.epoch > known ? checkpoint(of: run) : nil
                return .ended(lease, epoch: run.epoch, .cancelled, checkpoint: checkpoint)
            }
            var step = 0
            let observation = run.trainEpoch {
                step += 1
                running.step.store(step, ordering: .relaxed)
                return running.shouldStop.load(ordering: .relaxed)
            }
            guard let observation else { return .ended(lease, epoch: run.epoch, .cancelled, checkpoint: nil) }
            running.epoch.store(run.epoch, ordering: .relaxed)
            board?.advance(running.slot, epoch: run.epoch)
            post(
                .observed(
                    Reports.Item(
                        lease: lease,
                        observations: [observation.values(at: places)],
                        stoppedEarly: run.stoppedEarly,
                        notes: Array(run.takeNotes().prefix(TrialNote.perTrial)),
                        readings: run.reading(of: tier, segmentEnd: assignment.to).map { [PackedReading($0)] } ?? []
                    )
                )
            )
        }
        if run.diverged { return .ended(lease, epoch: run.epoch, .notFinite, checkpoint: nil) }
        if run.stoppedEarly { return .ended(lease, epoch: run.epoch, .stoppedEarly, checkpoint: nil) }
        return .ended(
            lease,
            epoch: run.epoch,
            .reached,
            checkpoint: assignment.keepsCheckpoint ? checkpoint(of: run) : nil
        )
    }

    private func checkpoint(of run: TrainingRun) -> WorkerCheckpoint? {
        run.checkpoint().flatMap { Self.checkpoint($0) }
    }

    private static func checkpoint(_ bytes: [UInt8]) -> WorkerCheckpoint? {
        guard let hash = ContentHash(bytes: SHA256.digest(bytes)) else { return nil }
        return WorkerCheckpoint(id: CheckpointID(hash: hash, size: bytes.count), bytes: bytes)
    }

    /// Runs a program for its segment.
    private func execute(
        _ command: CommandSpec,
        _ files: FileBundle,
        _ job: TrainingJob,
        _ running: Running
    ) -> TrainingEvent {
        let assignment = job.assignment
        let lease = assignment.lease
        func failed(_ reason: String) -> TrainingEvent {
            .ended(lease, epoch: assignment.from, .failed(reason: reason, log: ""), checkpoint: nil)
        }
        // It is asked for by its label; who gives that label by hand has not said so.
        guard let programs else {
            return failed("its worker runs no programs; sweepd worker --commands lets it")
        }
        let state: FileBundle?
        do { state = try job.checkpoint.map { bytes throws(FileBundleError) in try FileBundle(packed: bytes) } } catch {
            return failed("the program's checkpoint cannot be read: \(error)")
        }
        let (sweep, trial) = (lease.trial.sweep.rawValue, lease.trial.number)
        let run = ProgramRun(
            ProgramJob(
                spec: command,
                metrics: assignment.metrics,
                from: assignment.from,
                to: assignment.to,
                keepsCheckpoint: assignment.keepsCheckpoint,
                sweep: assignment.sweepName,
                trial: trial,
                seed: assignment.seed,
                files: files,
                checkpoint: state,
                kind: ProgramKind(
                    command,
                    sweep: lease.trial.sweep,
                    name: assignment.sweepName,
                    files: assignment.dataSet.hash
                )
            ),
            at: "\(programs.path)/\(sweep)-\(trial)-\(runs.add(1, ordering: .relaxed).newValue)",
            in: groups
        )
        let (epoch, end) = run.run(
            ProgramControl(
                shouldStop: { running.shouldStop.load(ordering: .relaxed) },
                isClosing: { [self] in isClosed() },
                isDraining: { [self] in isDraining.load(ordering: .relaxed) },
                waitForRoom: { [self] in waitForRoom(running) },
                observed: { [self] observation in
                    running.epoch.store(observation.epoch, ordering: .relaxed)
                    board?.advance(running.slot, epoch: observation.epoch)
                    post(.observed(Reports.Item(lease: lease, observations: [observation])))
                },
                // How long a program may be silent is for its own limits to say, so that none is stuck while it lives.
                advanced: { _, step in running.step.store(step, ordering: .relaxed) },
                noted: { [self] in post(.noted(lease, $0)) }
            ),
            among: idle
        )
        // Others wait without looking after idle ones as long as there are none.
        if !idle.isEmpty { work.ringAll() }
        func ended(_ outcome: SegmentOutcome, _ state: FileBundle? = nil) -> TrainingEvent {
            .ended(lease, epoch: epoch, outcome, checkpoint: state.flatMap { Self.checkpoint($0.packed) })
        }
        switch end {
        case .reached(let state): return ended(.reached, state)
        case .stoppedEarly: return ended(.stoppedEarly)
        case .notFinite: return ended(.notFinite)
        case .cancelled(let state): return ended(.cancelled, state)
        case .failed(let reason, let log):
            // What a failure keeps is one sentence.
            return ended(.failed(reason: Self.sentence(reason, log: log), log: log))
        case .died(let reason, let log): return ended(.died(reason: Self.line(reason), log: log))
        }
    }

    /// A reason with the log's last line, as long as a message may have it.
    private static func sentence(_ reason: String, log: String) -> String {
        line(AttemptDeath(reason: line(reason), log: log).sentence)
    }

    private static func line(_ text: String) -> String {
        String(decoding: text.utf8.prefix(WireLimits.sentence - 16), as: UTF8.self)
    }
}

/// Lets threads wait for work without spinning.
///
/// Sendable because pthread's mutex and condition are made for it; their memory lives as long as the object.
private final class WorkBell: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Wakes all waiting threads.
    func ringAll() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Returns when `isThere` answers true; it is asked under the bell's lock, so no ring is missed.
    func wait(until isThere: () -> Bool) {
        pthread_mutex_lock(mutex)
        while !isThere() { pthread_cond_wait(condition, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// Returns true when `isThere` answers true, and false at the deadline.
    func wait(deadline: ContinuousClock.Instant, until isThere: () -> Bool) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isThere() {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return false }
            // The condition's clock is one that people may set, so each wait is short and the deadline is asked again.
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let nanoseconds = now.tv_nsec + Int(min(left, .milliseconds(100)).wholeNanoseconds)
            var until = timespec(
                tv_sec: now.tv_sec + nanoseconds / 1_000_000_000,
                tv_nsec: nanoseconds % 1_000_000_000
            )
            pthread_cond_timedwait(condition, mutex, &until)
        }
        return true
    }
}
