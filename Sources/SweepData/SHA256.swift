internal import CSodium

/// SHA-256 by libsodium: what names data sets.
package enum SHA256 {
    /// The 32 bytes of `bytes`' hash. Source: FIPS 180-4.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] { digest(Blob(bytes)) }

    /// The 32 bytes of `bytes`' hash.
    package static func digest(_ bytes: Blob) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // Needs no sodium_init: the function keeps no state. It cannot fail (libsodium returns 0 always).
        bytes.withUnsafeBufferPointer { bytes in
            _ = crypto_hash_sha256(&digest, bytes.baseAddress, UInt64(bytes.count))
        }
        return digest
    }
}
