import CSodium
import SweepCore

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
///
/// `SweepData` has its own for bytes at hand: what both could share would be `SweepCore`, which links no library.
struct ContentHasher {
    private var state = crypto_hash_sha256_state()

    init() { crypto_hash_sha256_init(&state) }

    /// Adds the next bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        crypto_hash_sha256_update(&state, bytes.bindMemory(to: UInt8.self).baseAddress, UInt64(bytes.count))
    }

    /// The hash of all bytes added; the hasher is used up.
    consuming func finish() -> ContentHash {
        var digest = [UInt8](repeating: 0, count: 32)
        crypto_hash_sha256_final(&state, &digest)
        guard let hash = ContentHash(bytes: digest) else { preconditionFailure("SHA-256 has 32 bytes") }
        return hash
    }

    /// The hash of bytes in one piece.
    static func hash(_ bytes: [UInt8]) -> ContentHash {
        var hasher = ContentHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finish()
    }
}
