import Glibc

/// The right to serve a directory: held by one coordinator at a time, given up by the system when it ends in any way.
///
/// It is an open-file-description lock on `DIR/lock`, so that a second open in the same process is refused too, and so
/// that others can ask whether it is held without taking it. The file's text is the holder's process id, for messages
/// only: a process id is used again, the lock is the truth.
package final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; throws `StoreError.locked` when another holds it. Makes the lock file, not the directory.
    package init(directory: String) throws(StoreError) {
        let path = Self.path(directory)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileSystem.error("open", path) }
        var request = Self.wholeFile(F_WRLCK)
        guard fcntl(descriptor, Self.setLock, &request) == 0 else {
            let code = errno
            _ = close(descriptor)
            if code == EAGAIN || code == EACCES {
                throw .locked(directory: directory, process: Self.recordedProcess(directory))
            }
            throw FileSystem.error("lock", path, code: code)
        }
        self.descriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            throw FileSystem.error("write", path)
        }
    }

    deinit { _ = close(descriptor) }

    /// Whether some process holds the directory's lock now.
    package static func isHeld(directory: String) -> Bool {
        let descriptor = open(path(directory), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var request = wholeFile(F_RDLCK)
        return fcntl(descriptor, getLock, &request) == 0 && Int32(request.l_type) != F_UNLCK
    }

    /// The process id written by the newest holder.
    static func recordedProcess(_ directory: String) -> Int? {
        guard let bytes = try? FileSystem.contents(of: path(directory)) else { return nil }
        return Int(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self))
    }

    /// The kernel's numbers of these commands, the same on every architecture; Swift's Glibc module leaves them out.
    static let getLock: Int32 = 36
    static let setLock: Int32 = 37

    private static func path(_ directory: String) -> String { directory + "/lock" }

    static func wholeFile(_ type: Int32) -> flock {
        var request = flock()
        request.l_type = Int16(type)
        request.l_whence = Int16(SEEK_SET)
        return request
    }
}
