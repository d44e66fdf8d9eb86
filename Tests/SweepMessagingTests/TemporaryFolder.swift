import Glibc

/// Runs `body` with the path of a new folder, and removes it with the files in it.
func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/sweep-messaging.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemFailure(call: "mkdtemp", code: errno) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        for name in entries(of: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }
    return try await body(path)
}

/// The names in a folder, without `.` and `..`.
func entries(of path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

/// A call of the system that failed in a test.
struct SystemFailure: Error {
    let call: String
    let code: Int32
}

/// Writes a file as a person might, with the mode given.
func writeFile(_ text: String, to path: String, mode: mode_t = 0o600) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard file >= 0 else { throw SystemFailure(call: "open", code: errno) }
    defer { close(file) }
    fchmod(file, mode)
    let data = Array(text.utf8)
    guard write(file, data, data.count) == data.count else { throw SystemFailure(call: "write", code: errno) }
}

/// A file's text.
func readFile(_ path: String) throws -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw SystemFailure(call: "open", code: errno) }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(file, &buffer, buffer.count)
    guard count >= 0 else { throw SystemFailure(call: "read", code: errno) }
    return String(decoding: buffer[..<count], as: UTF8.self)
}

/// The permission bits of a file.
func mode(of path: String) throws -> mode_t {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemFailure(call: "stat", code: errno) }
    return status.st_mode & 0o7777
}
