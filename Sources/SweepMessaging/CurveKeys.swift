import CZeroMQ

/// A CURVE public key: 32 bytes, written as 40 characters of Z85 (ZeroMQ RFC 32).
///
/// Who holds the secret half is that peer.
package struct CurvePublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The key in Z85.
    package let z85: String

    /// Nil unless the text is 40 characters that decode to 32 bytes.
    package init?(z85: String) {
        guard Z85.isKey(z85) else { return nil }
        self.z85 = z85
    }

    /// The key that ZAP hands over as plain bytes; nil unless there are 32.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        var text = [CChar](repeating: 0, count: Z85.keyCharacters + 1)
        guard zmq_z85_encode(&text, bytes, bytes.count) != nil else { return nil }
        z85 = Z85.string(text)
    }

    package var description: String { z85 }
}

/// A CURVE key pair.
///
/// Its descriptions and mirrors never show the secret half.
package struct CurveKeyPair: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The half that others may know: what `keys allow` and `--server-key` take.
    package let publicKey: CurvePublicKey
    /// The other half, Z85.
    ///
    /// Goes into a socket or a key file, and nowhere else.
    package let secretKey: String

    /// Makes a new pair from the system's random source.
    ///
    /// One public key in 85 would begin with `-` and be taken for an option on a command line: such a pair is made
    /// again. Throws `ENOTSUP` if libzmq was built without CURVE.
    package init() throws(ZMQError) {
        var publicText = [CChar](repeating: 0, count: Z85.keyCharacters + 1)
        var secretText = publicText
        repeat {
            guard zmq_curve_keypair(&publicText, &secretText) == 0 else { throw ZMQError.last("make a key pair") }
        } while publicText[0] == CChar(UInt8(ascii: "-"))
        guard let key = CurvePublicKey(z85: Z85.string(publicText)) else {
            throw ZMQError(code: EINVAL, operation: "make a key pair")
        }
        publicKey = key
        secretKey = Z85.string(secretText)
    }

    /// The pair of a secret key; nil if it is no key.
    package init?(secretKey: String) {
        guard Z85.isKey(secretKey) else { return nil }
        var publicText = [CChar](repeating: 0, count: Z85.keyCharacters + 1)
        guard zmq_curve_public(&publicText, secretKey) == 0 else { return nil }
        guard let key = CurvePublicKey(z85: Z85.string(publicText)) else { return nil }
        publicKey = key
        self.secretKey = secretKey
    }

    package var description: String { "CurveKeyPair(\(publicKey))" }
    package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}

/// Text of keys.
enum Z85 {
    static let keyCharacters = 40

    static func isKey(_ text: String) -> Bool {
        // No NUL may reach the decoder, which would take it for the end.
        guard text.utf8.count == keyCharacters, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
        var bytes = [UInt8](repeating: 0, count: 32)
        return zmq_z85_decode(&bytes, text) != nil
    }

    static func string(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix(keyCharacters).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
