import ArgumentParser
import Foundation
import Glibc
import SweepCore
import SweepNodeCommands
import SweepNodes
import SweepReports

/// `sweepd slurm SWEEP`: workers as jobs of Slurm.
struct SlurmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slurm",
        abstract: "Keep so many workers allocated in Slurm until a sweep ends.",
        discussion: """
            Submits a batch job for each worker, and another for each that ends while the sweep has trials left: at the end \
            of its wall time a job gets SIGTERM early enough to hand back what it trains. Jobs are found by their name, so that \
            this command may be ended and started again: it takes up those that are there. When the sweep and the \
            experiments on it end, they are cancelled. What follows after -- goes to sbatch, as in -- --partition=long --account=lab.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @Option(help: "Jobs to keep, each a worker.") var workers = 1
    @Option(help: "Cores of each, and its slots.") var cores = 1
    @Flag(help: "The workers run programs that sweeps name, as the jobs' user.") var commands = false
    @Option(help: "A label KEY=VALUE of the workers, which sweeps may require; repeatable.") var label: [String] = []
    @Option(help: "Wall time of each, as Slurm writes it: minutes, or H:MM:SS.") var time = "60"
    @Option(help: "Seconds before the end of the wall time at which a worker begins to hand back what it trains.")
    var drain = 60
    @Option(help: "Where the jobs find the coordinator's port; where this command finds it unless told.")
    var address: String?
    @Option(help: "Seconds between two looks at the queue.") var every = 15.0
    @Option(help: "Folder of the jobs' logs.") var logs = "."
    @Flag(help: "Cancel the sweep's jobs and submit none.") var stop = false
    @Flag(help: "Print the batch script and do nothing else.") var printScript = false
    @OptionGroup var location: CoordinatorLocation
    @Argument(parsing: .postTerminator, help: "Options of sbatch.") var options: [String] = []

    func validate() throws {
        if !(1...10_000).contains(workers) { throw ValidationError("--workers: allowed 1 to 10000") }
        if !(1...4096).contains(cores) { throw ValidationError("--cores: allowed 1 to 4096") }
        if !(5...3600).contains(drain) { throw ValidationError("--drain: allowed 5 to 3600") }
        if !(0.1...3600).contains(every) { throw ValidationError("--every: allowed 0.1 to 3600") }
        guard let wallTime = SlurmTime.seconds(time) else {
            throw ValidationError("--time: found \(time), allowed minutes, M:SS, H:MM:SS or D-H:MM:SS")
        }
        if wallTime <= drain {
            throw ValidationError("--drain: found \(drain), allowed less than the wall time of \(wallTime) s")
        }
    }

    func run() async throws {
        if printScript { return Terminal.output(SlurmBatch.script) }
        let queue = SlurmQueue(name: "sweepd-" + sweep)
        if stop {
            let jobs = try await queue.jobs().filter(\.isAlive).map(\.id)
            if !jobs.isEmpty { try await queue.cancel(jobs) }
            return Terminal.error("\(jobs.count) jobs cancelled")
        }
        let worker = try workerWords()
        // Whether the sweep is there is known before anything is submitted.
        try fit(try await location.ask { try await $0.status(sweep: sweep) })
        let interruption = Interruption()
        var keeper = AllocationKeeper(wanted: workers, wallTime: SlurmTime.seconds(time).map { .seconds($0) })
        let begun = ContinuousClock.now
        // The first time what fails is the user's to mend; later Slurm or the coordinator may be away for a while.
        var hasLooked = false
        while true {
            let now = Instant.zero.advanced(by: begun.duration(to: .now))
            do {
                let jobs = try await queue.jobs()
                let actions = keeper.actions(jobs: jobs, phase: try await phase(), at: now)
                for action in actions {
                    switch action {
                    case .submit(let count):
                        for _ in 0..<count {
                            let id = try await queue.submit(sbatchWords(), worker)
                            Terminal.error("job \(id) submitted")
                            // What Slurm took once is right: that it takes no more, as with a limit of jobs, may pass.
                            hasLooked = true
                        }
                    case .cancel(let ids):
                        try await queue.cancel(ids)
                        Terminal.error("the sweep is over: \(ids.count) jobs cancelled")
                    case .finish: return Terminal.error("\(sweep) is over, and no job is left")
                    case .giveUp(let ends):
                        throw CommandFailure(
                            .failed,
                            "\(ends) jobs in a row ended as soon as they began; what they said is in \(logs)/sweepd-*.log"
                        )
                    }
                }
                hasLooked = true
            } catch let failure as SlurmFailure {
                guard hasLooked else { throw CommandFailure(.failed, failure.text) }
                Terminal.error("\(failure.text); trying again")
            } catch let error as ControlError {
                guard hasLooked, error.code == .internal else { throw CommandFailure(error) }
                Terminal.error("\(error.message); trying again")
            }
            guard await interruption.rest(seconds: every) else {
                throw CommandFailure(
                    .interrupted,
                    "the jobs go on; the same command takes them up, with --stop it cancels them"
                )
            }
        }
    }

    /// What the sweep wants.
    private func phase() async throws -> AllocationKeeper.Phase {
        AllocationKeeper.Phase(try await location.control(isPatient: true).status(sweep: sweep))
    }

    /// Refuses to submit workers that could train nothing of the sweep.
    private func fit(_ status: StatusDocument) throws {
        for requirement in status.placement.requires where !WorkerRequirement.abilities.contains(requirement) {
            let option: String
            if requirement.key == WorkerRequirement.commands.key {
                guard !commands else { continue }
                option = "--commands"
            } else {
                let words = "\(requirement.key)=\(requirement.value)"
                guard WorkerRequirement.isLabel(requirement.key), !label.contains(words) else { continue }
                option = "--label \(words)"
            }
            throw CommandFailure(
                .badInput,
                "\(sweep) requires workers with \(option), and these jobs' would be without"
            )
        }
    }

    /// Words of the worker in each job.
    private func workerWords() throws -> [String] {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        var words = [program, "worker", "--drain-time", "\(max(4, drain - 10))"]
        if commands { words.append("--commands") }
        for label in label { words += ["--label", label] }
        if let address { words += ["--connect", address] }
        // Jobs begin in another folder than this command.
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        if let join = location.keys.join {
            words += ["--join", join.hasPrefix("env:") ? join : absolute(join)]
        } else if let directory = location.directory {
            // On a file system that the nodes share: the coordinator's own key, as on its own machine.
            words += try KeyFiles(directory: absolute(directory)).workerOptions()
            guard address != nil else {
                throw CommandFailure(
                    .badInput,
                    "--address: with --directory, say where the nodes find the coordinator, for example tcp://HOST:7700"
                )
            }
        } else {
            if address == nil { words += ["--connect", try location.keys.endpoint(or: location.coordinator)] }
            if let key = location.keys.key, let server = location.keys.serverKey {
                words += ["--key", absolute(key), "--server-key", server]
            }
        }
        return words
    }

    private func sbatchWords() -> [String] {
        [
            "--job-name", "sweepd-" + sweep, "--cpus-per-task", "\(cores)", "--time", time, "--signal",
            "B:TERM@\(drain)",
            "--output", logs + "/sweepd-%j.log",
        ] + options
    }
}

/// Why Slurm did not do what was asked.
struct SlurmFailure: Error { let text: String }

/// Slurm's commands, for the jobs of one name.
struct SlurmQueue {
    let name: String

    /// How long a command may take: a controller that is busy lets one wait.
    private static let patience = 60.0

    /// This user's jobs of the name.
    func jobs() async throws -> [SlurmJob] {
        SlurmJob.read(try await run(["squeue", "--me", "--noheader", "--name", name, "--format", "%i %T"]).output)
    }

    /// Submits the batch script; the job's number.
    func submit(_ options: [String], _ worker: [String]) async throws -> String {
        // sbatch keeps the script itself, so that the file is needed no longer.
        let file = FileManager.default.temporaryDirectory.appending(path: "sweepd-\(UUID().uuidString).sbatch")
        do { try Data(SlurmBatch.script.utf8).write(to: file) } catch {
            throw SlurmFailure(text: "\(file.path): cannot be written: \(Terminal.reason(error))")
        }
        defer { try? FileManager.default.removeItem(at: file) }
        let done = try await run(["sbatch", "--parsable"] + options + [file.path] + worker)
        // With several clusters the cluster's name follows.
        return done.output.split(whereSeparator: { $0.isNewline || $0 == ";" }).first.map(String.init) ?? "?"
    }

    func cancel(_ ids: [String]) async throws {
        // By TERM, so that a worker hands back what it trains; one that waits is taken out of the queue. A job that has ended
        // meanwhile is no failure: the next look at the queue tells what is left.
        let states = Dictionary(try await jobs().map { ($0.id, $0.state) }) { first, _ in first }
        let running = ids.filter { states[$0] == "RUNNING" }
        let others = ids.filter { !running.contains($0) }
        for (words, ids) in [(["--signal=TERM", "--batch"], running), ([], others)] where !ids.isEmpty {
            _ = await CommandRun.of(["scancel"] + words + ids, within: Self.patience)
        }
    }

    private func run(_ words: [String]) async throws -> CommandRun {
        let done = await CommandRun.of(words, within: Self.patience)
        guard done.status == 0 else {
            throw SlurmFailure(
                text: done.status == 127
                    ? "\(words[0]): there is no such command here; this runs where jobs are submitted"
                    : "\(words[0]): \(done.lastError)"
            )
        }
        return done
    }
}

/// The batch script of a worker: `cluster/slurm/worker.sbatch` is the same text.
enum SlurmBatch {
    static let script = """
        #!/bin/sh
        # A worker of sweepd as a batch job: sbatch worker.sbatch PROGRAM worker --join FILE …
        # `sweepd slurm` submits this and keeps so many of them; it gives wall time, cores and name itself.
        #SBATCH --job-name=sweepd
        #SBATCH --ntasks=1
        #SBATCH --cpus-per-task=1
        #SBATCH --time=60
        # A minute before the wall time the worker is asked to hand back what it trains; so it is when it is pre-empted.
        #SBATCH --signal=B:TERM@60
        # A node that fails, or a pre-emption, puts the job back into the queue; its log goes on.
        # No exit code does: a worker that is turned away (4) ends for good.
        #SBATCH --requeue
        #SBATCH --open-mode=append
        set -eu
        # In place of this shell, so that Slurm's signal reaches it.
        exec "$@" --name "slurm-$SLURM_JOB_ID" --slots "${SLURM_CPUS_PER_TASK:-1}"

        """
}
