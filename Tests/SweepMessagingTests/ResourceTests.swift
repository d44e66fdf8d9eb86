import Glibc
import SweepMessaging
import Testing

/// Descriptors and threads belong to the whole process, so each of these tests has one of its own.
struct ResourceTests {
    @Test func `after the end every descriptor is closed and every thread has ended`() async {
        await #expect(processExitsWith: .success) {
            let keys = try CurveKeyPair()
            let worker = try CurveKeyPair()
            let entry = AuthorizedKey(key: worker.publicKey, role: .worker)
            let security = ServerSecurity.curve(keys, allowed: .list(AuthorizedKeys([entry])))
            func session() async throws {
                try await withServer(security: security) { host, endpoint in
                    let client = try connectedClient(to: endpoint, security: .curve(worker, server: keys.publicKey))
                    #expect(client.send([bytes("hello")]) == .sent)
                    let message = try await host.nextMessage()
                    #expect(await host.send(message.frames, to: message.connection) == .sent)
                    #expect(client.receive(timeout: patience) == [bytes("hello")])
                    try client.reconnect()
                    client.close()
                }
            }
            // The first session also opens what libraries keep, such as the random source.
            try await session()
            let descriptors = entries(of: "/proc/self/fd").count
            for _ in 0..<5 { try await session() }
            #expect(await comesTrue { entries(of: "/proc/self/fd").count <= descriptors })
            #expect(await comesTrue { !entries(of: "/proc/self/task").contains(where: isOurs) })
        }
    }

    @Test func `a server that is never closed goes with its loop`() async {
        await #expect(processExitsWith: .success) {
            func forgetful() async throws {
                try await withLoop { loop in
                    let host = ServerHost(on: loop)
                    _ = try await host.listen()
                }
            }
            try await forgetful()
            let descriptors = entries(of: "/proc/self/fd").count
            for _ in 0..<5 { try await forgetful() }
            #expect(await comesTrue { entries(of: "/proc/self/fd").count <= descriptors })
        }
    }

    @Test func `a server that cannot bind leaves no descriptor behind`() async {
        await #expect(processExitsWith: .success) {
            try await withServer { _, endpoint in
                await withLoop { loop in
                    let second = ServerHost(on: loop)
                    _ = try? await second.listen(on: endpoint)
                    let descriptors = entries(of: "/proc/self/fd").count
                    for _ in 0..<5 { _ = try? await second.listen(on: endpoint) }
                    #expect(await comesTrue { entries(of: "/proc/self/fd").count <= descriptors })
                }
            }
        }
    }
}

/// A thread that was joined is in the kernel's list for a moment yet, and an actor is released by whoever ran it last: so
/// what must become true is asked until it is.
private func comesTrue(_ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + patience
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        await Task.yield()
    }
    return true
}

/// True of a thread of a loop or of libzmq, false of Swift's own pool, whose size is not ours to say.
private func isOurs(task: String) -> Bool {
    guard let name = try? readFile("/proc/self/task/\(task)/comm") else { return false }
    return name == "test\n" || name.hasPrefix("ZMQbg")
}
