import Foundation
import Testing

extension Bench {
    /// Makes a key pair and returns its file and its public half.
    package func newKey(_ name: String) async throws -> (file: String, key: String) {
        let file = path(name)
        let made = try await run(["sweepd", "keys", "new", file], exits: 0)
        let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        try #require(key.count == 40)
        return (file, key)
    }

    /// Makes a coordinator's own keys in its folder, and returns the public half.
    package func coordinatorKey(directory: String = "coordinator") async throws -> String {
        try FileManager.default.createDirectory(atPath: path(directory), withIntermediateDirectories: true)
        return try await newKey("\(directory)/coordinator.key").key
    }

    /// Makes a pair that a coordinator lets in, and returns the options that use it.
    package func allowedKey(
        _ name: String,
        role: String,
        server: String,
        directory: String = "coordinator"
    ) async throws -> [String] {
        let pair = try await newKey("\(name).key")
        try await run(
            ["sweepd", "keys", "allow", pair.key, "--role", role, "--name", name, "--directory", path(directory)],
            exits: 0
        )
        return ["--key", pair.file, "--server-key", server]
    }
}
