import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Bytes from nowhere at a coordinator's port while a sweep is trained through it.
    @Suite struct HostilePortTests {
        /// A coordinator holds some 40 MiB; queues, buffers of connections and the store's cache come on top.
        private static let memoryLimit = 400 << 20

        /// Attacks from two threads while `honest` is done.
        private func attacked<Value: Sendable>(
            _ coordinator: Coordinator,
            seed: UInt64,
            _ honest: () async throws -> Value
        ) async throws -> Value {
            let attackers = (0..<2).map { number in
                var hostile = HostilePort(port: coordinator.port, seed: seed &+ UInt64(number) &* 0x9E37_79B9)
                return Task.detached { hostile.attack(rounds: 150) }
            }
            let value = try await honest()
            for attacker in attackers {
                let refused = await attacker.value
                try #require(refused == 0, "seed \(seed): \(refused) connections were not even accepted")
            }
            return value
        }

        @Test func `noise at the port stalls no honest worker, costs no memory, and is told of once`() async throws {
            try await Bench.run { bench in
                let seed = UInt64.random(in: 0...UInt64.max)
                let coordinator = try await bench.coordinator()
                _ = try bench.worker("honest", of: coordinator, slots: 2)
                let file = try bench.sweep("quick")
                let longest = try await attacked(coordinator, seed: seed) {
                    try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                    var longest = Duration.zero
                    try await bench.wait("quick ends", within: 120) {
                        let begun = ContinuousClock.now
                        try #require(try HTTPReply.ask(port: coordinator.httpPort, "/health").status == 200)
                        longest = max(longest, begun.duration(to: .now))
                        return try await coordinator.status("quick").state == "finished"
                    }
                    return longest
                }
                // The thread that reads the noise answers this too: it is never held up for as long as a worker is waited for.
                try #require(longest < .seconds(5), "seed \(seed): \(longest)")
                try await coordinator.finished("quick")
                try #require(coordinator.child.isRunning, "seed \(seed)")

                // A quick machine is done with the sweep before all noise was read.
                var last = HostilePort(port: coordinator.port, seed: seed &+ 7)
                let held = try last.holdOneOfEach()
                for reason in ["undecodable", "cut_off", "handshake", "violation"] {
                    try await bench.wait("seed \(seed): \(reason) is counted", within: 30) {
                        try coordinator.metric("sweepd_bad_peers_total{reason=\"\(reason)\"}") > 0
                    }
                }
                withExtendedLifetime(held) {}
                // One line for each kind of offence of the one address, however often it came.
                let told = coordinator.child.errors.split(separator: "\n").filter { $0.contains(" warning ") }
                    .map { $0.drop { $0 != " " } }
                try #require(told.contains { $0.contains("unreadable message") }, "seed \(seed)")
                try #require(told.count <= 12 && Set(told).count == told.count, "seed \(seed)")
                // Noise in a log steers no terminal.
                try #require(!coordinator.child.errors.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 })
                let peak = try coordinator.child.peakMemory
                try #require(peak < Self.memoryLimit, "seed \(seed): \(peak >> 20) MiB")
            }
        }

        @Test func `a port with keys does not even let noise through its handshake`() async throws {
            try await Bench.run { bench in
                let seed = UInt64.random(in: 0...UInt64.max)
                let server = try await bench.coordinatorKey()
                let admin = try await bench.allowedKey("admin", role: "admin", server: server)
                let keys = try await bench.allowedKey("worker", role: "worker", server: server)
                let coordinator = try await bench.coordinator()
                let asked = coordinator.asked(with: admin)
                _ = try bench.worker("honest", of: coordinator, slots: 2, keys)
                let file = try bench.sweep("quick")
                try await attacked(coordinator, seed: seed) {
                    try await bench.run(["sweepd", "submit", file] + asked.access, exits: 0)
                    try await asked.finished("quick", within: 120)
                }
                try #require(coordinator.child.isRunning, "seed \(seed)")
                try #require(try coordinator.metric("sweepd_bad_peers_total{reason=\"handshake\"}") > 0, "seed \(seed)")
                for reason in ["undecodable", "violation"] {
                    try #require(try coordinator.metric("sweepd_bad_peers_total{reason=\"\(reason)\"}") == 0)
                }
                let peak = try coordinator.child.peakMemory
                try #require(peak < Self.memoryLimit, "seed \(seed): \(peak >> 20) MiB")
            }
        }
    }
}
