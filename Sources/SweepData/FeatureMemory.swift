internal import Glibc

/// Memory for prepared rows: the process's own, or beyond a size a file's, mapped.
///
/// The file has no name from its first moment on, so nothing is left of it however the process ends. The system writes pages
/// that are not in use to it and takes their memory back, where the process's own memory would have to go to swap; so
/// rows larger than memory can be trained on, as slowly as the disk reads. Its whole size is reserved on the disk at
/// once: a full disk is an error here, and no fault of a later write.
///
/// Sendable because the pointer does not change, and who writes through it is the owner's affair.
final class FeatureMemory: @unchecked Sendable {
    /// The first float, at a multiple of 64 bytes; all floats are 0 at first.
    let floats: UnsafeMutablePointer<Float>
    private let count: Int
    private let isMapped: Bool

    /// Room for `count` floats; from more than `limit` bytes on in a file.
    init(count: Int, mappedAbove limit: Int) throws(PreprocessingError) {
        let size = max(count, 1) * MemoryLayout<Float>.stride
        self.count = count
        isMapped = size > limit
        if isMapped {
            floats = try Self.mapped(size).bindMemory(to: Float.self, capacity: count)
        } else {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
            floats = memory.bindMemory(to: Float.self, capacity: count)
            floats.initialize(repeating: 0, count: count)
        }
    }

    deinit {
        if isMapped {
            munmap(floats, count * MemoryLayout<Float>.stride)
        } else {
            floats.deallocate()
        }
    }

    private static func mapped(_ size: Int) throws(PreprocessingError) -> UnsafeMutableRawPointer {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        // Not /tmp, which is often memory itself.
        let place = folder.isEmpty ? "/var/tmp" : folder
        func failed(_ code: Int32) -> PreprocessingError {
            .noSpace(bytes: size, folder: place, reason: String(cString: strerror(code)))
        }
        var template = Array((place + "/sweepd-rows-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failed(errno) }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        let reserved = posix_fallocate(descriptor, 0, size)
        guard reserved == 0 else { throw failed(reserved) }
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw failed(errno) }
        return memory
    }
}
