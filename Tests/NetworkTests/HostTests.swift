import Foundation
import Glibc
import ProcessTestKit
import Testing

/// Hosts with a network of their own: nothing is shared between them but what goes over the port.
@Suite(
    .serialized,
    .enabled(if: Program.isThere, Program.requirement),
    .enabled(if: Hosts.arePossible, "SKIPPED: network tests need root, iproute2, nftables and ethtool")
)
struct HostTests {
    @Test(.timeLimit(.minutes(3)))
    func `a sweep over hosts with keys ends with the undisturbed table, though a host was cut off`() async throws {
        try await Hosts.run(4) { bench, hosts in
            // Three times the trials of the demo: time enough to lose a host and to have it back.
            let file = try bench.sweep("digits", ["trials: 81": "trials: 243"])
            let expected = try await bench.undisturbed(file, named: "digits")

            // The coordinator on host 1; each other host has only its own key and the coordinator's public one.
            let server = try await bench.coordinatorKey()
            var keys: [[String]] = []
            for (host, role) in [(2, "worker"), (3, "worker"), (4, "reader")] {
                let options = try await bench.allowedKey("host-\(host)", role: role, server: server)
                let folder = "host-\(host)"
                try FileManager.default.createDirectory(atPath: bench.path(folder), withIntermediateDirectories: true)
                try FileManager.default.moveItem(atPath: options[1], toPath: bench.path("\(folder)/own.key"))
                keys.append(["--key", bench.path("\(folder)/own.key")] + options.dropFirst(2))
            }
            let address = "tcp://\(hosts.address(1))"
            let coordinator = try await bench.coordinator(
                [file],
                listen: "\(address):*",
                prefix: hosts.on(1)
            ).asked(with: keys[2], from: hosts.on(4))
            try #require(coordinator.endpoint.worker.hasPrefix(address))
            let red = try bench.worker("red", of: coordinator, keys[0], prefix: hosts.on(2))
            let blue = try bench.worker("blue", of: coordinator, keys[1], prefix: hosts.on(3))

            // A live table from the fourth host.
            try await coordinator.wait("digits", "both workers train") {
                $0.workers.count == 2 && $0.workers.allSatisfy { $0.busy > 0 } && $0.epochs >= 20
            }
            try #require(try await coordinator.rank("digits").rows.contains { $0.objective != nil })

            // Host 2 hears and says nothing until its leases have lapsed, and then some.
            try await hosts.fault("cut", 2)
            try await coordinator.wait("digits", "the cut worker is given up") { status in
                !status.workers.contains { $0.id.contains("red") && $0.busy > 0 }
            }
            try await hosts.fault("heal", 2)
            try #require(try await coordinator.status("digits").state == "running", "the cut came too late to matter")
            try await coordinator.wait("digits", "the worker is back") { status in
                status.state == "finished" || status.workers.contains { $0.id.contains("red") && $0.busy > 0 }
            }
            try await coordinator.finished("digits", within: 120)
            try #require(try await coordinator.stableRank("digits") == expected.rank)
            let refused = try await bench.run(
                hosts.on(4) + ["sweepd", "cancel", "digits"] + coordinator.access,
                exits: 4
            )
            try #require(!refused.errors.isEmpty)
            // Both workers lived through it all.
            for worker in [red, blue] {
                worker.signal(SIGTERM)
                try await bench.ended(worker, within: 20)
                try #require(worker.status == 0, "\(worker.errors)")
            }
        }
    }
}
