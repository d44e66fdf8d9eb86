import Foundation

/// The inputs that are known to be read, one file each, in `Corpus/DECODER/`.
///
/// They are made by this build's own encoders and by hand. After a change of a format make them anew with
/// `SWEEPD_WRITE_CORPUS=1 swift test --filter FuzzTests`, and look at the difference.
enum Corpus {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    static let isToBeWritten = ProcessInfo.processInfo.environment["SWEEPD_WRITE_CORPUS"] != nil

    /// The inputs of a decoder, by name.
    static func read(_ decoder: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = folder.appending(path: decoder)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, [UInt8](try Data(contentsOf: folder.appending(path: name))))
        }
    }

    /// Replaces the inputs of a decoder.
    static func write(_ decoder: String, _ inputs: [(name: String, bytes: [UInt8])]) throws {
        let folder = folder.appending(path: decoder)
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for input in inputs { try Data(input.bytes).write(to: folder.appending(path: input.name)) }
    }
}
