import Foundation
import Glibc
import ProcessTestKit
import Testing

/// What `sweepd doctor --format json` prints.
struct DoctorReport: Decodable {
    struct Check: Decodable {
        let check: String
        let level: String
        let found: String
        let advice: String?
    }

    let level: String
    let checks: [Check]
    let kernels: String
    let samplesPerSecond: Double?
    let clockDifferenceS: Double?
    let expectedSamplesPerSecond: Double?
    let expectedOfWorkers: Int?

    subscript(name: String) -> Check? { checks.first { $0.check == name } }
}

extension RealProcesses {
    @Suite struct DoctorTests {
        private func report(
            _ bench: Bench,
            _ arguments: [String],
            exits status: Int,
            environment: [String: String] = [:]
        ) async throws -> DoctorReport {
            let child = try await bench.run(
                ["sweepd", "doctor", "--format", "json"] + arguments,
                environment: environment
            )
            try #require(child.status == status, "\(child.output)\(child.errors)")
            return try DoctorReport.read(child.output)
        }

        @Test func `a machine beside its coordinator is in order, with a key and without`() async throws {
            try await Bench.run { bench in
                let server = try await bench.coordinatorKey()
                let keys = try await bench.allowedKey("node1", role: "worker", server: server)
                let coordinator = try await bench.coordinator()
                let connect = ["--connect", coordinator.endpoint.worker]
                let full = try await report(bench, connect + keys + ["--seconds", "0.3"], exits: 0)
                try #require(
                    full["port"]?.level == "ok" && full["version"]?.level == "ok" && full["core"]?.level == "ok"
                )
                try #require(full["key"]?.found == "accepted as worker")
                try #require((full.samplesPerSecond ?? 0) > 100)
                try #require((full.clockDifferenceS ?? 99).magnitude < 1)
                try #require(
                    full["disk"] != nil && full["memory"] != nil && full["files"] != nil && full["slots"] != nil
                )
                let short = try await report(bench, connect + keys + ["--seconds", "0"], exits: 0)
                try #require(short.samplesPerSecond == nil && short["speed"] == nil)

