import Glibc
import ServiceLifecycle

/// What a service manager is told, as systemd's `sd_notify` has it: that a service is ready, lives, and ends.
///
/// Started by none, it tells nothing and costs nothing. Source: sd_notify(3).
package struct ServiceNotices: Service {
    /// Comes back as soon as the service has done something: as long as it does, the service lives.
    private let beat: @Sendable () async -> Void

    package init(beat: @escaping @Sendable () async -> Void) { self.beat = beat }

    /// Tells that the service is ready; then, where the manager watches, twice in each of its intervals that it lives.
    package func run() async throws {
        guard let socket = NoticeSocket() else {
            try? await gracefulShutdown()
            return
        }
        socket.tell("READY=1")
        await cancelWhenGracefulShutdown {
            guard let interval = Self.watchdogInterval else {
                try? await gracefulShutdown()
                return
            }
            while !Task.isCancelled {
                await beat()
                socket.tell("WATCHDOG=1")
                try? await Task.sleep(for: interval / 2)
            }
        }
        socket.tell("STOPPING=1")
    }

    /// How long the manager waits for a sign of life; nil when it does not.
    private static var watchdogInterval: Duration? {
        Terminal.environment("WATCHDOG_USEC").flatMap { Int64($0) }.flatMap { $0 > 0 ? .microseconds($0) : nil }
    }
}

/// The datagram socket that a service manager names in NOTIFY_SOCKET.
final class NoticeSocket: Sendable {
    private let descriptor: Int32

    /// Nil without a manager.
    init?() {
        guard let path = Terminal.environment("NOTIFY_SOCKET"), path.hasPrefix("/") || path.hasPrefix("@") else {
            return nil
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // An @ stands for the zero byte with which names that are no files begin.
        let bytes = path.utf8.enumerated().map { $0 == 0 && $1 == UInt8(ascii: "@") ? 0 : $1 }
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (path.hasPrefix("@") ? 0 : 1))
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// Tells something; a manager that does not listen is no reason to fail.
    func tell(_ text: String) {
        _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
    }
}
