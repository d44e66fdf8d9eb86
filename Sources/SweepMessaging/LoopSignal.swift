import Synchronization

/// Wakes a loop from any thread, once for any number of calls that it has not yet answered.
///
/// For the mailbox pattern: a training thread puts its report into a bounded queue and raises the signal; the handler
/// empties the queue. A thousand reports between two rounds of the loop cost one wake-up.
package final class LoopSignal: Sendable {
    private let loop: MessagingLoop
    private let isRaised = Atomic(false)
    private let handler: @Sendable () -> Void

    /// - Parameter handler: runs on the loop's thread. An actor of the loop enters itself with `assumeIsolated`.
    package init(on loop: MessagingLoop, handler: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.handler = handler
    }

    /// Sees to it that the handler starts after this call.
    ///
    /// What was written before is visible to it.
    package func raise() {
        guard !isRaised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.perform { [self] in
            // Lowered first: what comes while the handler runs raises it again.
            _ = isRaised.exchange(false, ordering: .acquiringAndReleasing)
            handler()
        }
    }
}
