import ArgumentParser
import Foundation
import SweepCore
import SweepData
import SweepMessaging
import SweepNodeCommands
import SweepNodes
import SweepReports
import SweepStore

/// `sweepd up HOSTFILE`: workers on hosts that ssh reaches.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start, update or stop a worker on each host of a list, over ssh.",
        discussion: """
            A host file has a line for each host: [USER@]HOST[:PORT], and behind it what is to differ, of name=NAME, slots=N, \
            label=KEY=VALUE and directory=FOLDER. Run on the coordinator's machine it copies this program there when it is \
            another, has the host make its key, allows it, runs `sweepd doctor` there, and starts the worker; one that runs \
            and is as it should be is left alone. Hosts need a shell and nothing else; ssh must not ask for a password. \
            Exit code 1 when a host failed; the others are up all the same.
            """
    )

    @Argument(help: "The host file.") var hostfile: String
    @Flag(help: "Stop the workers: each hands back what it trains first.") var stop = false
    @Option(help: "The coordinator's directory, whose list of keys the hosts are entered into.")
    var directory: String = "coordinator.sweepd"
    @Option(help: "Where hosts find the coordinator, tcp://HOST:PORT; where the running one listens unless told.")
    var address: String?
    @Option(help: "The program to copy; this one unless told. That of `make static` needs nothing on the host.")
    var program: String?
    @Option(help: "ssh with options, as in 'ssh -F lab.config'.") var ssh: String = "ssh"
    @Option(help: "Hosts at once.") var parallel = 16
    @Option(help: "Seconds in which a worker that is told to end hands back what it trains.") var drainTime: Double = 10
    @Option(help: "table or json.") var format: ListCommand.Format = .table
    @Argument(parsing: .postTerminator, help: "Options for every worker, as in -- --patience 3600.")
    var options: [String] = []

    func validate() throws {
        if !(1...256).contains(parallel) { throw ValidationError("--parallel: allowed 1 to 256") }
        if !(0.1...3600).contains(drainTime) { throw ValidationError("--drain-time: allowed 0.1 to 3600") }
        if ssh.allSatisfy(\.isWhitespace) { throw ValidationError("--ssh: allowed ssh and its options") }
    }

    func run() async throws {
        let hosts = try readHosts()
        let words =
            ssh.split(whereSeparator: \.isWhitespace).map(String.init) + [
                "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ConnectTimeout=10", "-o",
                "ServerAliveInterval=5", "-o",
                "ServerAliveCountMax=3",
            ]
        let remote = hosts.map { RemoteHost($0, ssh: words) }
        let outcomes: [RemoteHost.Outcome]
        if stop {
            let drainTime = drainTime
            outcomes = await each(remote) { await $0.stop(drainTime: drainTime) }
        } else {
            // Options that do not exist, and values that cannot be, are told before anything is done on a host.
            try WorkerCommand.parse(options).checkOptions()
            let plan = try makePlan()
            outcomes = await each(remote) { await $0.up(plan) }
        }
        switch format {
        case .json:
            Terminal.output(JSONValue.object([JSONMember("hosts", .array(outcomes.map(\.json)))]).text(pretty: true))
        case .table: Terminal.output(Self.table(outcomes).plainText(width: Terminal.width))
        }
        let failed = outcomes.filter { $0.state == "failed" }
        guard failed.isEmpty else {
            throw CommandFailure(.failed, failed.map { "\($0.name): \($0.problem ?? "")" })
        }
    }

    private func readHosts() throws -> [ListedHost] {
        let text: String
        do { text = try String(contentsOfFile: hostfile, encoding: .utf8) } catch {
            throw CommandFailure(.badInput, "\(hostfile): cannot be read: \(Terminal.reason(error))")
        }
        let (hosts, mistakes) = HostFile.read(text)
        guard mistakes.isEmpty else {
            throw CommandFailure(.badInput, mistakes.map { "\(hostfile):\($0.line):\($0.column): \($0.text)" })
        }
        return hosts
    }

    private func makePlan() throws -> RemoteHost.Plan {
        let files = KeyFiles(directory: directory)
        let endpoint = try files.reachable(address)
        let server: CurvePublicKey
        do { server = try files.ownKeys() } catch let error as KeyError {
            throw CommandFailure(.badInput, error.description)
        }
        let program = program ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        guard let hash = Self.hash(program) else {
            throw CommandFailure(.badInput, "--program: \(program) cannot be read")
        }
        return RemoteHost.Plan(
            program: program,
            hash: hash,
            machine: Self.machine(program),
            endpoint: endpoint.description,
            server: server,
            allowed: files.allowed,
            drainTime: drainTime,
            options: options
        )
    }

    /// What `uname` says of machines that a program is for; nil where its file does not tell.
    private static func machine(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let header = try? file.read(upToCount: ProgramMachine.headerLength) else { return nil }
        return ProgramMachine.name(ofHeader: Array(header))
    }

    /// The SHA-256 of a file.
    private static func hash(_ path: String) -> String? {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else { return nil }
        return ContentHash(bytes: SHA256.digest(Array(bytes)))?.hex
    }

    /// Does something at each host, so many at once; the outcomes in the order of the file, a line for each as it comes.
    private func each(
        _ hosts: [RemoteHost],
        _ body: @escaping @Sendable (RemoteHost) async -> RemoteHost.Outcome
    ) async -> [RemoteHost.Outcome] {
        await withTaskGroup(of: (Int, RemoteHost.Outcome).self) { group in
            var outcomes = [RemoteHost.Outcome?](repeating: nil, count: hosts.count)
            var next = 0
            func begin() {
                guard next < hosts.count else { return }
                let (index, host) = (next, hosts[next])
                group.addTask { (index, await body(host)) }
                next += 1
            }
            for _ in 0..<parallel { begin() }
            for await (index, outcome) in group {
                outcomes[index] = outcome
                Terminal.error("\(outcome.name): \(outcome.state)")
                begin()
            }
            return outcomes.compactMap { $0 }
        }
    }

    private static func table(_ outcomes: [RemoteHost.Outcome]) -> Table {
        var table = Table(columns: [
            Table.Column("host"), Table.Column("worker"), Table.Column("check"), Table.Column("kernels", rank: 2),
            Table.Column("cores", isNumeric: true, rank: 1), Table.Column("samples/s", isNumeric: true, rank: 0),
            Table.Column("remark"),
        ])
        for outcome in outcomes {
            func text(_ key: String) -> String {
                switch outcome.report?[key] {
                case .text(let text): text
                case .integer(let number): String(number)
                case .number(let number): NumberText.significant(number, digits: 3)
                default: ""
                }
            }
            table.add([
                outcome.name, outcome.state, text("level"), text("kernels"), text("cores"), text("samples_per_second"),
                outcome.problem ?? warnings(outcome.report),
            ])
        }
        return table
    }

    /// What the doctor's warnings are about.
    private static func warnings(_ report: JSONValue?) -> String {
        guard case .array(let checks)? = report?["checks"] else { return "" }
        return checks.filter { $0["level"] == .text("warn") }.compactMap { check in
            guard case .text(let name)? = check["check"], case .text(let found)? = check["found"] else { return nil }
            return "\(name): \(found)"
        }.joined(separator: "; ")
    }
}
