import SweepCore
import SweepStore
import Testing

@Suite struct ObjectPiecesTests {
    @Test(arguments: [0, 1, 256 * 1024, 700_000])
    func `bytes put piece by piece are the object that they are in one`(_ size: Int) throws {
        let (one, other) = (try TemporaryDirectory(), try TemporaryDirectory())
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let store = ObjectStore(directory: one.path)
        let hash = try bytes.withUnsafeBytes { try store.put(pieces: $0) }
        #expect(try hash == ObjectStore(directory: other.path).put(bytes))
        #expect(try store.read(hash) == bytes)
        #expect(try bytes.withUnsafeBytes { try store.put(pieces: $0) } == hash)
        var read: [UInt8] = []
        try store.forEachPiece(of: hash) { read += $0 }
        #expect(read == bytes)
    }

    @Test func `an object that is missing or has other bytes is told`() throws {
        let folder = try TemporaryDirectory()
        let store = ObjectStore(directory: folder.path)
        let hash = try store.put([1, 2, 3])
        #expect(throws: StoreError.self) {
            try store.forEachPiece(of: try #require(ContentHash(bytes: [UInt8](repeating: 1, count: 32)))) { _ in }
        }
        try folder.write([9], to: "objects/\(hash.hex.prefix(2))/\(hash.hex)")
        #expect(throws: StoreError.objectCorrupt(hash)) { try store.forEachPiece(of: hash) { _ in } }
    }
}
