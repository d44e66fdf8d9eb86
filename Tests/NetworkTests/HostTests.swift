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
    /// Whether faults last as long as they do in life: `make network-lab`. Otherwise leases lapse sooner, and so faults are short.
    private static let isFull = Program.environment("SWEEPD_NETWORK_LAB") == "full"
    private static let heartbeat = isFull ? 2 : 0.2

    /// What happens to a network.
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        /// Every frame of the coordinator takes 100 ms longer, and one of twenty is lost, both ways.
        case slow = "100 ms delay and 5 % loss"
        /// A worker's host hears and says nothing for so long that its leases lapse; 30 s and more in the full lab.
        case cut = "a host cut off"
        /// A worker is not heard, and hears: its connection stands for one side only.
        case unheard = "a host that nobody hears"
        /// A worker hears nothing, and is heard.
        case deaf = "a host that hears nothing"

        var testDescription: String { rawValue }
    }

    /// With leases that lapse after 0.6 s a slow network is a lost one: it is tried with the usual times alone.
    private static let faults = Fault.allCases.filter { isFull || $0 != .slow }

    @Test(.timeLimit(.minutes(5)), arguments: faults)
    func `a sweep over hosts with keys ends with the undisturbed table, whatever happens to the network`(
        _ fault: Fault
    ) async throws {
        try await Hosts.run(4) { bench, hosts in
            // Trials enough for the time that the fault lasts. A slow network is slow to the end, and each trial that pauses sends a
            // checkpoint of 0.1 MB over connections that carry some 40 kB/s: a tenth of the trials take as long as all of the others do.
            let trials = Self.isFull && fault != .slow ? "trials: 2500" : "trials: 243"
            let file = try bench.sweep("digits", ["trials: 81": trials])
            let expected = try await bench.undisturbed(file, named: "digits")
            let office = try await Office(bench, hosts, file, heartbeat: Self.heartbeat)
            try await office.train()
            switch fault {
            case .slow:
                try await hosts.fault("delay", 1, "100", "5")
                try await hosts.fault("loss", 1, "5")
                let before = try await office.coordinator.status("digits")
                try await office.coordinator.wait("digits", "it goes on all the same", within: 120) {
                    $0.state == "finished" || $0.epochs > before.epochs + 20
                }
                // Slow is not lost: beats are late by a tenth of a second, and TCP sends again what is lost.
                if Self.isFull { try #require(try office.lapses() == 0, "a lease lapsed though nobody was cut off") }
            case .cut:
                let begun = ContinuousClock.now
                try await hosts.fault("cut", 2)
                try await office.redIsGivenUp()
                try await bench.wait("the host was cut off for long enough") {
                    begun.duration(to: .now) > .seconds(Self.isFull ? 30 : 1)
                }
                try await hosts.fault("heal", 2)
                try await office.redIsBack()
            case .unheard:
                try await hosts.fault("oneway", 2, "out")
                try await office.redIsGivenUp()
                try await hosts.fault("heal", 2)
                try await office.redIsBack()
            case .deaf:
                try await hosts.fault("oneway", 2, "in")
                // The coordinator hears no more of it either: TCP on its side gets no answers, so nothing new goes out.
                try await bench.value("red misses the coordinator", within: 60) {
                    office.red.log.entries.contains { $0.message == "looks for the coordinator again" } ? true : nil
                }
                try await hosts.fault("heal", 2)
                try await office.redIsBack()
            }
            try await office.coordinator.finished("digits", within: 240)
            try #require(try await office.coordinator.stableRank("digits") == expected.rank)
            // Both workers lived through it all.
            if fault == .slow { try await hosts.fault("heal", 1) }
            for worker in [office.red, office.blue] {
                worker.signal(SIGTERM)
                try await bench.ended(worker, within: 20)
                try #require(worker.status == 0, "\(worker.errors)")
            }
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `over hosts a reader sees the table while two workers train, and may not cancel`() async throws {
        try await Hosts.run(4) { bench, hosts in
            let office = try await Office(bench, hosts, try bench.sweep("digits"), heartbeat: Self.heartbeat)
            try await office.train()
            try #require(try await office.coordinator.rank("digits").rows.contains { $0.objective != nil })
            let refused = try await bench.run(
                hosts.on(4) + ["sweepd", "cancel", "digits"] + office.coordinator.access,
                exits: 4
            )
            try #require(!refused.errors.isEmpty)
            try await office.coordinator.finished("digits", within: 120)
        }
    }
}

/// A coordinator on host 1, a worker each on hosts 2 and 3, and a reader on host 4.
private struct Office {
    let bench: Bench
    /// Asked from the fourth host.
    let coordinator: Coordinator
    let red: Child
    let blue: Child

    init(_ bench: Bench, _ hosts: Hosts, _ file: String, heartbeat: Double) async throws {
        self.bench = bench
        // Each host has only its own key and the coordinator's public one.
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
        coordinator = try await bench.coordinator(
            [file, "--log-level", "debug"],
            listen: "\(address):*",
            heartbeat: heartbeat,
            prefix: hosts.on(1)
        ).asked(with: keys[2], from: hosts.on(4))
        try #require(coordinator.endpoint.worker.hasPrefix(address))
        let options = ["--log-level", "debug"]
        red = try bench.worker("red", of: coordinator, keys[0] + options, prefix: hosts.on(2))
        blue = try bench.worker("blue", of: coordinator, keys[1] + options, prefix: hosts.on(3))
    }

    /// Waits until both workers are in the middle of the sweep.
    func train() async throws {
        try await coordinator.wait("digits", "both workers train") {
            $0.workers.count == 2 && $0.workers.allSatisfy { $0.busy > 0 } && $0.epochs >= 20
        }
    }

    /// How many leases lapsed.
    func lapses() throws -> Int {
        coordinator.child.log.entries.count { $0.message == "lease ended" && $0["lease.end"] == "lapsed" }
    }

    func redIsGivenUp() async throws {
        try await bench.value("the worker is given up", within: 60) {
            coordinator.child.log.entries.contains { $0.message == "worker lost" && $0["worker.id"] == "red" }
                ? true : nil
        }
        try #require(try await coordinator.status("digits").state == "running", "the fault came too late to matter")
    }

    /// Waits until red has a lease again, or there is none left to have.
    func redIsBack() async throws {
        try await coordinator.wait("digits", "the worker is back", within: 60) { status in
            status.state == "finished" || status.workers.contains { $0.id.contains("red") && $0.busy > 0 }
        }
    }
}
