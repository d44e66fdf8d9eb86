internal import Glibc

/// Takes whole files, with limits, and unpacks gzip by content.
package enum FileBytes {
    /// How much a data file may hold, and how much of it is held in memory.
    package struct Limits: Sendable {
        /// Bytes on disk: 16 GiB, as an object that is sent to workers may have. More is a mistake, not data.
        package var stored = 16 << 30
        /// Bytes after gunzip: as many. It also stops a small file that unpacks without end.
        package var unpacked = 16 << 30
        /// Bytes beyond which a file's content, and the cells read from it, are held in a file: see `ResidentLimit`.
        package var resident = ResidentLimit.bytes
        /// The limits of normal use.
        package init() {}
        /// Limits of a caller's own.
        package init(stored: Int, unpacked: Int, resident: Int = ResidentLimit.bytes) {
            self.stored = stored
            self.unpacked = unpacked
            self.resident = resident
        }

        /// Limits for what is held in memory whatever its size.
        static let inMemory = Limits(stored: 2 << 30, unpacked: 4 << 30, resident: .max)
    }

    /// The content of `path`, unpacked when it starts with gzip's two bytes, whatever the file is called; in memory.
    ///
    /// `name` is what messages call the file. Throws one problem: unreadable, too large, or broken compression.
    package static func read(path: String, name: String, limits: Limits? = nil) throws(DataProblem) -> [UInt8] {
        let most = Limits.inMemory
        let limits = Limits(
            stored: min(limits?.stored ?? .max, most.stored),
            unpacked: min(limits?.unpacked ?? .max, most.unpacked),
            resident: .max
        )
        return try hold(path: path, name: name, limits: limits).array
    }

    /// The content of `path` as `read` gives it, in memory or, where it is large, in a file of our own: what others do to
    /// theirs meanwhile changes nothing here.
    package static func hold(path: String, name: String, limits: Limits = Limits()) throws(DataProblem) -> Blob {
        let stored = try readStored(path: path, name: name, limits: limits)
        guard Gzip.isPacked(stored) else { return stored }
        let result = BlobWriter(limit: limits.resident, capacity: Gzip.expectedSize(stored, limit: limits.unpacked))
        do throws(Gzip.Failure) {
            try Gzip.unpack(stored, limit: limits.unpacked, into: result)
        } catch {
            if case .noRoom(let error) = error { throw DataProblem(noRoom: error, file: name) }
            throw DataProblem(
                error == .tooLarge ? .tooLarge : .compression,
                file: name,
                wrong: error.wrong,
                allowed: error == .tooLarge ? "at most \(limits.unpacked) bytes after unpacking" : "a whole gzip file"
            )
        }
        do throws(NoRoom) { return try result.finish() } catch { throw DataProblem(noRoom: error, file: name) }
    }

    /// The first `count` bytes of `path` as they are stored, packed or not; fewer where the file is shorter, whatever its size.
    ///
    /// `name` is what messages call the file. Throws one problem: unreadable.
    package static func beginning(path: String, name: String, count: Int) throws(DataProblem) -> [UInt8] {
        let (descriptor, size) = try opened(path: path, name: name)
        defer { close(descriptor) }
        let wanted = min(max(count, 0), size)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(wanted, 1), alignment: 16)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < wanted {
            let got = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), wanted - filled)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw unreadable("the file cannot be read: \(reason(errno))", name) }
            if got == 0 { break }
            filled += got
        }
        return Array(buffer[..<filled])
    }

    private static func unreadable(_ wrong: String, _ name: String) -> DataProblem {
        DataProblem(.unreadable, file: name, wrong: wrong, allowed: "a file that this user may read")
    }

    /// A regular file, to be closed by the caller, and its size in bytes.
    private static func opened(path: String, name: String) throws(DataProblem) -> (descriptor: Int32, size: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable("the file cannot be opened: \(reason(errno))", name) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let problem = unreadable("the file cannot be read: \(reason(errno))", name)
            close(descriptor)
            throw problem
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw unreadable("this is not a regular file", name)
        }
        return (descriptor, Int(status.st_size))
    }

    private static func readStored(path: String, name: String, limits: Limits) throws(DataProblem) -> Blob {
        let (descriptor, size) = try opened(path: path, name: name)
        defer { close(descriptor) }
        guard size <= limits.stored else {
            throw DataProblem(
                .tooLarge,
                file: name,
                wrong: "the file is too large",
                found: "\(size) bytes",
                allowed: "at most \(limits.stored)"
            )
        }
        let content = BlobWriter(limit: limits.resident, capacity: size)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(size, 1), 1 << 20), alignment: 16)
        defer { piece.deallocate() }
        // A file that shrinks meanwhile ends early; one that grows is read up to the size first seen.
        while content.count < size {
            let got = Glibc.read(descriptor, piece.baseAddress, min(piece.count, size - content.count))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw unreadable("the file cannot be read: \(reason(errno))", name) }
            if got == 0 { break }
            do throws(NoRoom) {
                try content.append(UnsafeRawBufferPointer(rebasing: piece[..<got]))
            } catch { throw DataProblem(noRoom: error, file: name) }
        }
        do throws(NoRoom) { return try content.finish() } catch { throw DataProblem(noRoom: error, file: name) }
    }

    private static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}

extension DataProblem {
    /// What is to be read does not fit on the disk beside the memory.
    init(noRoom error: NoRoom, file: String) {
        self.init(
            .tooLarge,
            file: file,
            wrong: "there is no room for \(error.bytes) bytes of it in \(error.folder): \(error.reason)",
            allowed: "a folder with room, which TMPDIR can name"
        )
    }
}
