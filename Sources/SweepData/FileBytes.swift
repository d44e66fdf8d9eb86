internal import Glibc

/// Reads whole files, with limits, and unpacks gzip by content.
package enum FileBytes {
    /// How much a data file may hold.
    package struct Limits: Sendable {
        /// Bytes on disk. 2 GiB: a data set is sent to each worker and held in memory, so more is a mistake, not data.
        package var stored = 2 << 30
        /// Bytes after gunzip. 4 GiB, for the same reason; it also stops a small file that unpacks without end.
        package var unpacked = 4 << 30
        /// The limits of normal use.
        package init() {}
        /// Limits of a caller's own.
        package init(stored: Int, unpacked: Int) {
            self.stored = stored
            self.unpacked = unpacked
        }
    }

    /// The content of `path`, unpacked when it starts with gzip's two bytes, whatever the file is called.
    ///
    /// `name` is what messages call the file. Throws one problem: unreadable, too large, or broken compression.
    package static func read(path: String, name: String, limits: Limits = Limits()) throws(DataProblem) -> [UInt8] {
        let stored = try readStored(path: path, name: name, limit: limits.stored)
        guard Gzip.isPacked(stored) else { return stored }
        do {
            return try Gzip.unpack(stored, limit: limits.unpacked)
        } catch {
            throw DataProblem(
                error == .tooLarge ? .tooLarge : .compression,
                file: name,
                wrong: error.wrong,
                allowed: error == .tooLarge ? "at most \(limits.unpacked) bytes after unpacking" : "a whole gzip file"
            )
        }
    }

    private static func readStored(path: String, name: String, limit: Int) throws(DataProblem) -> [UInt8] {
        func failed(_ wrong: String) -> DataProblem {
            DataProblem(.unreadable, file: name, wrong: wrong, allowed: "a file that this user may read")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("the file cannot be opened: \(reason(errno))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failed("the file cannot be read: \(reason(errno))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failed("this is not a regular file") }
        guard status.st_size <= limit else {
            throw DataProblem(
                .tooLarge,
                file: name,
                wrong: "the file is too large",
                found: "\(status.st_size) bytes",
                allowed: "at most \(limit)"
            )
        }
        let size = Int(status.st_size)
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            // A file that shrinks meanwhile ends early; one that grows is read up to the size first seen.
            while count < size {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                count += got
            }
        }
        guard failure == 0 else { throw failed("the file cannot be read: \(reason(failure))") }
        return bytes
    }

    private static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}
