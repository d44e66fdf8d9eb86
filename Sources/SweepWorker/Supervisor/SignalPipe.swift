import CProcess
import Glibc
import Synchronization

/// Where the handler writes; -1 while nobody listens.
private let signalDescriptor = Atomic<Int32>(-1)

/// SIGTERM and SIGINT as bytes to read: what `poll` can wait for beside everything else.
///
/// One a process.
struct SignalPipe {
    /// Readable when a signal came.
    let reader: Int32

    /// Takes over the two signals; nil when the system gives no pipe.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard cprocess_pipe(&ends, 1) == 0 else { return nil }
        reader = ends[0]
        signalDescriptor.store(ends[1], ordering: .releasing)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            // Nothing else is allowed here; a full pipe has told already.
            var byte: UInt8 = 1
            _ = write(signalDescriptor.load(ordering: .acquiring), &byte, 1)
        }
        action.sa_flags = SA_RESTART
        for number in [SIGTERM, SIGINT] { sigaction(number, &action, nil) }
    }

    /// Whether a signal came since the last call.
    func take() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        return read(reader, &bytes, bytes.count) > 0
    }
}
