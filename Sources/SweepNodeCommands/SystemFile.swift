import Glibc

/// Small things to do with files, without Foundation.
enum SystemFile {
    /// What stands in a file, cut after `limit` bytes; nil where it cannot be opened.
    static func text(_ path: String, limit: Int) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return text(file, limit: limit)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes the folder that a file is to lie in, and those above it that are not there; throws a `CommandFailure`.
    static func makeFolder(of file: String, mode: mode_t = 0o777) throws {
        var made = file.hasPrefix("/") ? "/" : ""
        for name in file.split(separator: "/").dropLast() {
            made += "\(name)/"
            guard mkdir(made, mode) != 0 else { continue }
            let reason = String(cString: strerror(errno))
            // With the slash at its end a file that is no folder counts as missing.
            guard !exists(made) else { continue }
            throw CommandFailure(.badInput, "\(made.dropLast()): cannot be made: \(reason)")
        }
    }

    /// What comes from a descriptor until its end, cut after `limit` bytes.
    static func text(_ file: Int32, limit: Int) -> String {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = read(file, &part, min(part.count, limit - bytes.count))
            if count > 0 {
                bytes += part[..<count]
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
