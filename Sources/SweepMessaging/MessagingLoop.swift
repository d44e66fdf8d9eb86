import CZeroMQ
import Glibc

/// The one thread of a process that owns its sockets, and the executor of the actor that uses them.
///
/// An actor whose `unownedExecutor` is the loop runs on the loop's thread, so it touches its sockets directly, with no hop
/// for each message; everyone else (HTTP handlers, a store's writer, training threads) awaits into the actor, or uses
/// `perform(_:)`. Slow work belongs elsewhere: while a job runs, no message is read and no heartbeat timer fires.
///
/// ```swift
/// actor Echo {
///     nonisolated let loop: MessagingLoop
///     nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
///     private var server: ServerSocket?
///
///     init(on loop: MessagingLoop) { self.loop = loop }
///
///     func listen() throws -> String {
///         let server = try ServerSocket(listeningOn: "tcp://127.0.0.1:*", security: .none, on: loop) { server in
///             self.turn(server)
///         }
///         self.server = server
///         return server.endpoint
///     }
///
///     private func turn(_ server: ServerSocket) {
///         for message in server.receiveBatch() { _ = server.send(message.frames, to: message.connection) }
///     }
///
///     func close() { server?.close() }
/// }
///
/// let loop = MessagingLoop()
/// let echo = Echo(on: loop)
/// let endpoint = try await echo.listen()
/// …
/// await echo.close()
/// loop.stop()
/// loop.join()
/// ```
///
/// Handlers are plain closures: formed in a method of the actor they belong to its isolation, and need no `await`.
///
/// A round of the loop: the jobs and closures that are queued, then the timers that are due, then, of every socket with
/// something to read, one call of its handler. A handler takes at most a few hundred messages and returns; a socket that
/// still has some is called again in the next round, so neither jobs nor timers starve.
///
/// Life: the thread starts with `init` and ends after `stop()`; `join()` waits for it. Jobs that arrive after that are
/// still run, one at a time, on a thread that lives as long as there are any: nobody who awaits the actor hangs because
/// the program was ending. Sockets and timers are gone by then.
package final class MessagingLoop: SerialExecutor, @unchecked Sendable {
    // Sendable because `shared` is locked, `wakeup` is constant, and the rest is touched by the loop's thread alone,
    // which every entry to it checks.
    private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private enum Phase {
        case running, stopping, ended
    }

    private struct Shared {
        var work: [Work] = []
        var phase = Phase.running
        /// True while the thread waits in poll, or is about to: then, and only then, work must wake it.
        var isPolling = false
        /// The kernel's id of the thread that may run work; 0 when there is none.
        var owner: Int64 = 0
        var thread: pthread_t?

        /// True once for each time the thread went to poll.
        mutating func takeWakeup() -> Bool {
            defer { isPolling = false }
            return isPolling
        }
    }

    private let name: String
    private let wakeup: CInt
    private let shared = Locked(Shared())

    private var sources: [Source] = []
    private var timers = TimerQueue()

    /// Starts the thread.
    ///
    /// - Parameter name: what the system's tools show for the thread, cut after 15 bytes.
    package init(name: String = "messaging") {
        self.name = name
        wakeup = czeromq_wakeup_create()
        precondition(wakeup >= 0, "no descriptor left for the messaging loop: errno \(errno)")
        startThread { loop in loop.run() }
    }

    deinit {
        // The thread keeps the loop alive, so it has ended (or this is its last act) and only the join may be missing.
        if let thread = shared.withLock({ $0.thread }) { pthread_detach(thread) }
        Glibc.close(wakeup)
    }

    // MARK: Being an executor

    package func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Stops the program unless the caller is on the loop's thread.
    package func checkIsolated() {
        precondition(isOnLoop, "this runs on the messaging loop's thread only")
    }

    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    /// True on the loop's thread.
    package var isOnLoop: Bool {
        let current = czeromq_thread_id()
        return shared.withLock { $0.owner == current }
    }

    // MARK: From any thread

    /// Runs `body` on the loop's thread, after everything that was queued before.
    ///
    /// Each call is queued; a thread that has news many times a second raises a `LoopSignal` instead.
    package func perform(_ body: @escaping @Sendable () -> Void) {
        submit(.closure(body))
    }

    /// Asks the thread to end: after the work that is queued by now, and without another look at the sockets.
    package func stop() {
        let mustWake = shared.withLock { shared in
            if shared.phase == .running { shared.phase = .stopping }
            return shared.takeWakeup()
        }
        if mustWake { czeromq_wakeup_signal(wakeup) }
    }

    /// Waits for the thread to end.
    ///
    /// Never on the loop's own thread; the second call returns at once.
    package func join() {
        precondition(!isOnLoop, "the messaging loop cannot wait for itself")
        let thread = shared.withLock { shared in
            defer { shared.thread = nil }
            return shared.thread
        }
        if let thread { pthread_join(thread, nil) }
    }

    private func submit(_ work: Work) {
        let (mustWake, mustDrain) = shared.withLock { shared in
            shared.work.append(work)
            // After the end, the first to come starts a thread for the late; `owner` stands for it until it runs.
            let isFirstLate = shared.phase == .ended && shared.owner == 0
            if isFirstLate { shared.owner = -1 }
            return (shared.takeWakeup(), isFirstLate)
        }
        if mustWake { czeromq_wakeup_signal(wakeup) }
        if mustDrain { startThread(detached: true) { loop in loop.drainLate() } }
    }

    // MARK: On the loop's thread

    /// Calls `handler` whenever `socket` has something to read, until it is unregistered or closed.
    ///
    /// The handler must take messages, if only one, or it is called again at once.
    package func register(_ socket: Socket, onReadable handler: @escaping () -> Void) {
        checkIsolated()
        precondition(!sources.contains { $0.socket === socket }, "the socket is registered already")
        sources.append(Source(socket: socket, handler: handler))
    }

    /// Forgets the socket.
    ///
    /// Unregistering one that is not registered does nothing.
    package func unregister(_ socket: Socket) {
        checkIsolated()
        for source in sources where source.socket === socket { source.isActive = false }
        sources.removeAll { !$0.isActive }
    }

    /// Calls `body` once, at `deadline` or as soon after as the loop gets to it; never early.
    ///
    /// Timers fire in the order of their deadlines, equal ones in the order in which they were scheduled. A deadline in
    /// the past fires in the next round, never inside this call.
    @discardableResult
    package func schedule(at deadline: ContinuousClock.Instant, _ body: @escaping () -> Void) -> TimerID {
        checkIsolated()
        return timers.insert(deadline: deadline, body)
    }

    /// Calls `body` once, when `delay` has passed.
    @discardableResult
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> TimerID {
        schedule(at: ContinuousClock.now + delay, body)
    }

    /// Takes a timer back; false when it has fired or was cancelled before.
    @discardableResult
    package func cancel(_ timer: TimerID) -> Bool {
        checkIsolated()
        return timers.remove(timer)
    }
}

