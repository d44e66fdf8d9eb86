import SweepCore
import SweepData
import SweepMessaging

/// Objects on their way that are too large for memory: their pieces are written in the order in which they came.
///
/// Writing may wait for a disk, so it is done beside the messages. Nothing piles up before it: what comes next is asked for when
/// what came is written.
final class LargeObjects: Sendable {
    private let writers = Locked<[ContentHash: Result<BlobWriter, NoRoom>]>([:])

    /// Adds a piece, the one at offset 0 to nothing. A disk that is full is told when all pieces came.
    func add(_ hash: ContentHash, _ offset: Int, _ bytes: [UInt8]) {
        writers.withLock { writers in
            if offset == 0 { writers[hash] = .success(BlobWriter()) }
            guard case .success(let writer)? = writers[hash] else { return }
            do throws(NoRoom) { try writer.append(bytes) } catch { writers[hash] = .failure(error) }
        }
    }

    /// All pieces that were added, which are let go of here; throws when they could not be written, and when there are none.
    func take(_ hash: ContentHash) throws -> Blob {
        guard let writer = try writers.withLock({ $0.removeValue(forKey: hash) })?.get() else {
            throw WorkerError.damaged(hash)
        }
        return try writer.finish()
    }

    /// Drops what was added.
    func forget(_ hash: ContentHash) { writers.withLock { $0[hash] = nil } }
}
