import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// What systemd is told: tried with a socket of the test in the manager's place.
    @Suite struct ServiceNoticeTests {
        @Test func `a coordinator says that it is ready, that it lives, and that it ends`() async throws {
            try await Bench.run { bench in
                let manager = try ServiceManager(bench.path("notify"))
                let child = try bench.start(
                    "coordinator",
                    [
                        "sweepd", "coordinator", "--listen", "tcp://127.0.0.1:*", "--http", "none", "--directory",
                        bench.path("coordinator"),
                    ],
                    environment: manager.environment
                )
                try await follow(manager, bench)
                // Suspended it does not say that it lives; what it had said before is taken away first.
                child.suspend(true)
                _ = manager.take()
                let end = ContinuousClock.now + .seconds(1)
                try await bench.wait("a second is over") { ContinuousClock.now >= end }
                try #require(manager.take().isEmpty)
                child.suspend(false)
                try await bench.wait("it lives again") { manager.take().contains("WATCHDOG=1") }
                try await ends(child, manager, bench)
            }
        }

        @Test func `a worker's training process does, and goes on after a crash`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let manager = try ServiceManager(bench.path("notify"))
                let child = try bench.start(
                    "worker",
                    ["sweepd", "worker", "--connect", coordinator.endpoint.worker, "--slots", "1"],
                    environment: manager.environment
                )
                try await follow(manager, bench)
                let training = try #require(child.children.first)
                kill(training, SIGKILL)
                try await bench.wait("another process is ready") { manager.take().contains("READY=1") }
                try await bench.wait("it lives") { manager.take().contains("WATCHDOG=1") }
                try await ends(child, manager, bench)
            }
        }

        private func follow(_ manager: ServiceManager, _ bench: Bench) async throws {
            var told: [String] = []
            try await bench.wait("it is ready and has said three times that it lives") {
                told += manager.take()
                return told.count { $0 == "WATCHDOG=1" } >= 3
            }
            try #require(told.first == "READY=1" && told.count { $0 == "READY=1" } == 1)
        }

        private func ends(_ child: Child, _ manager: ServiceManager, _ bench: Bench) async throws {
            child.signal(SIGTERM)
            try await bench.ended(child)
            try #require(child.status == 0, "\(child.errors)")
            try #require(manager.take().contains("STOPPING=1"))
        }
    }
}

/// The socket of a service manager.
private final class ServiceManager: @unchecked Sendable {
    // Sendable because the kernel keeps a socket's datagrams apart.
    private let descriptor: Int32
    /// What a service is started with: it is to say that it lives within 0.4 s.
    let environment: [String: String]

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        environment = ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"]
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw ProcessFailure("\(path): no socket can be bound: \(errno)") }
    }

    deinit { close(descriptor) }

    /// What was told since the last time.
    func take() -> [String] {
        var told: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
            told.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
        return told
    }
}
