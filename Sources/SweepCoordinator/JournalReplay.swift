import Dispatch
import Glibc
import SweepCoordination
import SweepStore
import SweepWire

/// Reads a store's journal and applies it to a core: one thread reads and decodes, this one applies.
///
/// Both take about as long, so that a second processor halves a restart. At most `ahead` rows are decoded and not applied.
enum JournalReplay {
    /// Rows that are decoded ahead: enough that neither thread waits for the other over a row of unusual size, few enough
    /// (rows of a busy coordinator have some 100 KiB) that memory does not show it.
    private static let ahead = 64

    /// Applies every row after `place` in order; answers with the newest and the bytes that were read. Throws a `StoreError`, or a
    /// `JournalError` naming the entry that cannot be read.
    static func run(
        _ store: Store,
        after place: JournalPlace?,
        into core: inout CoordinatorCore
    ) throws -> (last: JournalPlace?, bytes: Int) {
        let queue = RowQueue(limit: ahead)
        let reader = DispatchQueue(label: "sweepd.replay")
        reader.async {
            do {
                var last = place
                var bytes = 0
                try store.forEachEntry(after: place?.sequence ?? 0) { sequence, entry in
                    do {
                        guard queue.put(try JournalCodec.row(entry.body)) else { throw CancellationError() }
                        last = JournalPlace(sequence: sequence, checksum: Checksum.of(entry.body))
                        bytes += entry.body.count
                    } catch let error as WireError {
                        throw JournalError(sequence: sequence, reason: "\(error)")
                    }
                }
                queue.finish((last, bytes))
            } catch { queue.fail(error) }
        }
        defer { queue.abandon() }
        while let row = try queue.next() { core.restore(row) }
        return queue.summary ?? (place, 0)
    }
}

/// Rows between two threads. A condition variable of POSIX: a lock of the standard library cannot be waited on.
private final class RowQueue: @unchecked Sendable {
    private let limit: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Guarded by `mutex`.
    private var rows: [JournalRow] = []
    private var first = 0
    private var ended = false
    private var abandoned = false
    private var failure: (any Error)?
    private var end: (last: JournalPlace?, bytes: Int)?

    init(limit: Int) {
        self.limit = limit
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Adds a row, waiting for room; false when nobody takes rows any more.
    func put(_ row: JournalRow) -> Bool {
        locked {
            while rows.count - first >= limit, !abandoned { pthread_cond_wait(changed, mutex) }
            if !abandoned { rows.append(row) }
            return !abandoned
        }
    }

    /// No row comes after those added, of which these are the newest and the bytes.
    func finish(_ summary: (last: JournalPlace?, bytes: Int)) {
        locked {
            end = summary
            ended = true
        }
    }

    /// No row comes any more, for this reason.
    func fail(_ error: any Error) {
        locked {
            failure = error
            ended = true
        }
    }

    /// What `finish` was told.
    var summary: (last: JournalPlace?, bytes: Int)? { locked { end } }

    /// No more rows are taken.
    func abandon() { locked { abandoned = true } }

    /// The next row, waited for; nil after the last one. Throws what ended the rows.
    func next() throws -> JournalRow? {
        try locked {
            while first == rows.count, !ended { pthread_cond_wait(changed, mutex) }
            guard first < rows.count else {
                if let failure { throw failure }
                return nil
            }
            let row = rows[first]
            first += 1
            if first == rows.count {
                rows.removeAll(keepingCapacity: true)
                first = 0
            } else if first >= limit {
                rows.removeFirst(first)
                first = 0
            }
            return row
        }
    }

    private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body()
    }
}
