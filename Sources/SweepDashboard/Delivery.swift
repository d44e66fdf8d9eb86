import Synchronization

/// How an answer's bytes go to a reader: part by part, and no longer than the reader takes some.
package struct Delivery: Sendable {
    /// Bytes of a part: what a connection holds ahead of its reader.
    package static let part = 64 << 10

    private let clock: any Clock<Duration>
    private let patience: Duration

    /// - Parameters:
    ///   - patience: how long a part may wait for its reader at least; it is noticed within twice that.
    ///   - clock: what measures it.
    package init(patience: Duration, clock: any Clock<Duration> = ContinuousClock()) {
        self.patience = patience
        self.clock = clock
    }

    private final class Progress: Sendable {
        let parts = Atomic<Int>(0)
    }

    /// Hands every part to `write`, which returns when there is room for the next, and nil after the last.
    ///
    /// - Parameters:
    ///   - giveUp: called once when the reader has taken nothing for so long; it makes `write` throw.
    package func send(
        _ bytes: [UInt8],
        giveUp: @escaping @Sendable () -> Void,
        write: (ArraySlice<UInt8>?) async throws -> Void
    ) async throws {
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [clock, patience] in
                var seen = -1
                while true {
                    let parts = progress.parts.load(ordering: .relaxed)
                    if parts == seen { return giveUp() }
                    seen = parts
                    try await clock.sleep(for: patience)
                }
            }
            defer { group.cancelAll() }
            var rest = bytes[...]
            while !rest.isEmpty {
                try await write(rest.prefix(Self.part))
                rest = rest.dropFirst(Self.part)
                progress.parts.wrappingAdd(1, ordering: .relaxed)
            }
            try await write(nil)
        }
    }
}
