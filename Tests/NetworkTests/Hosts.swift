import Foundation
import Glibc
import ProcessTestKit
import Testing

/// Hosts in network namespaces, made by `Tests/Lab/netns-lab.sh`.
struct Hosts {
    static let arePossible = getuid() == 0 && ["ip", "nft", "ethtool"].allSatisfy(Program.has)
    private static let lab = Program.root.appending(path: "Tests/Lab/netns-lab.sh").path

    private let bench: Bench
    /// The lab's name and network: other labs of the machine go on beside it.
    private let environment: [String: String]
    private let network: String

    /// Runs `body` on `count` hosts, and removes them whatever happens.
    static func run(_ count: Int, _ body: (Bench, Hosts) async throws -> Void) async throws {
        try await Bench.run { bench in
            let number = Int(getpid())
            let network = "10.\(100 + number / 251 % 100).\(number % 251)"
            let hosts = Hosts(
                bench: bench,
                environment: ["LAB": "sw\(number)", "LABNET": network],
                network: network
            )
            try await hosts.command(["up", "\(count)"])
            let result: Result<Void, any Error>
            do { result = .success(try await body(bench, hosts)) } catch { result = .failure(error) }
            await bench.endProcesses()
            try await hosts.command(["down"])
            try result.get()
        }
    }

    /// What stands before a command on a host.
    func on(_ host: Int) -> [String] { ["env"] + environment.map { "\($0)=\($1)" } + [Self.lab, "run", "\(host)"] }

    func address(_ host: Int) -> String { "\(network).\(host)" }

    /// Makes or heals a fault at a host's port.
    func fault(_ kind: String, _ host: Int, _ more: String...) async throws {
        try await command([kind, "\(host)"] + more)
    }

    private func command(_ arguments: [String]) async throws {
        let child = try await bench.run([Self.lab] + arguments, environment: environment)
        try #require(child.status == 0, "\(child.errors)")
    }
}
