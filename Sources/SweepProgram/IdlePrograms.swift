import SweepCore
import Synchronization

/// A process of a program, its folder, and how many runs it has served.
///
/// Sendable because one thread has it at a time: the one that started it, or the one that took it out of the idle ones.
final class ServingProgram: @unchecked Sendable {
    let program: KeptProgram
    var folder: ProgramFolder
    let kind: ProgramKind?
    /// Seconds that it has to end by itself.
    private let grace: Double
    /// Bytes that it and all that it started may take.
    private let memory: Int?
    /// When its memory was last looked at while it was idle; nil: not yet.
    private var lastLook: Double?
    /// When it became idle, by `ProgramRun.now`.
    var idleSince = 0.0

    init(_ program: KeptProgram, _ folder: ProgramFolder, _ job: ProgramJob) {
        self.program = program
        self.folder = folder
        kind = job.kind
        grace = job.spec.limits.grace
        memory = job.spec.limits.memory
    }

    /// Seconds of the grace that are left when its slot is wanted, or the worker is about to go.
    static let awaitedGrace = 1.0
    /// Seconds between looks at the memory of an idle one: every free slot's thread looks after all of them.
    private static let lookBeat = 0.5

    /// It begins to wait for its next trial.
    func rest() {
        idleSince = ProgramRun.now
        lastLook = nil
    }

    /// Whether it waits as it should: it runs, has said nothing, and is within `limits.memory`.
    ///
    /// `isNeeded`: it is about to get a trial, so that its memory is looked at whenever that was done last.
    func isFit(isNeeded: Bool) -> Bool {
        guard program.isQuiet() else { return false }
        guard let memory, !program.isMemoryHeld else { return true }
        let now = ProgramRun.now
        if !isNeeded, let lastLook, now - lastLook < Self.lookBeat { return true }
        lastLook = now
        return program.memory() <= memory
    }

    /// Tells an idle one that nothing more comes, waits until it has ended, and ends it after its grace, or after `most` seconds
    /// if these are fewer; `most` is asked again and again.
    func retire(within most: () -> Double) {
        program.endVerdicts()
        let begun = ProgramRun.now
        while !program.hasEnded(within: 50) {
            // Nobody wants what it writes, and it must not wait for that.
            program.skipOutput()
            _ = program.readReports()
            if ProgramRun.now - begun >= min(grace, most()) { return end() }
        }
        finish()
    }

    /// Retires it, with its whole grace as long as nothing waits.
    func retire(isAwaited: () -> Bool) { retire { isAwaited() ? Self.awaitedGrace : grace } }

    /// Ends it at once.
    func end() {
        program.end(atOnce: true)
        finish()
    }

    private func finish() {
        _ = program.wait()
        folder.remove()
    }
}

/// Processes of programs that wait for another trial of their sweep (`train.reuse`), no more than there are slots without a job.
///
/// Each has told that it is done with its trial. One that says something while it waits, takes too much memory, or ends, is no
/// more used.
package final class IdlePrograms: Sendable {
    private struct State {
        /// The one that became idle last stands last.
        var programs: [ServingProgram] = []
        /// Slots that have a job, of a program or not.
        var busy = 0

        mutating func takeFirst() -> ServingProgram? { programs.isEmpty ? nil : programs.removeFirst() }
    }
    private let state = Mutex(State())
    /// How many slots there are.
    private let slots: Int
    private let patience: Double

    /// Seconds that a process waits: a rung may have to fill first, and nothing else wants its slot meanwhile.
    package static let usualPatience = 60.0

    /// None yet, of at most `slots`; one that has waited for `patience` seconds is ended by `tidy`.
    package init(slots: Int, patience: Double = usualPatience) {
        self.slots = slots
        self.patience = patience
    }

    package var isEmpty: Bool { state.withLock { $0.programs.isEmpty } }

    /// A slot has a job that no process of these can serve.
    package func begin(shouldStop: () -> Bool) { _ = begin(nil, shouldStop: shouldStop) }

    /// A slot has a job of this kind: a process for it, if there is one.
    ///
    /// Ends those that have waited longest where a slot is no more free for them. The job, which may be another sweep's, does not
    /// wait for their whole grace, and not at all once it should stop.
    func begin(_ kind: ProgramKind?, shouldStop: () -> Bool) -> ServingProgram? {
        state.withLock { $0.busy += 1 }
        var found: ServingProgram?
        while found == nil, let kind {
            let next = state.withLock { state in
                state.programs.lastIndex { $0.kind == kind }.map { state.programs.remove(at: $0) }
            }
            guard let next else { break }
            if next.isFit(isNeeded: true) { found = next } else { next.end() }
        }
        while let longest = state.withLock({ $0.busy + $0.programs.count > slots ? $0.takeFirst() : nil }) {
            longest.retire { shouldStop() ? 0 : ServingProgram.awaitedGrace }
        }
        return found
    }

    /// A slot's job is over; `program` is done with its trial.
    package func end() { end(keeping: nil) }

    func end(keeping program: ServingProgram?) {
        program?.rest()
        state.withLock { state in
            state.busy -= 1
            if let program { state.programs.append(program) }
        }
    }

    /// Ends those that have waited for too long, or that say something, take too much memory or have ended.
    ///
    /// `isAwaited`: whether the calling thread is wanted for something else, a job or the worker's end. `now` is in seconds.
    package func tidy(at now: Double = ProgramRun.now, isAwaited: () -> Bool) {
        let (late, unfit) = state.withLock { state in
            let late = state.programs.filter { now - $0.idleSince > patience }
            let unfit = state.programs.filter { now - $0.idleSince <= patience && !$0.isFit(isNeeded: false) }
            state.programs.removeAll { program in (late + unfit).contains { $0 === program } }
            return (late, unfit)
        }
        for program in unfit { program.end() }
        for program in late { program.retire(isAwaited: isAwaited) }
    }

    /// Ends all; `isAwaited` as for `tidy`.
    package func clear(isAwaited: () -> Bool) {
        while let program = state.withLock({ $0.takeFirst() }) { program.retire(isAwaited: isAwaited) }
    }
}
