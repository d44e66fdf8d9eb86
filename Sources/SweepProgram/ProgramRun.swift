import Glibc
import SweepCore

/// One run of a program for a segment of its trial: has a process for it, lets it be followed, and says how it ended.
///
/// Runs on the thread that calls, which must outlive it.
package struct ProgramRun {
    private let job: ProgramJob
    private let path: String
    private let groups: ControlGroups?

    private static let notStarted = FailureCause.programNotStarted.rawValue
    /// Seconds in which a program that asked for a line has read it.
    private static let linePatience = 5

    /// A run whose folder will be made at `path`, with a control group of `groups` if there are any.
    package init(_ job: ProgramJob, at path: String, in groups: ControlGroups? = nil) {
        self.job = job
        self.path = path
        self.groups = groups
    }

    /// Seconds of a clock that nobody sets.
    package static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Runs it to its end, or to the program's wish for another trial; the epochs that are done, and how it ended.
    ///
    /// A job of a kind is served by an idle process of that kind, if there is one, and its process is idle afterwards. What goes
    /// wrong in a process that served others before is not held against the trial: its run begins again in a fresh one.
    package func run(_ control: ProgramControl, among idle: IdlePrograms? = nil) -> (epoch: Int, end: ProgramEnd) {
        // A verdict to a program that has ended must not end this process.
        signal(SIGPIPE, SIG_IGN)
        var known = job.from
        var control = control
        let tell = control.observed
        control.observed = { observation in
            guard observation.epoch > known else { return }
            known = observation.epoch
            tell(observation)
        }
        let used = idle?.begin(job.kind, shouldStop: control.shouldStop)
        var kept: ServingProgram?
        defer { idle?.end(keeping: kept) }
        if let used {
            let served = used.folder.count
            if begin(on: used) {
                let outcome = follow(used, control, keeping: &kept)
                guard let reason = outcome.end.reason else { return outcome }
                if control.isDraining() || control.shouldStop() { return (outcome.epoch, .cancelled(checkpoint: nil)) }
                control.noted(
                    "in a process that had served \(served) \(served == 1 ? "run" : "runs"): \(reason); "
                        + "it is run again in a fresh process"
                )
            } else {
                used.end()
            }
        }
        let told = known
        let outcome = start(control, keeping: &kept)
        return told > job.from ? Self.joined(outcome, told: told) : outcome
    }

    /// What a fresh process came to, after another one had told epochs up to `told`: they stand, though it may not have come as far.
    ///
    /// Nothing is said of an epoch but by what was trained to it: a state of an earlier one is not kept, and a course that ends where
    /// the other went on is no end of the trial's.
    package static func joined(_ outcome: (epoch: Int, end: ProgramEnd), told: Int) -> (epoch: Int, end: ProgramEnd) {
        func other(_ what: String) -> ProgramEnd {
            .died(
                "a fresh process \(what) epoch \(outcome.epoch), where the one before it had reported \(told)",
                log: ""
            )
        }
        switch outcome.end {
        case .cancelled where outcome.epoch < told: return (told, .cancelled(checkpoint: nil))
        case .stoppedEarly where outcome.epoch < told: return (told, other("ended after"))
        // Its loss there was told as a number.
        case .notFinite where outcome.epoch <= told: return (told, other("had no finite loss at"))
        default: return (max(outcome.epoch, told), outcome.end)
        }
    }

    /// Tells a process of its next trial; false when it cannot be told.
    private func begin(on used: ServingProgram) -> Bool {
        do { try used.folder.begin(job) } catch { return false }
        let line = used.folder.line(job)
        guard line.utf8.count <= ProgramLine.greatestLength else { return false }
        return used.program.tell(line, patience: Self.linePatience)
    }

    /// Starts a process and follows it.
    private func start(
        _ control: ProgramControl,
        keeping kept: inout ServingProgram?
    ) -> (epoch: Int, end: ProgramEnd) {
        let folder: ProgramFolder
        do { folder = try ProgramFolder(job, at: path) } catch {
            FileBundle.remove(path)
            return (job.from, .died("the program's folder cannot be made: \(error)", log: ""))
        }
        let group = groups?.make(for: job, noted: control.noted)
        let program: KeptProgram
        do {
            program = try KeptProgram(
                job.spec.arguments(folder.facts(job)),
                environment: folder.environment(job),
                directory: job.spec.directory ?? folder.run,
                memory: job.spec.limits.memory,
                group: group,
                grace: job.spec.limits.grace
            )
        } catch {
            folder.remove()
            if let group { ControlGroups.end(group) }
            // On another machine it may be there.
            return (job.from, .died("\(Self.notStarted): \(error)", log: ""))
        }
        return follow(ServingProgram(program, folder, job), control, keeping: &kept)
    }

    /// Follows a process to its trial's end; `kept` is the process where it asked for another trial and may have one.
    private func follow(
        _ serving: ServingProgram,
        _ control: ProgramControl,
        keeping kept: inout ServingProgram?
    ) -> (epoch: Int, end: ProgramEnd) {
        var watch = ProgramWatch(job)
        let outcome = watch.follow(serving.program, control, serving.folder)
        if !watch.hasReturned {
            serving.folder.remove()
        } else if !watch.isClean || outcome.end.reason != nil {
            serving.end()
        } else if serving.folder.count < job.spec.reuse, !control.isDraining(), !control.isClosing() {
            kept = serving
        } else {
            serving.retire(isAwaited: control.isClosing)
        }
        return outcome
    }
}
