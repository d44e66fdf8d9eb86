package import Foundation
import Glibc
package import Testing

/// What went wrong while a test watched processes.
package struct ProcessFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A folder and the processes of one test.
///
/// Nothing is shared with another test: no port, no folder, no process. What is awaited is awaited by looking at it,
/// never by sleeping for as long as it should take.
package final class Bench: @unchecked Sendable {
    /// The test's folder; gone after the test.
    package let folder: URL
    private var children: [Child] = []

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-test-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Runs `body`, then ends every process it started. If it fails, the processes' last lines are part of the issue.
    package static func run(
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (Bench) async throws -> Void
    ) async throws {
        let bench = try Bench()
        do { try await body(bench) } catch {
            let reports = bench.children.suffix(12).map(\.report).joined(separator: "\n")
            Issue.record("\(error)\n\(reports)", sourceLocation: sourceLocation)
        }
        await bench.end()
    }

    /// The path of something in the folder.
    package func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Writes a file into the folder and returns its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// Copies a sweep of the package, and the digits beside it, with parts of its text replaced.
    package func sweep(_ name: String, _ replaced: [String: String] = [:]) throws -> String {
        var text = try String(contentsOf: Program.root.appending(path: "sweeps/\(name).yaml"), encoding: .utf8)
        for (part, replacement) in replaced {
            guard text.contains(part) else { throw ProcessFailure("sweeps/\(name).yaml does not say \(part)") }
            text = text.replacing(part, with: replacement)
        }
        let data = folder.appending(path: "data/digits.csv.gz")
        if !FileManager.default.fileExists(atPath: data.path) {
            try write("data/README", "")
            try FileManager.default.copyItem(at: Program.root.appending(path: "sweeps/data/digits.csv.gz"), to: data)
        }
        return try write("\(name.split(separator: "/").last ?? "").yaml", text)
    }

    // MARK: Processes

    /// Starts a process that is to live until the test ends it; `sweepd` stands for the program under test.
    package func start(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        mayEnd: Bool = false
    ) throws -> Child {
        let words = arguments.map { $0 == "sweepd" ? Program.sweepd.path : $0 }
        let number = children.count + 1
        let child = try Child("\(number)-\(name)", words, environment: environment, in: folder, mayEnd: mayEnd)
        children.append(child)
        return child
    }

    /// Runs a command to its end.
    package func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        within seconds: Double = 60
    ) async throws -> Child {
        let named = arguments.drop { $0 != "sweepd" }.dropFirst().first ?? arguments[0]
        let child = try start(
            named.split(separator: "/").last.map(String.init) ?? "command",
            arguments,
            environment: environment,
            mayEnd: true
        )
        try await ended(child, within: seconds)
        return child
    }

    /// Runs a command that must end with `status`.
    @discardableResult
    package func run(
        _ arguments: [String],
        exits status: Int,
        within seconds: Double = 60,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Child {
        let child = try await run(arguments, within: seconds)
        try #require(child.status == status, "\(child.command)\n\(child.errors)", sourceLocation: sourceLocation)
        return child
    }

    /// Waits for the end of a process.
    package func ended(_ child: Child, within seconds: Double = 60) async throws {
        try await wait("\(child.name) ends", within: seconds) { !child.isRunning }
    }

    // MARK: Waiting

    /// Looks every 20 ms until `condition` holds; fails at the deadline or when a process ended that should live.
    package func wait(
        _ what: String,
        within seconds: Double = 60,
        until condition: () async throws -> Bool
    ) async throws {
        let _: Bool = try await value(what, within: seconds) { try await condition() ? true : nil }
    }

    /// Looks every 20 ms, or as often as told, until there is a value.
    @discardableResult
    package func value<Value>(
        _ what: String,
        within seconds: Double = 60,
        every pause: Duration = .milliseconds(20),
        state: () -> String = { "" },
        _ look: () async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let found = try await look() { return found }
            for child in children where !child.mayEnd && !child.isRunning {
                throw ProcessFailure("waiting for: \(what); but \(child.name) ended with \(child.status)")
            }
            guard ContinuousClock.now < deadline else {
                throw ProcessFailure("not within \(seconds) s: \(what). \(state())")
            }
            try await Task.sleep(for: pause)
        }
    }

    // MARK: The end

    /// Ends every process that was started: asked to first, then killed.
    package func endProcesses() async {
        // A shell ends without those it started.
        for child in children.reversed() {
            let started = child.children
            child.signal(SIGTERM)
            for pid in started { kill(pid, SIGTERM) }
        }
        await settle(seconds: 5)
        for child in children { child.signal(SIGKILL) }
        await settle(seconds: 5)
    }

    private func end() async {
        await endProcesses()
        try? FileManager.default.removeItem(at: folder)
    }

    private func settle(seconds: Double) async {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while children.contains(where: \.isRunning), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
