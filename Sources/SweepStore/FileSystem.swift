import Glibc

/// The system calls of the store, with every failure as a `StoreError` that names path, operation and reason.
enum FileSystem {
    /// An open file, closed when the value goes away.
    struct File: ~Copyable {
        let descriptor: Int32
        let path: String

        deinit { _ = Glibc.close(descriptor) }

        /// Writes all bytes at the file's position.
        func write(_ bytes: [UInt8]) throws(StoreError) {
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBufferPointer { buffer in
                    let rest = UnsafeBufferPointer(rebasing: buffer[written...])
                    return Glibc.write(descriptor, rest.baseAddress, rest.count)
                }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw FileSystem.error("write", path)
                }
                written += count
            }
        }

        /// Up to `count` bytes at the file's position, fewer only at the end of the file.
        func read(upTo count: Int) throws(StoreError) -> [UInt8] {
            var code: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count {
                    let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled..<count])
                    let got = Glibc.read(descriptor, rest.baseAddress, rest.count)
                    if got == 0 { break }
                    if got > 0 {
                        filled += got
                    } else if errno != EINTR {
                        code = errno
                        break
                    }
                }
            }
            guard code == 0 else { throw FileSystem.error("read", path, code: code) }
            return bytes
        }

        /// Moves the file's position to `offset` bytes from its start.
        func seek(to offset: Int) throws(StoreError) {
            guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw FileSystem.error("seek", path) }
        }

        /// The file's length in bytes.
        func size() throws(StoreError) -> Int {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw FileSystem.error("read the size of", path) }
            return Int(status.st_size)
        }

        /// Returns when everything written has reached the disk.
        func synchronize() throws(StoreError) {
            while fsync(descriptor) != 0 {
                if errno != EINTR { throw FileSystem.error("synchronize", path) }
            }
        }
    }

    /// Opens a file or a directory; never inherited by a child process.
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o666) throws(StoreError) -> File {
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
            if descriptor >= 0 { return File(descriptor: descriptor, path: path) }
            if errno != EINTR { throw error("open", path) }
        }
    }

    /// Makes a directory and the missing ones above it; those that are there stay as they are.
    static func makeDirectories(_ path: String) throws(StoreError) {
        if try makeDirectory(path) { return }
        let above = parent(of: path)
        if above != path {
            try makeDirectories(above)
            if try makeDirectory(path) { return }
        }
        // What is above is there and takes nothing: a working directory that was removed, or /proc.
        throw error("make the directory", path, code: ENOENT)
    }

    /// Makes a directory unless it is there; false when one above it is missing.
    private static func makeDirectory(_ path: String) throws(StoreError) -> Bool {
        if mkdir(path, 0o777) == 0 {
            try synchronizeDirectory(parent(of: path))
            return true
        }
        switch errno {
        case EEXIST where isDirectory(path): return true
        case EEXIST: throw .inputOutput(path: path, operation: "make the directory", reason: "a file has its name")
        case ENOENT: return false
        default: throw error("make the directory", path)
        }
    }

    /// Renames a file, replacing what has the new name, and returns when the new name has reached the disk.
    static func rename(_ old: String, to new: String) throws(StoreError) {
        guard Glibc.rename(old, new) == 0 else { throw error("rename", old) }
        try synchronizeDirectory(parent(of: new))
    }

    /// Removes a file; false if there was none.
    @discardableResult
    static func remove(_ path: String) throws(StoreError) -> Bool {
        if unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw error("remove", path)
    }

    /// Returns when the names within the directory have reached the disk.
    static func synchronizeDirectory(_ path: String) throws(StoreError) {
        try open(path, O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// The file's length in bytes; nil if there is no such file.
    static func size(of path: String) throws(StoreError) -> Int? {
        var status = stat()
        if stat(path, &status) == 0 { return Int(status.st_size) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw error("read the size of", path)
    }

    /// Whether there is a directory at the path.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a directory, sorted, without `.` and `..`; empty if there is no such directory.
    static func names(in path: String) throws(StoreError) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw error("list", path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Seconds since the file was last written, by the clock that the file system uses; nil if there is no such file.
    static func secondsSinceChange(of path: String) throws(StoreError) -> Int? {
        var status = stat()
        if stat(path, &status) == 0 { return time(nil) - status.st_mtim.tv_sec }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw error("read the age of", path)
    }

    /// The whole file.
    static func contents(of path: String) throws(StoreError) -> [UInt8] {
        let file = try open(path, O_RDONLY)
        return try file.read(upTo: file.size())
    }

    /// The directory that holds the path.
    static func parent(of path: String) -> String {
        var rest = Substring(path)
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return rest == "." ? ".." : "." }
        let above = rest[..<slash]
        return above.isEmpty ? "/" : String(above)
    }

    /// The error of the system call that just failed.
    static func error(_ operation: String, _ path: String) -> StoreError {
        error(operation, path, code: errno)
    }

    /// The error of a system call that failed with `code`.
    static func error(_ operation: String, _ path: String, code: Int32) -> StoreError {
        let reason = String(cString: strerror(code))
        return switch code {
        case EACCES, EPERM, EROFS: .notPermitted(path: path, reason: "cannot \(operation): \(reason)")
        case ENOSPC, EDQUOT: .full(path: path)
        default: .inputOutput(path: path, operation: operation, reason: reason)
        }
    }
}
