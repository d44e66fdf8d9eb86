package import SweepReports
import Synchronization

/// What is being made: who asks for it meanwhile waits for the same, so that of many askers one costs something.
///
/// Nothing is kept once it is made; the next asker has it made anew.
package final class UnderWay<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        let task: Task<Result<Value, ControlError>, Never>
        var waiting: Int
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// Nothing is under way.
    package init() {}

    /// How many wait for what is being made.
    package var waiting: Int { entries.withLock { $0.values.reduce(0) { $0 + $1.waiting } } }

    /// What is being made of `key`, or is from now on. It is made to its end although an asker goes.
    package func value(
        of key: Key,
        make: @escaping @Sendable () async throws(ControlError) -> Value
    ) async throws(ControlError) -> Value {
        let task = entries.withLock { entries in
            if var entry = entries[key] {
                entry.waiting += 1
                entries[key] = entry
                return entry.task
            }
            let task = Task<Result<Value, ControlError>, Never> {
                let result: Result<Value, ControlError>
                do throws(ControlError) { result = .success(try await make()) } catch { result = .failure(error) }
                self.entries.withLock { $0[key] = nil }
                return result
            }
            entries[key] = Entry(task: task, waiting: 1)
            return task
        }
        return try await task.value.get()
    }
}
