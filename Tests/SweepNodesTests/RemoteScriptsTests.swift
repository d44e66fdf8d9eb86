import Foundation
import Glibc
import SweepNodes
import Testing

/// The scripts for hosts, run by the shell of this machine.
@Suite struct RemoteScriptsTests {
    private let folder: URL
    private let scripts: RemoteScripts

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-scripts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        scripts = RemoteScripts(ListedHost(target: "here", name: "red", directory: folder.path))
    }

    private func answer(_ script: String) throws -> RemoteAnswer {
        let shell = Process()
        let output = Pipe()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", script]
        shell.standardOutput = output
        try shell.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        shell.waitUntilExit()
        return RemoteAnswer(String(decoding: text, as: UTF8.self))
    }

    @Test(arguments: [("exit 255", "exit code 255"), ("exit 193", "exit code 193"), ("kill -ILL $$", "signal 4")])
    func `how a program that does not run there ends is a signal only where there is such a one`(
        program: String,
        words: String
    ) throws {
        let place = folder.appending(path: "bin/sweepd")
        try FileManager.default.createDirectory(at: folder.appending(path: "bin"), withIntermediateDirectories: true)
        try Data("#!/bin/sh\n\(program)\n".utf8).write(to: place)
        #expect(chmod(place.path, 0o755) == 0)
        #expect(try answer(scripts.identify)["problem"] == "sweepd does not run there: \(words)")
    }

    /// A process with the worker's words that does this when it is asked to end; it listens already.
    private func worker(whenAsked action: String) throws -> Process {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", "trap '\(action)' TERM; echo ready; while :; do sleep 0.05; done", "sh", folder.path + "/red.key",
        ]
        process.standardOutput = output
        try process.run()
        #expect(try output.fileHandleForReading.read(upToCount: 6) == Data("ready\n".utf8))
        try Data("\(process.processIdentifier)\n".utf8).write(to: folder.appending(path: "red.pid"))
        try Data("1\n".utf8).write(to: folder.appending(path: "red.stop-seconds"))
        return process
    }

    @Test func `a worker that does not end is killed when its time is over`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = try worker(whenAsked: ":")
        #expect(try answer(scripts.stop(within: 1))["killed"] == "\(process.processIdentifier)")
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
        #expect(try answer(scripts.stop(within: 1))["absent"] != nil)
    }

    @Test func `a process that has the number of a worker that ended is left alone`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = try worker(whenAsked: "exec sleep 60")
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let told = try answer(scripts.stop(within: 1))
        #expect(told["stopped"] == "\(process.processIdentifier)" && told["killed"] == nil)
        #expect(process.isRunning)
    }
}
