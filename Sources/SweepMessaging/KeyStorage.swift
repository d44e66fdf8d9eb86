import Glibc

/// Reading and writing of the small text files that keys live in.
package enum KeyStorage {
    /// A list of 10,000 allowed keys is under 1 MiB; a file beyond this is something else.
    static let maximumBytes = 4 << 20

    /// What tells one state of a file from another.
    struct Signature: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    /// Nil when there is no such file.
    static func signature(of path: String) -> Signature? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Signature(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            size: Int64(status.st_size),
            seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec
        )
    }

    /// Whether the name is taken, be it by a link to nothing or by what may not be looked at.
    static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 || errno != ENOENT && errno != ENOTDIR
    }

    /// Reads a whole file, unless its permissions have any of the `forbidden` bits.
    static func read(_ path: String, forbidden: mode_t) throws(KeyError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            guard errno == ENOENT else { throw system("open it", path) }
            throw KeyError(isThere(path) ? .dangling : .missing, path: path)
        }
        defer { close(file) }
        // Asked of the open file, so that it cannot be exchanged between the question and the reading.
        var status = stat()
        guard fstat(file, &status) == 0 else { throw system("look at it", path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= maximumBytes else {
            throw KeyError(.notAKeyFile, path: path)
        }
        guard status.st_mode & forbidden == 0 else {
            throw KeyError(.exposed(mode: status.st_mode & 0o7777), path: path)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count > 0 {
                bytes.append(contentsOf: buffer[..<count])
                guard bytes.count <= maximumBytes else { throw KeyError(.notAKeyFile, path: path) }
            } else if count == 0 {
                return String(decoding: bytes, as: UTF8.self)
            } else if errno != EINTR {
                throw system("read it", path)
            }
        }
    }

    /// Writes a file that only its owner may read, in one step: a reader sees the old text or the new one, whole, and so
    /// does whoever looks after a crash. A new file on a file system without hard links is written under its name: one that is cut off there
    /// by a crash is refused by who reads it.
    package static func write(
        _ text: String,
        to path: String,
        replacing: Bool,
        link: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> CInt = Glibc.link
    ) throws(KeyError) {
        // mkstemp makes the file with mode 0600 from the start.
        var temporary = Array((path + ".XXXXXX").utf8CString)
        let file = mkstemp(&temporary)
        guard file >= 0 else {
            throw errno == ENOENT ? KeyError(.missing, path: folder(of: path)) : system("write it", path)
        }
        defer { close(file) }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        do throws(KeyError) {
            try writeAll(Array(text.utf8), to: file, path)
            guard fsync(file) == 0 else { throw system("write it", path) }
            if replacing {
                try keepOwner(of: path, on: file)
                guard rename(temporary, path) == 0 else { throw system("put it in place", path) }
            } else {
                // Unlike rename, link does not replace.
                if link(temporary, path) != 0 {
                    switch errno {
                    case EEXIST: throw KeyError(.exists, path: path)
                    case EPERM, EOPNOTSUPP, ENOSYS: try create(path, Array(text.utf8))
                    default: throw system("put it in place", path)
                    }
                }
                unlink(temporary)
            }
        } catch {
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Writes a file of a name that nobody has yet, where no link can be made.
    private static func create(_ path: String, _ bytes: [UInt8]) throws(KeyError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw errno == EEXIST ? KeyError(.exists, path: path) : system("put it in place", path)
        }
        defer { close(file) }
        do throws(KeyError) {
            try writeAll(bytes, to: file, path)
            guard fsync(file) == 0 else { throw system("write it", path) }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Gives a file the owner of the one that it is to replace: edited by root, a list stays readable for whom it was.
    private static func keepOwner(of path: String, on file: CInt) throws(KeyError) {
        var old = stat()
        guard stat(path, &old) == 0, old.st_uid != geteuid() else { return }
        guard fchown(file, old.st_uid, old.st_gid) == 0 else { throw system("keep its owner", path) }
    }

    /// Runs `body` while no other process edits files of this folder through this function.
    static func withFolderLocked(of path: String, _ body: () throws(KeyError) -> Void) throws(KeyError) {
        let folder = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw system("open its folder", path) }
        defer { close(folder) }
        while flock(folder, LOCK_EX) != 0 {
            guard errno == EINTR else { throw system("lock its folder", path) }
        }
        try body()
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func writeAll(_ bytes: [UInt8], to file: CInt, _ path: String) throws(KeyError) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                throw system("write it", path)
            }
        }
    }

    private static func syncFolder(of path: String) throws(KeyError) {
        let folder = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw system("open its folder", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw system("sync its folder", path) }
    }

    private static func system(_ operation: String, _ path: String) -> KeyError {
        KeyError(.system(operation: operation, code: errno), path: path)
    }
}
