/// The bytes of `GoldenSamples`, in hexadecimal: what other builds of the same versions read and write.
///
/// To change one is to change the protocol (or the journal): raise its version, then put the new bytes here and a new
/// digest in `GoldenTests`.
enum GoldenBytes {
    static let messages: [String] = []
    static let facts: [String] = []
}