// MARK: - The thread

extension MessagingLoop {
    private func run() {
        shared.withLock { $0.owner = czeromq_thread_id() }
        czeromq_name_thread(name)
        var batch: [Work] = []
        while true {
            let phase = shared.withLock { shared in
                swap(&shared.work, &batch)
                return shared.phase
            }
            perform(&batch)
            guard phase == .running else { break }
            timers.takeDue(at: ContinuousClock.now).forEach { fire($0) }
            pollSources()
        }
        sources = []
        timers = TimerQueue()
        finish(&batch)
    }

    /// Runs what was queued after the loop's thread had ended.
    private func drainLate() {
        shared.withLock { $0.owner = czeromq_thread_id() }
        var batch: [Work] = []
        finish(&batch)
    }

    /// Runs work until none is left, then gives up the right to run any.
    private func finish(_ batch: inout [Work]) {
        while true {
            let isDone = shared.withLock { shared in
                swap(&shared.work, &batch)
                guard batch.isEmpty else { return false }
                shared.phase = .ended
                shared.owner = 0
                return true
            }
            if isDone { return }
            perform(&batch)
        }
    }

    private func perform(_ batch: inout [Work]) {
        for work in batch {
            switch work {
            case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            case .closure(let body): body()
            }
        }
        batch.removeAll(keepingCapacity: true)
    }

    /// Fires one due timer, unless another of the same round has cancelled it.
    private func fire(_ timer: TimerID) {
        timers.take(timer)?()
    }

    private func pollSources() {
        sources.removeAll { !$0.socket.isOpen }
        var items = [zmq_pollitem_t(socket: nil, fd: wakeup, events: Int16(ZMQ_POLLIN), revents: 0)]
        for source in sources {
            items.append(zmq_pollitem_t(socket: source.socket.raw, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0))
        }
        let mayWait = shared.withLock { shared in
            shared.isPolling = shared.work.isEmpty && shared.phase == .running
            return shared.isPolling
        }
        let count = zmq_poll(&items, Int32(items.count), mayWait ? timeout : 0)
        let code = zmq_errno()
        shared.withLock { $0.isPolling = false }
        if count < 0 {
            // Closed sockets were taken out above and their contexts live as long as they do, so no other error is left.
            precondition(code == EINTR, "zmq_poll: \(String(cString: zmq_strerror(code)))")
            return
        }
        if items[0].revents != 0 { czeromq_wakeup_drain(wakeup) }
        // A handler may register and unregister, so the round goes over the sources as they were polled.
        for (source, item) in zip(sources, items.dropFirst()) where item.revents != 0 {
            if source.isActive && source.socket.isOpen { source.handler() }
        }
    }

    /// Milliseconds to the nearest deadline, rounded up; -1 when there is none.
    private var timeout: Int {
        guard let deadline = timers.nearestDeadline else { return -1 }
        return Int((deadline - ContinuousClock.now).clampedMilliseconds)
    }

    private func startThread(detached: Bool = false, _ main: @escaping @Sendable (MessagingLoop) -> Void) {
        let start = Unmanaged.passRetained(ThreadStart(loop: self, main: main))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                // Signals are for the program's own threads: a handler must not run amid a turn.
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
                start.main(start.loop)
                return nil
            },
            start.toOpaque()
        )
        precondition(status == 0, "no thread for the messaging loop: errno \(status)")
        if detached {
            pthread_detach(thread)
        } else {
            shared.withLock { $0.thread = thread }
        }
    }

    /// A registered socket.
    private final class Source {
        let socket: Socket
        let handler: () -> Void
        var isActive = true

        init(socket: Socket, handler: @escaping () -> Void) {
            self.socket = socket
            self.handler = handler
        }
    }

    /// What a new thread is told; it keeps the loop alive.
    private final class ThreadStart: Sendable {
        let loop: MessagingLoop
        let main: @Sendable (MessagingLoop) -> Void

        init(loop: MessagingLoop, main: @escaping @Sendable (MessagingLoop) -> Void) {
            self.loop = loop
            self.main = main
        }
    }
}
