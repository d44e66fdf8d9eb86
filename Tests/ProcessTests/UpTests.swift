import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// `sweepd up` against an ssh server of the test's own.
    @Suite(.enabled(if: SecureShell.isThere, "SKIPPED: needs ssh and sshd; make setup-nodes installs openssh-server"))
    struct UpTests {
        /// What `sweepd up --format json` prints.
        private struct Answer: Decodable {
            struct Entry: Decodable {
                let name: String
                let state: String
                let problem: String?
                let copied: Bool
                let report: DoctorReport?
            }

            let hosts: [Entry]
            subscript(name: String) -> Entry? { hosts.first { $0.name == name } }
        }

        /// With the whole program, and with the node's part of it.
        @Test(.timeLimit(.minutes(4)), arguments: ["sweepd", "sweepd-worker"])
        func `workers on hosts are started, left alone, updated and stopped over ssh, and train the sweep`(
            program: String
        ) async throws {
            try await Bench.run { bench in
                let copied = Program.sweepd.deletingLastPathComponent().appending(path: program).path
                let file = try bench.sweep("digits")
                let expected = try await bench.undisturbed(file, named: "digits")
                let shell = try await SecureShell(bench)
                let server = try await bench.coordinatorKey()
                let own = ["--key", bench.path("coordinator/coordinator.key"), "--server-key", server]
                let coordinator = try await bench.coordinator([file]).asked(with: own)
                let hosts = [
                    "\(shell.host) name=red directory=\(bench.path("red")) slots=1 label=color=red # the first",
                    "\(shell.host) name=blue directory=\(bench.path("blue")) slots=1",
                ]
                let list = try bench.write("hosts.txt", hosts.joined(separator: "\n"))
                func up(_ more: String..., exits status: Int = 0) async throws -> Answer {
                    let words = [
                        "sweepd", "up", list, "--directory", coordinator.directory, "--ssh", shell.command, "--format",
                        "json", "--drain-time", "3", "--program", copied,
                    ]
                    let child = try await bench.run(words + more, within: 120)
                    try #require(child.status == status, "\(child.output)\(child.errors)")
                    return try .read(child.output)
                }
                let started = try await up()
                try await Self.whatever(happens: { _ = try? await up("--stop") }) {
                    for name in ["red", "blue"] {
                        let entry = try #require(started[name])
                        try #require(entry.state == "started" && entry.copied && entry.problem == nil)
                        try #require(entry.report?["key"]?.found == "accepted as worker")
                        // The secret was made on the host, and only there.
                        let secret = bench.path("\(name)/\(name).key")
                        let mode = try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions] as? Int
                        try #require(mode == 0o600)
                    }
                    try await coordinator.wait("digits", "both hosts work") { $0.workers.count == 2 }
                    let red = try await coordinator.status("digits").workers.first { $0.id.contains("red") }
                    try #require(red?.labels["color"] == "red")

                    let again = try await up()
                    try #require(again.hosts.allSatisfy { $0.state == "running" && !$0.copied })
                    try bench.write("hosts.txt", hosts.joined(separator: "\n").replacing("slots=1", with: "slots=2"))
                    let updated = try await up()
                    try #require(updated.hosts.allSatisfy { $0.state == "updated" && !$0.copied })
                    try await coordinator.finished("digits", within: 120)
                    try #require(try await coordinator.stableRank("digits") == expected.rank)

                    let stopped = try await up("--stop")
                    try #require(stopped.hosts.allSatisfy { $0.state == "stopped" })
                    let gone = try await up("--stop")
                    try #require(gone.hosts.allSatisfy { $0.state == "absent" })
                    let allowed = try await bench.run(
                        ["sweepd", "keys", "list", "--directory", coordinator.directory],
                        exits: 0
                    )
                    for name in ["red", "blue"] { try #require(allowed.output.contains(" \(name)\n")) }
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `a host that cannot be used is told, and the others are up`() async throws {
            try await Bench.run { bench in
                let shell = try await SecureShell(bench)
                _ = try await bench.coordinatorKey()
                let coordinator = try await bench.coordinator()
                // No ssh there, no folder there, and one in order.
                let closed = try BoundPort()
                try bench.write("file", "")
                let list = try bench.write(
                    "hosts.txt",
                    """
                    localhost:\(closed.number) name=closed
                    \(shell.host) name=blocked directory=\(bench.path("file"))/x
                    \(shell.host) name=good directory=\(bench.path("good"))
                    """
                )
                let words = ["sweepd", "up", list, "--directory", coordinator.directory, "--ssh", shell.command]
                let child = try await bench.run(words + ["--format", "json"], within: 90)
                try await Self.whatever(happens: { _ = try? await bench.run(words + ["--stop"]) }) {
                    try #require(child.status == 1, "\(child.output)\(child.errors)")
                    let answer = try Answer.read(child.output)
                    try #require(answer["closed"]?.state == "failed" && answer["closed"]?.problem?.isEmpty == false)
                    try #require(answer["blocked"]?.problem?.contains("cannot be made") == true)
                    try #require(answer["good"]?.state == "started")
                }
            }
        }

        /// Does something, and then what has to be done in any case: what ssh started is no child of the test.
        private static func whatever(
            happens cleanUp: () async -> Void,
            _ body: () async throws -> Void
        ) async throws {
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await cleanUp()
            try result.get()
        }
    }

    @Suite struct HostFileMistakeTests {
        @Test func `mistakes in a host file are all told with their places, and nothing is done`() async throws {
            try await Bench.run { bench in
                let list = try bench.write("hosts.txt", "node1 slots=0\n-x\nnode2 colour=red\n")
                let child = try await bench.run(
                    ["sweepd", "up", list, "--directory", bench.path("none"), "--address", "tcp://host:7700"],
                    exits: 2
                )
                let lines = child.errors.split(separator: "\n")
                try #require(lines.count == 3, "\(child.errors)")
                for (line, place) in zip(lines, ["1:7", "2:1", "3:7"]) {
                    try #require(line.hasPrefix("\(list):\(place): "), "\(line)")
                }
                try #require(!FileManager.default.fileExists(atPath: bench.path("none")))
                try await bench.run(
                    ["sweepd", "up", bench.path("missing"), "--address", "tcp://host:7700"],
                    exits: 2
                )
                let options = try bench.write("one.txt", "node1\n")
                try await bench.run(
                    ["sweepd", "up", options, "--address", "tcp://host:7700", "--", "--no-such-option"],
                    exits: 2
                )
            }
        }
    }
}

extension RealProcesses {
    /// Which programs `sweepd up` takes for which hosts, where a script stands in for ssh.
    @Suite struct UpMachineTests {
        @Test func `a program for the hosts' machine is copied, and one for another is refused`() async throws {
            try await Bench.run { bench in
                _ = try await bench.coordinatorKey(directory: "lab.sweepd")
                let list = try bench.write("hosts.txt", "node1\n")
                // It is of another machine, takes whatever it is sent, and says nothing else.
                let ssh = try bench.write(
                    "ssh.sh",
                    """
                    #!/bin/sh
                    echo "sweepd-up machine Linux riscv64"
                    exec cat >/dev/null

                    """
                )
                // The first bytes of a program for arm64.
                var header = [UInt8](repeating: 0, count: 64)
                header.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
                header.replaceSubrange(18..<20, with: [183, 0])
                let arm = bench.path("sweepd-arm64")
                try Data(header).write(to: URL(filePath: arm))
                let words = [
                    "sweepd", "up", list, "--directory", bench.path("lab.sweepd"), "--address", "tcp://127.0.0.1:7700",
                    "--ssh", "sh " + ssh, "--program", arm,
                ]
                let other = try await bench.run(words, exits: 1)
                let sentence = "it is Linux riscv64, and the program is for Linux aarch64: name one for it"
                try #require(other.errors.contains(sentence), "\(other.errors)")
                try bench.write("ssh.sh", "echo 'sweepd-up machine Linux aarch64'\nexec cat >/dev/null\n")
                // Now it is taken, and the next step fails, as nothing there makes a key.
                let same = try await bench.run(words, exits: 1)
                try #require(same.errors.contains("node1: its key cannot be read"), "\(same.errors)")
            }
        }

        @Test(arguments: [
            ("kill -ILL $$", "signal 4"), ("exit 3", "exit code 3"),
            ("echo first; echo no library >&2; exit 1", "no library"),
        ])
        func `how a program that does not run there ends is told`(program: String, words: String) async throws {
            try await Bench.run { bench in
                _ = try await bench.coordinatorKey(directory: "lab.sweepd")
                let list = try bench.write("hosts.txt", "node1 directory=\(bench.path("there"))\n")
                // Its last word is the command, as of ssh.
                let ssh = try bench.write("ssh.sh", "for last; do :; done\nexec sh -c \"$last\"\n")
                let broken = try bench.write("broken.sh", "#!/bin/sh\n\(program)\n")
                let up = try await bench.run(
                    [
                        "sweepd", "up", list, "--directory", bench.path("lab.sweepd"), "--address",
                        "tcp://127.0.0.1:7700", "--ssh", "sh " + ssh, "--program", broken,
                    ],
                    exits: 1
                )
                try #require(up.errors.contains("node1: sweepd does not run there: \(words)\n"), "\(up.errors)")
            }
        }
    }
}

/// An ssh server with keys of its own, which lets this user in: one process for each connection, started by ssh itself, so that
/// no port is taken and nothing is left behind.
struct SecureShell {
    static let isThere = Program.has("ssh") && Program.has("sshd") && Program.has("ssh-keygen")
    /// As a line of a host file begins.
    let host = "127.0.0.1"
    /// ssh with the test's key and list of known hosts.
    let command: String

    init(_ bench: Bench) async throws {
        for key in ["host_key", "user_key"] {
            let made = try await bench.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", bench.path(key)])
            try #require(made.status == 0, "\(made.errors)")
        }
        let folder = bench.folder.path
        try FileManager.default.copyItem(atPath: "\(folder)/user_key.pub", toPath: "\(folder)/authorized_keys")
        let settings = try bench.write(
            "sshd_config",
            """
            HostKey \(folder)/host_key
            AuthorizedKeysFile \(folder)/authorized_keys
            PidFile none
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            PermitRootLogin prohibit-password

            """
        )
        let known = try String(contentsOfFile: "\(folder)/host_key.pub", encoding: .utf8)
        try bench.write("known_hosts", "\(host) \(known)")
        // sshd starts itself again by its path, and so wants the whole of it.
        let found = try await bench.run(["sh", "-c", "PATH=$PATH:/usr/sbin:/sbin command -v sshd"])
        let program = found.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let client = try bench.write(
            "ssh_config",
            """
            Host \(host)
                ProxyCommand \(program) -i -f \(settings)
                IdentityFile \(folder)/user_key
                IdentitiesOnly yes
                UserKnownHostsFile \(folder)/known_hosts
                StrictHostKeyChecking yes
                LogLevel ERROR

            """
        )
        if getuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        command = "ssh -F \(client)"
    }
}
