package import SweepReports

/// What was made of a few things, or went wrong with them: each is made once while it is remembered.
///
/// The one that was asked for longest ago is forgotten first. What went wrong is tried again after a while, as a disk may have room
/// again.
package struct Remembered<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        let key: Key
        let result: Result<Value, ControlError>
        let made: ContinuousClock.Instant
    }

    /// The one that was asked for last stands last.
    private var entries: [Entry] = []
    private let limit: Int
    private let patience: Duration

    /// - Parameters:
    ///   - limit: how many are remembered.
    ///   - patience: how long a failure is.
    package init(limit: Int, patience: Duration = .seconds(60)) {
        self.limit = max(1, limit)
        self.patience = patience
    }

    /// What was made of `key`, or is made now.
    package mutating func value(
        of key: Key,
        at now: ContinuousClock.Instant,
        make: () throws(ControlError) -> Value
    ) throws(ControlError) -> Value {
        if let place = entries.firstIndex(where: { $0.key == key }) {
            let entry = entries.remove(at: place)
            if case .success = entry.result {
                entries.append(entry)
            } else if entry.made.duration(to: now) < patience {
                entries.append(entry)
            }
            if entries.last?.key == key { return try entry.result.get() }
        }
        let result: Result<Value, ControlError>
        do throws(ControlError) { result = .success(try make()) } catch { result = .failure(error) }
        if entries.count >= limit { entries.removeFirst() }
        entries.append(Entry(key: key, result: result, made: now))
        return try result.get()
    }
}