                let open = try await bench.coordinator(directory: "open")
                let keyless = try await report(
                    bench,
                    ["--connect", open.endpoint.worker, "--seconds", "0"],
                    exits: 0
                )
                try #require(keyless["key"]?.level == "ok")
                // It is nobody's worker afterwards.
                try #require(!coordinator.child.errors.contains("registered"))
            }
        }

        @Test func `the speed is compared with that of the coordinator's workers, and needs of sweeps are told`()
            async throws
        {
            try await Bench.run { bench in
                let sweep = try bench.sweep(
                    "digits-long",
                    ["search:": "requires: {gpu: 'yes'}\nsearch:"]
                )
                let coordinator = try await bench.coordinator([sweep])
                let ask = ["--connect", coordinator.endpoint.worker, "--slots", "1"]
                let alone = try await report(bench, ask + ["--seconds", "0.2"], exits: 0)
                try #require(alone["speed"]?.found.contains("nothing to compare with") == true)
                try #require(alone.expectedOfWorkers == nil)
                try #require(alone["sweeps"]?.found.contains("1 needs gpu=yes") == true)
                // One that measures nothing, and one that does.
                let quiet = try bench.worker("quiet", of: coordinator, ["--calibrate", "0"])
                let measured = try bench.worker("measured", of: coordinator)
                try await bench.wait("both have registered") {
                    quiet.errors.contains("registered") && measured.errors.contains("registered")
                }
                let words = ask + ["--seconds", "0.2", "--label", "gpu=yes"]
                // What the coordinator says of its workers may be a second old.
                try await bench.wait("the coordinator tells of one that measured") {
                    try await report(bench, words, exits: 0).expectedOfWorkers != nil
                }
                let beside = try await report(bench, words, exits: 0)
                try #require(beside.expectedOfWorkers == 1 && (beside.expectedSamplesPerSecond ?? 0) > 100)
                try #require(beside["speed"]?.found.contains("of what the coordinator's one worker does") == true)
                try #require(beside["sweeps"]?.level == "ok")
            }
        }

        @Test func `keys that do not fit are told apart, with what to do`() async throws {
            try await Bench.run { bench in
                let server = try await bench.coordinatorKey()
                let reader = try await bench.allowedKey("reader", role: "reader", server: server)
                let stranger = try await bench.newKey("stranger.key")
                let coordinator = try await bench.coordinator()
                let base = ["--connect", coordinator.endpoint.worker, "--seconds", "0", "--patience", "2"]
                let unknown = try await report(
                    bench,
                    base + ["--key", stranger.file, "--server-key", server],
                    exits: 4
                )
                try #require(unknown["key"]?.advice?.contains(stranger.key) == true)
                try #require(unknown["version"] == nil)
                let looks = try await report(bench, base + reader, exits: 4)
                try #require(looks["key"]?.found.contains("reader") == true)
                let wrong = try await report(
                    bench,
                    base + ["--key", stranger.file, "--server-key", stranger.key],
                    exits: 4
                )
                try #require(wrong["key"]?.advice?.contains("--server-key") == true)
                let keyless = try await report(bench, base, exits: 4)
                try #require(keyless["key"]?.advice?.contains("invite") == true)
            }
        }

        @Test func `a port that cannot be reached is told with its reason`() async throws {
            try await Bench.run { bench in
                // Bound and not listened to: nobody else gets it, and nobody answers.
                let port = try BoundPort()
                let refused = try await report(
                    bench,
                    ["--connect", "tcp://127.0.0.1:\(port.number)", "--seconds", "0"],
                    exits: 3
                )
                try #require(refused["port"]?.found.contains("nothing listens") == true)
                let key = try await bench.newKey("own.key")
                let unresolved = try await report(
                    bench,
                    [
                        "--connect", "tcp://no-such-host.invalid:7700", "--seconds", "0", "--key", key.file,
                        "--server-key", key.key,
                    ],
                    exits: 3
                )
                try #require(unresolved["port"]?.found.contains("not known") == true)
                try #require(unresolved["key"] == nil && unresolved["disk"] != nil)
                // Without keys too it is the name that is told, and not that the network wants mending.
                let keyless = try await report(
                    bench,
                    ["--connect", "tcp://no-such-host.invalid:7700", "--seconds", "0"],
                    exits: 3
                )
                try #require(keyless["port"]?.found.contains("not known") == true)
                // A name that is not taken for loopback, as it may be anybody's: open, and nothing is said to it.
                let listener = try BoundPort(listens: true)
                let open = try await report(
                    bench,
                    ["--connect", "tcp://127.1:\(listener.number)", "--seconds", "0"],
                    exits: 4
                )
                try #require(open["port"]?.level == "ok" && open["key"]?.advice?.contains("invite") == true)
            }
        }

        @Test func `what this machine lacks is seen: files, slots, kernels`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let connect = "--connect \(coordinator.endpoint.worker) --seconds 0 --format json"
                let limited = try await bench.run([
                    "sh", "-c", "ulimit -n 70; exec \(Program.sweepd.path) doctor \(connect) --slots 4",
                ])
                try #require(limited.status == 1, "\(limited.errors)")
                try #require(try DoctorReport.read(limited.output)["files"]?.level == "fail")
                let many = try await report(
                    bench,
                    ["--connect", coordinator.endpoint.worker, "--seconds", "0", "--slots", "4096"],
                    exits: 1
                )
                try #require(many["slots"]?.level == "warn" && many["memory"]?.level != "ok")
                #if arch(x86_64)
                    let slow = try await report(
                        bench,
                        ["--connect", coordinator.endpoint.worker, "--seconds", "0", "--slots", "1"],
                        exits: 0,
                        environment: ["SWEEPD_KERNELS": "v2"]
                    )
                    try #require(slow.kernels == "v2" && slow["kernels"]?.level == "warn")
                #endif
                let text = try await bench.run(
                    ["sweepd", "doctor", "--connect", coordinator.endpoint.worker, "--seconds", "0", "--slots", "1"],
                    exits: 0
                )
                try #require(text.output.contains("ok    port     \(coordinator.endpoint.worker) answers in"))
            }
        }
    }
}

/// A TCP port of loopback that this process holds and on which nothing listens.
final class BoundPort {
    let number: UInt16
    private let descriptor: Int32

    /// `listens`: whether connections are taken, which nobody answers.
    init(listens: Bool = false) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        guard bound, !listens || listen(descriptor, 8) == 0 else {
            throw ProcessFailure("no port of loopback can be bound")
        }
        self.descriptor = descriptor
        number = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
