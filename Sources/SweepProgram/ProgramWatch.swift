import Glibc
import SweepCore
import SweepReports

/// What is known of a program while it runs for a segment: takes its reports, tells it verdicts, holds it to its limits.
struct ProgramWatch {
    /// Bytes of output that are kept, the last ones.
    private static let logBytes = 64 * 1024
    /// How often limits and wishes are looked at.
    private static let beat = 0.1
    private static let notStarted = FailureCause.programNotStarted.rawValue

    /// Why the program was told to end.
    private enum Cause {
        /// What it does is not allowed, or it took too much.
        case fault(String)
        case stopped
        /// Its segment is over.
        case over
    }

    private let job: ProgramJob
    private var course: ProgramCourse
    private var lines = LineSplitter()
    private var log = LogTail(limit: Self.logBytes)
    private var cause: Cause?
    /// When to end it if it does not end by itself.
    private var deadline: Double?
    private var isEnding = false
    private var isKilled = false
    private var started = ProgramRun.now
    private var lastReport = ProgramRun.now
    private var lastLook = ProgramRun.now
    private var step = 0
    /// Whether the program, which lives, asked for another trial: then nobody has ended it or waited for its end.
    private(set) var hasReturned = false
    /// Whether it has said nothing since.
    private(set) var isClean = true

    init(_ job: ProgramJob) {
        self.job = job
        course = ProgramCourse(
            metrics: job.metrics,
            from: job.from,
            to: job.to,
            keepsCheckpoint: job.keepsCheckpoint,
            mayReturn: job.kind != nil
        )
    }

