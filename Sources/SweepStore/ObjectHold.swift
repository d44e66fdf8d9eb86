import Glibc

/// A wish that no object of a directory be deleted: held by those who read it while a coordinator serves it.
///
/// A backup copies the journal first and then the objects that it names; a trial that ends in between would take its
/// checkpoint with it. While any process holds this, the coordinator puts its deletions off. It is an
/// open-file-description lock on `DIR/hold`, shared, so that several may hold it and none outlives its process.
package final class ObjectHold: Sendable {
    private let descriptor: Int32

    /// Takes the hold, making its file if it is missing.
    package init(directory: String) throws(StoreError) {
        let path = Self.path(directory)
        // Reading is enough for a shared lock, so that it can be taken and seen by other users than who made the file.
        let descriptor = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileSystem.error("open", path) }
        var request = DirectoryLock.wholeFile(F_RDLCK)
        guard fcntl(descriptor, DirectoryLock.setLock, &request) == 0 else {
            let code = errno
            _ = close(descriptor)
            throw FileSystem.error("lock", path, code: code)
        }
        self.descriptor = descriptor
    }

    /// The same, or nil where no coordinator serves the directory and the file cannot be made: nobody deletes there.
    package static func unlessIdle(directory: String) throws(StoreError) -> ObjectHold? {
        do throws(StoreError) { return try ObjectHold(directory: directory) } catch {
            guard DirectoryLock.isHeld(directory: directory) else { return nil }
            throw error
        }
    }

    deinit { _ = close(descriptor) }

    /// Whether some process holds the directory's objects now. Three system calls.
    package static func isHeld(directory: String) -> Bool {
        let descriptor = open(path(directory), O_RDONLY | O_CLOEXEC)
        // A file that is there and cannot be looked at may be held.
        guard descriptor >= 0 else { return errno != ENOENT }
        defer { close(descriptor) }
        var request = DirectoryLock.wholeFile(F_WRLCK)
        return fcntl(descriptor, DirectoryLock.getLock, &request) == 0 && Int32(request.l_type) != F_UNLCK
    }

    private static func path(_ directory: String) -> String { directory + "/hold" }
}
