package import SweepCore

/// Why a coordinator's directory could not be opened, read or written.
package enum StoreError: Error, Equatable, Sendable {
    /// Another coordinator serves the directory; `process` is its process id when it could be read.
    case locked(directory: String, process: Int?)
    /// There is no store at the path.
    case missing(path: String)
    /// The file is something else: another program's database, or no database.
    case notAStore(path: String, reason: String)
    /// The file is a store's, but its content is damaged.
    case corrupt(path: String, reason: String)
    /// A newer version of sweepd wrote the store; `version` names its newest migration.
    case tooNew(path: String, version: String)
    /// An older version wrote the store and it was opened for reading only, which changes nothing.
    case tooOld(path: String)
    /// The process may not write (or, reading, may not read) there.
    case notPermitted(path: String, reason: String)
    /// The disk, or the user's share of it, is full; nothing of what was being written was kept.
    case full(path: String)
    /// The system refused an operation for another reason.
    case inputOutput(path: String, operation: String, reason: String)
    /// SQLite would not promise that a commit reaches the disk; `found` is its `synchronous` level, 2 is needed.
    case notDurable(path: String, found: Int)
    /// A copy was to be made where something is already.
    case notEmpty(path: String)
    /// Something was to be written to a store opened for reading.
    case readOnly(path: String)
    /// No object of this hash is kept.
    case objectMissing(ContentHash)
    /// The bytes kept, or received, under this hash have another hash.
    case objectCorrupt(ContentHash)
    /// An upload went on at the wrong place; `expected` is the offset to go on from.
    case wrongOffset(ContentHash, expected: Int, found: Int)
}

extension StoreError: CustomStringConvertible {
    /// The error in one sentence for the person who must act.
    package var description: String {
        switch self {
        case .locked(let directory, let process?):
            "\(directory) is served by another coordinator, process \(process): stop it, or choose another directory"
        case .locked(let directory, nil):
            "\(directory) is served by another coordinator: stop it, or choose another directory"
        case .missing(let path): "\(path): there is no sweepd store here"
        case .notAStore(let path, let reason): "\(path) is not a sweepd store: \(reason)"
        case .corrupt(let path, let reason): "\(path) is damaged: \(reason)"
        case .tooNew(let path, let version):
            "\(path) was written by a newer sweepd (its schema is \"\(version)\"): use that version or a later one"
        case .tooOld(let path):
            "\(path) was written by an older sweepd: start `sweepd coordinator` on it once, which brings it up to date"
        case .notPermitted(let path, let reason): "\(path): not permitted: \(reason)"
        case .full(let path): "\(path): the disk is full; what was being written is not kept"
        case .inputOutput(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
        case .notDurable(let path, let found):
            "\(path): SQLite's synchronous level is \(found), not 2: a commit would not survive a power failure"
        case .notEmpty(let path): "\(path) is not empty: name a directory that is missing or empty"
        case .readOnly(let path): "\(path) is open for reading only"
        case .objectMissing(let hash): "object \(hash.hex) is not kept here"
        case .objectCorrupt(let hash): "object \(hash.hex) is damaged: its bytes have another hash"
        case .wrongOffset(let hash, let expected, let found):
            "object \(hash.hex): bytes at offset \(found), but \(expected) bytes are here"
        }
    }
}
