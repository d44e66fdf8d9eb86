import FoundationEssentials
import Glibc

/// Where a running coordinator can be reached: the content of `DIR/endpoint.json`.
package struct Endpoint: Hashable, Sendable {
    /// The address of workers and clients, as `tcp://127.0.0.1:7700`.
    package var worker: String
    /// The address of browsers and programs, as `http://127.0.0.1:7780`; nil when HTTP is off.
    package var http: String?
    /// The coordinator's process id.
    package var pid: Int
    /// The version of the protocol it speaks.
    package var protocolVersion: Int

    package init(worker: String, http: String?, pid: Int, protocolVersion: Int) {
        self.worker = worker
        self.http = http
        self.pid = pid
        self.protocolVersion = protocolVersion
    }

    /// Writes the directory's `endpoint.json`: a reader finds the old content or the new one, never a part.
    package func write(directory: String) throws(StoreError) {
        let path = Self.path(directory)
        let temporary = path + ".new"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do { bytes = try Array(encoder.encode(self)) + [10] } catch {
            throw .inputOutput(path: path, operation: "encode", reason: "\(error)")
        }
        let file = try FileSystem.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        try file.write(bytes)
        try file.synchronize()
        try FileSystem.rename(temporary, to: path)
    }

    /// The directory's `endpoint.json`, whether its coordinator still runs or not; nil if there is none.
    ///
    /// Throws `corrupt` when the file is not what `write` makes.
    package static func read(directory: String) throws(StoreError) -> Endpoint? {
        let path = path(directory)
        guard try FileSystem.size(of: path) != nil else { return nil }
        let bytes = try FileSystem.contents(of: path)
        do { return try JSONDecoder().decode(Endpoint.self, from: Data(bytes)) } catch {
            throw .corrupt(path: path, reason: "it is not the JSON that a coordinator writes")
        }
    }

    /// The endpoint of the coordinator that runs on the directory; nil when none does, also if a killed one left its
    /// file. The lock tells, not the process id, which another process may have by now.
    package static func running(directory: String) throws(StoreError) -> Endpoint? {
        guard DirectoryLock.isHeld(directory: directory) else { return nil }
        return try read(directory: directory)
    }

    /// Removes the directory's `endpoint.json`; for a coordinator that ends in order.
    package static func remove(directory: String) throws(StoreError) { try FileSystem.remove(path(directory)) }

    private static func path(_ directory: String) -> String { directory + "/endpoint.json" }
}

extension Endpoint: Codable {
    private enum CodingKeys: String, CodingKey {
        case worker, http, pid
        case protocolVersion = "protocol"
    }
}