    /// Follows it until it has ended or asked for another trial.
    mutating func follow(
        _ program: KeptProgram,
        _ control: ProgramControl,
        _ folder: ProgramFolder
    ) -> (epoch: Int, end: ProgramEnd) {
        while !hasReturned {
            var waits = [
                pollfd(fd: program.status, events: Int16(POLLIN), revents: 0),
                pollfd(fd: program.output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: program.reports, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&waits, 3, Int32(Self.beat * 1000))
            if waits[1].revents != 0 { log.append(program.readOutput()) }
            if waits[2].revents != 0 { take(program.readReports(), program, control) }
            if waits[0].revents != 0, hasReturned || program.takeStatus(noted: control.noted) { break }
            if !hasReturned { look(program, control) }
        }
        if hasReturned {
            // What it wrote before it asked is in the pipe, which holds no more than two reads.
            for _ in 0..<2 { log.append(program.readOutput()) }
            return (course.epoch, judge(.ended(.exited(0)), folder))
        }
        let end = program.wait(noted: control.noted)
        // Its number may be another's from here on.
        isEnding = true
        if program.isStarved, let limit = job.spec.limits.memory {
            cause =
                cause
                ?? .fault(
                    "the program took all of limits.memory, \(Self.megabytes(limit)), and the kernel ended it\(place)"
                )
        }
        // All that it wrote is in the pipes, whatever is left of them is short.
        while case let bytes = program.readOutput(), !bytes.isEmpty { log.append(bytes) }
        while case let bytes = program.readReports(), !bytes.isEmpty { take(bytes, program, control) }
        // What a program that was ended wrote last may be half a line.
        if end == .ended(.exited(0)), let last = lines.last { take(line: last, program, control) }
        return (course.epoch, judge(end, folder))
    }

    private mutating func take(_ bytes: [UInt8], _ program: KeptProgram, _ control: ProgramControl) {
        // After a mistake the rest says nothing.
        if case .fault? = cause { return }
        guard let whole = lines.add(bytes) else {
            return end(
                program,
                .fault("the program reported a line of more than \(ProgramLine.greatestLength) bytes")
            )
        }
        for line in whole {
            if hasReturned { isClean = false }
            guard isClean else { return }
            take(line: line, program, control)
        }
        if hasReturned, lines.last != nil { isClean = false }
    }

    private mutating func take(line: [UInt8], _ program: KeptProgram, _ control: ProgramControl) {
        if case .fault? = cause { return }
        let read: ProgramLine
        do throws(ProgramLine.Fault) { read = try ProgramLine(line) } catch {
            return end(program, .fault("the program reported \(error.message)"))
        }
        let before = ProgramRun.now
        control.waitForRoom()
        let now = ProgramRun.now
        // The program is not to blame for a coordinator that takes nothing in.
        started += now - before
        lastReport += now - before
        switch course.take(read, seconds: now - lastReport, rests: control.isDraining()) {
        case .fault(let sentence): end(program, .fault(sentence))
        case .saved: deadline = now + job.spec.limits.grace
        // One that was told to end is ended.
        case .returned: hasReturned = !isEnding
        case .epoch(let observation, let verdict):
            lastReport = now
            if let observation { control.observed(observation) }
            if let verdict, !program.tell(verdict) {
                return end(program, .fault("the program waits for verdicts and does not read them"))
            }
            guard course.isOver, deadline == nil, cause == nil else { return }
            switch verdict {
            case nil: end(program, .over)
            case .pause: deadline = now + job.spec.limits.save
            case .stop, .go: deadline = now + job.spec.limits.grace
            }
        }
    }

    /// Ends the program; the first cause counts.
    private mutating func end(_ program: KeptProgram, _ why: Cause) {
        cause = cause ?? why
        guard !isEnding else { return }
        isEnding = true
        program.end()
    }

    /// Looks at what passes while nothing is written.
    private mutating func look(_ program: KeptProgram, _ control: ProgramControl) {
        let now = ProgramRun.now
        if now - lastLook >= 0.25 {
            lastLook = now
            step += 1
            control.advanced(course.epoch, step)
            if let limit = job.spec.limits.memory, !isEnding, !program.isMemoryHeld, case let used = program.memory(),
                used > limit
            {
                cause =
                    cause
                    ?? .fault("the program took \(Self.megabytes(used)), limits.memory is \(Self.megabytes(limit))")
                isEnding = true
                // Every moment it may take more.
                program.end(atOnce: true)
            }
        }
        if control.shouldStop() { end(program, .stopped) }
        if control.isClosing(), !isKilled {
            // No time for its grace.
            (cause, isEnding, isKilled) = (cause ?? .stopped, true, true)
            program.end(atOnce: true)
        }
        guard !course.isOver else {
            if let deadline, now >= deadline { end(program, .over) }
            return
        }
        if let limit = job.spec.limits.time, now - started > limit {
            end(program, .fault("the program ran for longer than limits.time, \(Self.seconds(limit))\(place)"))
        }
        if let limit = job.spec.limits.report, now - lastReport > limit {
            end(
                program,
                .fault("the program reported nothing for longer than limits.report, \(Self.seconds(limit))\(place)")
            )
        }
    }

    private static func seconds(_ value: Double) -> String { "\(ParameterValue.real(value)) s" }
    private static func megabytes(_ bytes: Int) -> String { "\((bytes + 524_288) / 1_048_576) MB" }

    /// How it said that its trial is over.
    private var leave: String { hasReturned ? "asked for another trial" : "ended with exit code 0" }

    /// Where in its course it is.
    private var place: String { course.last.map { " after epoch \($0)" } ?? " before its first report" }

    /// What the run comes to.
    private func judge(_ end: KeptProgram.End, _ folder: ProgramFolder) -> ProgramEnd {
        let text = log.text(Self.logBytes)
        if case .fault(let sentence)? = cause { return .failed(sentence, log: text) }
        if case .notStarted(let reason) = end {
            return .died(
                "\(Self.notStarted): \(job.spec.arguments(folder.facts(job))[0]): \(reason)",
                log: text
            )
        }
        if course.isBroken { return .notFinite }
        if course.isOver { return rest(end, folder, text) }
        if case .stopped? = cause { return .cancelled(checkpoint: nil) }
        switch end {
        case .ended(.exited(0)):
            guard let last = course.last else {
                return .failed(
                    "the program \(leave) and reported no epoch; a report is a line of JSON written to the "
                        + "descriptor that SWEEPD_REPORT_FD names, or sweepd.report(…) in Python",
                    log: text
                )
            }
            guard last > job.from else {
                return .failed(
                    "the program \(leave) after epoch \(last), and before it went on from epoch \(job.from)",
                    log: text
                )
            }
            return .stoppedEarly
        case .ended(let how): return .died("the program ended with \(how)\(place)", log: text)
        case .unknown: return .died("the program was ended together with its keeper\(place)", log: text)
        case .notStarted(let reason): return .died(reason, log: text)
        }
    }

    /// The end of a segment that was reported whole.
    private func rest(_ end: KeptProgram.End, _ folder: ProgramFolder, _ text: String) -> ProgramEnd {
        var state: FileBundle?
        if course.isSaved {
            do { state = try FileBundle(folder: folder.checkpoint) } catch {
                return .failed("the program's checkpoint cannot be kept: \(error)", log: text)
            }
        } else if course.isAsked, !isEnding, case .ended(let how) = end, how != .exited(0) {
            return .died(
                "the program ended with \(how) while it saved its state after epoch \(course.epoch)",
                log: text
            )
        }
        if course.epoch < job.to { return .cancelled(checkpoint: state) }
        return .reached(checkpoint: state)
    }
}
