import Glibc
import SweepCore

extension FileBundle {
    /// Everything in a folder.
    package init(folder: String) throws(FileBundleError) {
        var entries: [Entry] = []
        var size = 0
        try Self.read(folder, as: "", into: &entries, &size)
        try self.init(entries)
    }

    /// The files and folders at these paths of a folder, each folder with all that is in it but hidden files, caches,
    /// directories of coordinators, whose keys are nobody else's and whose stores change from one moment to the next, and this program's
    /// own private keys and join files.
    package init(_ paths: [String], in folder: String) throws(FileBundleError) {
        var entries: [Entry] = []
        var size = 0
        for path in Set(paths.map(CommandSpec.plainPath)).sorted() {
            try Self.read(
                path.isEmpty ? folder : folder + "/" + path,
                as: path,
                into: &entries,
                &size,
                leavesOutHidden: true,
                isNamed: true
            )
        }
        // A file that is named by itself and with its folder.
        var seen: Set<String> = []
        try self.init(entries.filter { seen.insert($0.path).inserted })
    }

    /// Each of these makes a folder a coordinator's.
    private static let coordinatorFiles: Set<String> = ["coordinator.key", "sweepd.db"]

    private static func read(
        _ place: String,
        as path: String,
        into entries: inout [Entry],
        _ size: inout Int,
        leavesOutHidden: Bool = false,
        isNamed: Bool = false
    ) throws(FileBundleError) {
        let name = path.isEmpty ? place : path
        var status = stat()
        guard stat(place, &status) == 0 else { throw failure(name) }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            if leavesOutHidden, status.st_mode & 0o077 == 0, status.st_size <= greatestKey,
                isKey(try bytes(of: place, name))
            {
                guard isNamed else { return }
                throw FileBundleError("\(name) is a private key or join file of sweepd, which does not travel")
            }
            // A file with a hole may say that it has any size.
            size = Int(status.st_size) > greatestSize ? greatestSize + 1 : size + Int(status.st_size)
            guard size <= greatestSize else {
                throw FileBundleError(
                    "more than \(greatestSize / 1_048_576) MB with \(name); that is the most that travels"
                )
            }
            let kind: Kind = status.st_mode & 0o111 == 0 ? .file : .program
            entries.append(Entry(path: path, kind: kind, bytes: try bytes(of: place, name)))
        case S_IFDIR:
            var link = stat()
            guard lstat(place, &link) == 0, link.st_mode & S_IFMT == S_IFDIR || path.isEmpty else {
                throw FileBundleError("\(name) is a link to a folder; only files and folders travel")
            }
            let children = try names(in: place, name)
            if leavesOutHidden, children.contains(where: coordinatorFiles.contains) {
                guard isNamed else { return }
                throw FileBundleError("\(name) is a coordinator's directory, whose store and keys do not travel")
            }
            if !path.isEmpty { entries.append(Entry(path: path, kind: .folder, bytes: [])) }
            guard entries.count <= greatestCount else {
                throw FileBundleError("more than \(greatestCount) files in \(name)")
            }
            for child in children
            where !leavesOutHidden || !(child.hasPrefix(".") || child == "__pycache__") {
                let below = path.isEmpty ? child : path + "/" + child
                try read(place + "/" + child, as: below, into: &entries, &size, leavesOutHidden: leavesOutHidden)
            }
        default: throw FileBundleError("\(name) is no file and no folder")
        }
    }

    /// Bytes that a private key or a join file has at most; of those that are written here none has a thousand.
    private static let greatestKey = 64 << 10

    /// Whether a text is a key pair or a join file as this program writes them: lines of their words, of which one is a secret key.
    private static func isKey(_ bytes: [UInt8]) -> Bool {
        let words: Set<Substring> = ["endpoint", "name", "public", "role", "secret", "server"]
        var hasSecret = false
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            guard fields.count == 2, words.contains(first) else { return false }
            if first == "secret", fields[1].utf8.count == 40 { hasSecret = true }
        }
        return hasSecret
    }

    private static func failure(_ name: String) -> FileBundleError {
        FileBundleError("\(name): \(String(cString: strerror(errno)))")
    }

    private static func names(in folder: String, _ name: String) throws(FileBundleError) -> [String] {
        guard let stream = opendir(folder) else { throw failure(name) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let child = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let child else { throw FileBundleError("\(name) has a file whose name is not UTF-8") }
            if child != ".", child != ".." { names.append(child) }
        }
        return names.sorted()
    }

    private static func bytes(of file: String, _ name: String) throws(FileBundleError) -> [UInt8] {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(name) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure(name)
            }
            bytes += buffer[..<count]
            guard bytes.count <= greatestSize else { throw FileBundleError("\(name) grows while it is read") }
        }
    }

    /// Writes everything below a folder, which is made.
    package func write(to folder: String) throws(FileBundleError) {
        try Self.makeFolder(folder)
        for entry in entries {
            let place = folder + "/" + entry.path
            var parent = folder
            for part in entry.path.split(separator: "/").dropLast() {
                parent += "/" + part
                try Self.makeFolder(parent)
            }
            if entry.kind == .folder {
                try Self.makeFolder(place)
            } else {
                try Self.write(entry.bytes, to: place, mode: entry.kind == .program ? 0o755 : 0o644)
            }
        }
    }

    /// Makes a folder, unless it is there.
    static func makeFolder(_ path: String) throws(FileBundleError) {
        guard mkdir(path, 0o755) != 0 else { return }
        var status = stat()
        guard errno == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw failure(path) }
    }

    /// Writes a new file.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(FileBundleError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw failure(path)
            }
        }
    }

    /// Removes a folder with all that is in it, whatever it may be called and whoever may write there; what cannot be
    /// removed stays.
    static func remove(_ path: String) {
        guard unlink(path) != 0, errno != ENOENT else { return }
        chmod(path, 0o700)
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if folder >= 0 { empty(folder) }
        rmdir(path)
    }

    /// Removes all that is in an open folder, and closes it.
    private static func empty(_ folder: Int32) {
        guard let stream = fdopendir(folder) else {
            close(folder)
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    guard strcmp(name, ".") != 0, strcmp(name, "..") != 0, unlinkat(folder, name, 0) != 0 else {
                        return
                    }
                    var status = stat()
                    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                        status.st_mode & S_IFMT == S_IFDIR
                    else { return }
                    fchmodat(folder, name, 0o700, 0)
                    let below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                    if below >= 0 { empty(below) }
                    unlinkat(folder, name, AT_REMOVEDIR)
                }
            }
        }
    }
}
