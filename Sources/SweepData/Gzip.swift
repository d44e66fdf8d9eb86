internal import CZlib

/// Unpacking of gzip by zlib.
///
/// Source: RFC 1952; several members after one another are one content, zero bytes after the last are padding.
enum Gzip {
    /// Why a content could not be unpacked.
    enum Failure: Error, Equatable {
        case truncated, damaged, trailingBytes, tooLarge, noMemory
        case noRoom(NoRoom)

        var wrong: String {
            switch self {
            case .truncated: "the gzip data ends too early"
            case .damaged: "the gzip data is damaged"
            case .trailingBytes: "after the gzip data stand bytes that are not gzip"
            case .tooLarge: "the file unpacks to too much"
            case .noMemory: "there is not enough memory to unpack the file"
            case .noRoom(let error): error.description
            }
        }
    }

    /// Whether `bytes` start as gzip does.
    static func isPacked(_ bytes: Blob) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b
    }

    /// Adds the content of `packed` to `output`; what it takes stays below `limit` plus a chunk whatever the bytes are.
    static func unpack(_ packed: Blob, limit: Int, into output: BlobWriter) throws(Failure) {
        var failure: Failure?
        packed.withUnsafeBufferPointer { input in
            var offset = 0
            repeat {
                switch unpackMember(input, &offset, into: output, limit: limit) {
                case .success: break
                case .failure(let error): failure = error
                }
                if failure != nil || offset >= input.count { return }
                if input[offset...].allSatisfy({ $0 == 0 }) { return }
                if input.count - offset < 2 || input[offset] != 0x1f || input[offset + 1] != 0x8b {
                    failure = .trailingBytes
                }
            } while failure == nil
        }
        if let failure { throw failure }
    }

    /// How much to reserve: what the last member says, which the sender chose, but no more than deflate's best ratio
    /// (1032 : 1, zlib's technical notes) makes of this input.
    static func expectedSize(_ packed: Blob, limit: Int) -> Int {
        guard packed.count >= 18 else { return 0 }
        let said = packed.suffix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        return min(said, limit, packed.count * 1032)
    }

    private static func unpackMember(
        _ input: UnsafeBufferPointer<UInt8>,
        _ offset: inout Int,
        into output: BlobWriter,
        limit: Int
    ) -> Result<Void, Failure> {
        var stream = z_stream()
        // 15 bits of window, + 16: a gzip header is expected and its checksum compared.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return .failure(.noMemory)
        }
        defer { inflateEnd(&stream) }
        let chunk = 1 << 18
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: chunk) { buffer in
            while true {
                // zlib counts in 32 bits.
                let offered = min(input.count - offset, 1 << 30)
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + offset)
                stream.avail_in = uInt(offered)
                stream.next_out = buffer.baseAddress
                stream.avail_out = uInt(chunk)
                let status = inflate(&stream, Z_NO_FLUSH)
                offset += offered - Int(stream.avail_in)
                let made = chunk - Int(stream.avail_out)
                guard output.count + made <= limit else { return .failure(.tooLarge) }
                do throws(NoRoom) {
                    try output.append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[..<made])))
                } catch { return .failure(.noRoom(error)) }
                switch status {
                case Z_STREAM_END: return .success(())
                case Z_OK, Z_BUF_ERROR:
                    if offset >= input.count, made < chunk { return .failure(.truncated) }
                case Z_MEM_ERROR: return .failure(.noMemory)
                default: return .failure(.damaged)
                }
            }
        }
    }
}
