internal import Glibc

/// A file without a name, in `TMPDIR` or else `/var/tmp`: what is too large for memory is held in one and mapped.
///
/// It never has a name where the file system can make such files (ext4, XFS, Btrfs, tmpfs), so nothing is left of it however the
/// process ends; elsewhere (NFS) it has one for the moment until it is unlinked. No program that is started inherits it. The
/// system writes pages that are not in use to it and takes their memory back, where the process's own memory would have to go to
/// swap.
package enum UnnamedFile {
    /// Not /tmp, which is often memory itself.
    static var folder: String {
        let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return named.isEmpty ? "/var/tmp" : named
    }

    /// Linux's O_TMPFILE, which is written `(__O_TMPFILE | O_DIRECTORY)` in C, a form that Swift need not import.
    private static let temporaryFile: Int32 = 0o20_000_000 | O_DIRECTORY

    /// A descriptor of a new file; `bytes` is what it shall hold, for the error.
    package static func open(for bytes: Int) throws(NoRoom) -> Int32 {
        let descriptor = Glibc.open(folder, temporaryFile | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 { return descriptor }
        let reason = errno
        // What a file system answers that cannot, and a kernel that knows the flag no more than as a folder to be written.
        guard reason == EOPNOTSUPP || reason == EISDIR || reason == EINVAL else { throw failure(reason, bytes) }
        return try openAndUnlink(for: bytes)
    }

    /// The same where the file system makes no files without a name.
    package static func openAndUnlink(for bytes: Int) throws(NoRoom) -> Int32 {
        // mkostemp, which would do this, is not among what Swift sees of the C library.
        var reason = EEXIST
        for _ in 0..<100 where reason == EEXIST {
            let path = folder + "/sweepd-rows-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
            let descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
            if descriptor >= 0 {
                unlink(path)
                return descriptor
            }
            reason = errno
        }
        throw failure(reason, bytes)
    }

    /// A new file of `size` zero bytes, mapped. Its whole size is reserved on the disk at once: a full disk is an error here, and
    /// no fault of a later write.
    static func mapped(_ size: Int) throws(NoRoom) -> UnsafeMutableRawPointer {
        let descriptor = try open(for: size)
        defer { close(descriptor) }
        let reserved = posix_fallocate(descriptor, 0, size)
        guard reserved == 0 else { throw failure(reserved, size) }
        return try map(descriptor, size)
    }

    /// Maps the `size` bytes that a file has, at least one.
    static func map(_ descriptor: Int32, _ size: Int) throws(NoRoom) -> UnsafeMutableRawPointer {
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw failure(errno, size) }
        return memory
    }

    static func failure(_ code: Int32, _ bytes: Int) -> NoRoom {
        NoRoom(bytes: bytes, folder: folder, reason: String(cString: strerror(code)))
    }
}

/// There is no room for a file that is to hold what is too large for memory.
package struct NoRoom: Error, Hashable, Sendable, CustomStringConvertible {
    package let bytes: Int
    package let folder: String
    /// The system's words.
    package let reason: String

    package var description: String {
        "no room for \(bytes) bytes in \(folder): \(reason); let TMPDIR name a folder with room"
    }
}
