import Glibc

/// Why a file's text cannot be had.
struct FileTextFault: Error {
    let line: Int?
    let message: String
}

/// Reads a small text file whole.
enum FileText {
    /// Bytes of the largest sweep file: far beyond any that people write, small enough to read without thought.
    static let greatestSize = 1_048_576

    /// The text of the file at `path`, which must be UTF-8 and at most `greatestSize` bytes.
    static func read(_ path: String) throws(FileTextFault) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileTextFault(line: nil, message: "cannot be read: \(reason(errno))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count <= greatestSize {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, filled in
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                filled = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileTextFault(line: nil, message: "cannot be read: \(reason(errno))") }
            if count == 0 { break }
            bytes += chunk
        }
        guard bytes.count <= greatestSize else {
            throw FileTextFault(line: nil, message: "larger than a sweep file may be, allowed \(greatestSize) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }.map { $0 + 1 }
            throw FileTextFault(line: line, message: "not UTF-8 text")
        }
        return text
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
