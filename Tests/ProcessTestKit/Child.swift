import Foundation
import Glibc

/// A process that a test started, its two streams in files.
package final class Child: @unchecked Sendable {
    package let name: String
    package let command: String
    private let process: Process
    private let files: (output: URL, errors: URL)
    /// Whether the test means it to end: then its end is no surprise.
    package private(set) var mayEnd: Bool

    /// Starts `arguments[0]` with the rest; its output goes to `NAME.out` and `NAME.err` in `folder`.
    init(_ name: String, _ arguments: [String], environment: [String: String], in folder: URL, mayEnd: Bool) throws {
        self.name = name
        self.mayEnd = mayEnd
        command = arguments.joined(separator: " ")
        files = (folder.appending(path: "\(name).out"), folder.appending(path: "\(name).err"))
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        for file in [files.output, files.errors] { try Data().write(to: file) }
        let handles = (try FileHandle(forWritingTo: files.output), try FileHandle(forWritingTo: files.errors))
        process.standardOutput = handles.0
        process.standardError = handles.1
        try process.run()
        try handles.0.close()
        try handles.1.close()
    }

    package var pid: Int { Int(process.processIdentifier) }
    package var isRunning: Bool { process.isRunning }

    /// How it ended: its exit code, or 128 and the number of the signal.
    package var status: Int {
        process.terminationReason == .uncaughtSignal
            ? 128 + Int(process.terminationStatus) : Int(process.terminationStatus)
    }

    package var output: String { Self.text(files.output) }
    package var errors: String { Self.text(files.errors) }

    /// Sends a signal; from here on the process may end.
    package func signal(_ number: Int32) {
        mayEnd = true
        if process.isRunning { kill(process.processIdentifier, number) }
    }

    /// Stops it, and the processes that it started, as a machine that is suspended does; or lets them go on.
    package func suspend(_ isSuspended: Bool) {
        for pid in [process.processIdentifier] + children { kill(pid, isSuspended ? SIGSTOP : SIGCONT) }
    }

    /// The processes that it has started and that are there.
    package var children: [Int32] {
        let path = "/proc/\(pid)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let lists = threads.compactMap { try? String(contentsOfFile: "\(path)/\($0)/children", encoding: .utf8) }
        return lists.flatMap { $0.split(separator: " ") }.compactMap { Int32($0) }
    }

    /// What it logs, from its first line on.
    package var log: FollowedLog { FollowedLog(files.errors) }

    /// What a reader needs to see when a test fails.
    var report: String {
        let state = isRunning ? "running" : "ended with \(status)"
        return "── \(name) (\(state)): \(command)\n" + Self.tail(output) + Self.tail(errors)
    }

    private static func text(_ file: URL) -> String {
        (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func tail(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).suffix(25).map { "   \($0)\n" }.joined()
    }
}
