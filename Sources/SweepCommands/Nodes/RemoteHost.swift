import Foundation
import SweepMessaging
import SweepNodes
import SweepReports

/// One host, reached by ssh: what `sweepd up` does there, step by step.
struct RemoteHost: Sendable {
    let host: ListedHost
    /// Words that come before a host: `ssh` with its options.
    let ssh: [String]
    private let scripts: RemoteScripts

    /// How long a step may take: a copy of the program over a slow line takes the longest.
    private static let stepSeconds = 120.0
    /// The longest time to drain that a worker may have, and what it takes beside.
    private static let longestStopSeconds = 3700.0
    private static let copySeconds = 900.0

    init(_ host: ListedHost, ssh: [String]) {
        self.host = host
        self.ssh = ssh
        scripts = RemoteScripts(host)
    }

    /// What is the same for every host.
    struct Plan: Sendable {
        /// The program to copy, its SHA-256, and what `uname` says of machines that it is for; nil: of such as this one.
        let program: String
        let hash: String
        let machine: String?
        /// Where the coordinator is, and its public key.
        let endpoint: String
        let server: CurvePublicKey
        /// The list of keys that a host's key is entered into.
        let allowed: AuthorizedKeysFile
        /// Seconds in which a worker hands back what it trains.
        let drainTime: Double
        /// Words for every worker, from the command line.
        let options: [String]
    }

    /// What was done, or why not.
    struct Outcome: Sendable {
        var name: String
        var target: String
        /// `running`, `started`, `updated`, `stopped`, `killed`, `absent`, `failed`.
        var state: String
        var problem: String?
        var copied = false
        /// What `sweepd doctor` said there.
        var report: JSONValue?

        var json: JSONValue {
            .object([
                JSONMember("host", .text(target)),
                JSONMember("name", .text(name)),
                JSONMember("state", .text(state)),
                JSONMember("problem", problem.map { .text($0) } ?? .null),
                JSONMember("copied", .boolean(copied)),
                JSONMember("report", report ?? .null),
            ])
        }
    }

    /// What went wrong at a host, for its line.
    private struct Problem: Error { let text: String }

    /// Sees to it that a worker of this program runs there with these options.
    func up(_ plan: Plan) async -> Outcome {
        var outcome = Outcome(name: host.name, target: host.target, state: "failed")
        do {
            let seen = try await run(scripts.survey)
            guard let machine = seen["machine"] else {
                throw Problem(text: "it answers with something else than a shell")
            }
            let wanted = plan.machine ?? Self.machine
            guard machine == wanted else {
                throw Problem(
                    text: "it is \(machine), and the program is for \(wanted): name one for it with --program"
                )
            }
            let arguments = workerArguments(plan)
            let mark = RemoteScripts.mark(program: plan.hash, arguments: arguments)
            let isRunning = seen["running"] != nil
            let isSame = isRunning && seen["mark"] == mark && seen["program"] == plan.hash
            if seen["program"] != plan.hash {
                try await copy(plan)
                outcome.copied = true
            }
            let identity = try await run(scripts.identify)
            try allow(identity, plan)
            // While a worker trains there, a measurement would measure that.
            let answer = try await run(scripts.examine(doctorArguments(plan, seconds: isRunning ? 0 : 0.5)))
            guard let report = answer["report"].flatMap({ try? JSONValue(parsing: Array($0.utf8)) }) else {
                throw Problem(text: "its doctor says nothing that can be read")
            }
            outcome.report = report
            guard report["level"] != .text("fail") else { throw Problem(text: Self.failure(report)) }
            if isSame {
                outcome.state = "running"
            } else {
                let stopSeconds = Self.stopSeconds(Self.drainTime(arguments) ?? plan.drainTime)
                if isRunning { _ = try await runStop(stopSeconds) }
                _ = try await run(scripts.start(arguments, mark: mark, stopSeconds: stopSeconds))
                outcome.state = isRunning ? "updated" : "started"
            }
        } catch let problem as Problem {
            outcome.problem = problem.text
        } catch { outcome.problem = "\(error)" }
        return outcome
    }

    /// Ends the worker there.
    func stop(drainTime: Double) async -> Outcome {
        var outcome = Outcome(name: host.name, target: host.target, state: "failed")
        do {
            let answer = try await runStop(Self.stopSeconds(drainTime))
            guard let state = ["stopped", "killed", "absent"].first(where: { answer[$0] != nil }) else {
                throw Problem(text: "it answers with something else than a shell")
            }
            outcome.state = state
        } catch let problem as Problem {
            outcome.problem = problem.text
        } catch { outcome.problem = "\(error)" }
        return outcome
    }

