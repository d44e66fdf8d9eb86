extension Socket {
    /// Makes this the server's end of CURVE: who does not prove to hold a key that the authenticator allows is turned away.
    ///
    /// Fails closed: with no authenticator bound in the context, everyone is.
    package func requireKeys(server keys: CurveKeyPair) throws(ZMQError) {
        try set(.curveServer, true)
        try set(.curveSecretKey, keys.secretKey)
        try set(.zapDomain, Authenticator.domain)
        try set(.enforceZAPDomain, true)
    }

    /// Makes this the client's end of CURVE: the server must prove to hold the secret half of `server`.
    func proveKeys(_ keys: CurveKeyPair, server: CurvePublicKey) throws(ZMQError) {
        try set(.curvePublicKey, keys.publicKey.z85)
        try set(.curveSecretKey, keys.secretKey)
        try set(.curveServerKey, server.z85)
    }
}
