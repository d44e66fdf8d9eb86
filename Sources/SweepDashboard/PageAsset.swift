import CZlib
import SweepReports

/// A file of the page, as `scripts/generate-page` packed it.
struct PageAsset: Sendable {
    /// Where it is served.
    let path: String
    let type: String
    /// Its entity tag, of its content.
    let tag: String
    /// Its bytes without gzip.
    let size: Int
    /// Gzip.
    let packed: [UInt8]

    init(path: String, type: String, tag: String, size: Int, packed: StaticString) {
        self.path = path
        self.type = type
        self.tag = "\"\(tag)\""
        self.size = size
        self.packed = Base64.decode("\(packed)") ?? []
    }

    /// The file at this path of an address.
    static func at(_ target: String) -> PageAsset? { byPath[String(target.prefix { $0 != "?" })] }

    private static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

    /// What browsers are told beside: where the page may get things from, and that it is shown in no frame.
    var headers: [String: String] {
        guard type.hasPrefix("text/html") else { return [:] }
        return [
            "content-security-policy":
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
                + "trusted-types 'none'",
            "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
            "x-frame-options": "DENY",
        ]
    }

    /// The content; empty if the packed bytes are damaged, which a test rules out.
    var plain: [UInt8] {
        var output = [UInt8](repeating: 0, count: size)
        var stream = z_stream()
        // 15 bits of window, + 16: a gzip header is expected and its checksum compared.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return []
        }
        defer { inflateEnd(&stream) }
        var input = packed
        let status = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        return status == Z_STREAM_END && stream.avail_out == 0 ? output : []
    }
}
