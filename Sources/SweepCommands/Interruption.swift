import Dispatch
import Foundation

/// Whether the user pressed Ctrl-C, or the process was asked to end: from here on neither ends it.
final class Interruption: @unchecked Sendable {
    // Sendable because what changes is touched under `lock`.
    private let lock = NSLock()
    private var raised = false
    private var sources: [any DispatchSourceSignal] = []

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in self?.raise() }
            source.resume()
            sources.append(source)
        }
    }

    var isRaised: Bool { lock.withLock { raised } }

    private func raise() { lock.withLock { raised = true } }

    /// Waits; false as soon as it is raised.
    func rest(seconds: Double) async -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isRaised {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return true }
            try? await Task.sleep(for: min(left, .milliseconds(200)))
        }
        return false
    }
}