    /// A worker ends itself some seconds after its time to drain.
    private static func stopSeconds(_ drainTime: Double) -> Int { Int(drainTime.rounded(.up)) + 10 }

    /// What the last `--drain-time` of a worker's words says; nil when none does.
    private static func drainTime(_ arguments: [String]) -> Double? {
        WorkerWords.values(of: "--drain-time", in: arguments).last.flatMap { Double($0) }
    }

    /// The script knows how long it may take, which may be longer than it says here: the worker was started with another time.
    private func runStop(_ seconds: Int) async throws -> RemoteAnswer {
        try await run(scripts.stop(within: seconds), within: Self.stepSeconds + Self.longestStopSeconds)
    }

    private func workerArguments(_ plan: Plan) -> [String] {
        var words = connection(plan) + ["--name", host.name, "--drain-time", "\(plan.drainTime)"]
        if let slots = host.slots { words += ["--slots", "\(slots)"] }
        for label in host.labels { words += ["--label", label] }
        return words + plan.options
    }

    private func doctorArguments(_ plan: Plan, seconds: Double) -> [String] {
        connection(plan) + WorkerWords.doctor(workerArguments(plan)) + ["--seconds", "\(seconds)"]
    }

    /// The key's file stands among the words: by it the worker is found again in the list of processes.
    private func connection(_ plan: Plan) -> [String] {
        ["--connect", plan.endpoint, "--key", scripts.keyArgument, "--server-key", plan.server.z85]
    }

    /// Enters the host's key into the list; one of its name from before, of a host that was set up anew, is taken out.
    private func allow(_ identity: RemoteAnswer, _ plan: Plan) throws {
        guard let key = CurvePublicKey(z85: identity["public"] ?? "") else {
            throw Problem(text: "its key cannot be read")
        }
        let others: [AuthorizedKey]
        do throws(KeyError) { others = try plan.allowed.read().entries } catch {
            guard error.reason == .missing else { throw Problem(text: "\(error)") }
            others = []
        }
        if let entry = others.first(where: { $0.key == key }), entry.role != .reader { return }
        if let other = others.first(where: { $0.name == host.name && $0.role != .worker }) {
            throw Problem(
                text: "the name \(host.name) is that of a key with the role \(other.role.rawValue): add name=ANOTHER"
            )
        }
        do throws(KeyError) {
            if others.contains(where: { $0.name == host.name }) {
                _ = try plan.allowed.remove { $0.name == host.name && $0.role == .worker }
            }
            try plan.allowed.add(AuthorizedKey(key: key, role: .worker, name: host.name))
        } catch { throw Problem(text: "\(error)") }
    }

    private func copy(_ plan: Plan) async throws {
        let done = await CommandRun.of(
            ssh + destination + [scripts.upload],
            reading: .file(plan.program),
            within: Self.copySeconds
        )
        guard done.status == 0 else { throw Problem(text: "the program cannot be copied: \(done.lastError)") }
    }

    private var destination: [String] { (host.port.map { ["-p", "\($0)"] } ?? []) + ["--", host.target] }

    /// Runs a script there; what it calls a problem is thrown.
    private func run(_ script: String, within seconds: Double = stepSeconds) async throws -> RemoteAnswer {
        let done = await CommandRun.of(
            ssh + destination + ["exec sh -s"],
            reading: .text(script),
            within: seconds
        )
        // 255 is ssh's own; a script ends with 0 whatever it finds.
        guard done.status == 0 else { throw Problem(text: done.lastError) }
        let answer = RemoteAnswer(done.output)
        if let problem = answer["problem"] { throw Problem(text: problem) }
        return answer
    }

    /// What the failing lines of a report say.
    private static func failure(_ report: JSONValue) -> String {
        guard case .array(let checks)? = report["checks"] else { return "its check failed" }
        let failed = checks.filter { $0["level"] == .text("fail") }
        return failed.map { check in
            func text(_ key: String) -> String { if case .text(let text)? = check[key] { text } else { "" } }
            return "\(text("check")): \(text("found")); \(text("advice"))"
        }.joined(separator: "; ")
    }

    /// What `uname` says of machines that this program runs on.
    private static let machine: String = {
        #if arch(x86_64)
            "Linux x86_64"
        #else
            "Linux aarch64"
        #endif
    }()
}
