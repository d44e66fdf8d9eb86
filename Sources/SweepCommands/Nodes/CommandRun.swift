import Foundation
import Glibc

/// A program that was run to its end, with what it printed.
struct CommandRun: Sendable {
    /// Its exit code, or 128 and the number of the signal; 127 when it could not be started, 124 when its time was over.
    let status: Int32
    let output: String
    let errors: String

    /// The last line on standard error that says something, for a sentence.
    var lastError: String {
        errors.split(whereSeparator: \.isNewline).last.map { $0.trimmingCharacters(in: .whitespaces) }
            ?? "exit code \(status)"
    }

    /// What it reads.
    enum Input: Sendable {
        case nothing
        case text(String)
        case file(String)
    }

    /// Runs `words[0]`, found on the path, on a thread of its own; it is killed when `seconds` are over.
    static func of(_ words: [String], reading input: Input = .nothing, within seconds: Double) async -> CommandRun {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Self.finished(words, reading: input, within: seconds))
            }
        }
    }

    private static func finished(_ words: [String], reading input: Input, within seconds: Double) -> CommandRun {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        var written: Pipe?
        switch input {
        case .nothing: process.standardInput = FileHandle.nullDevice
        case .text:
            let pipe = Pipe()
            process.standardInput = pipe
            written = pipe
        case .file(let path):
            guard let file = FileHandle(forReadingAtPath: path) else {
                return CommandRun(status: 127, output: "", errors: "\(path): cannot be read")
            }
            process.standardInput = file
        }
        do { try process.run() } catch { return CommandRun(status: 127, output: "", errors: "\(words[0]): \(error)") }
        let deadline = DispatchTime.now() + seconds
        let timer = DispatchWorkItem { [pid = process.processIdentifier] in kill(pid, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: deadline, execute: timer)
        let errorText = Drained(errors.fileHandleForReading)
        // A script is shorter than a pipe holds, so that this does not wait for a reader that has not begun.
        if let written, case .text(let text) = input {
            try? written.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try? written.fileHandleForWriting.close()
        }
        let text = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        timer.cancel()
        let wasKilled = process.terminationReason == .uncaughtSignal
        let isLate = wasKilled && process.terminationStatus == SIGKILL && DispatchTime.now() >= deadline
        return CommandRun(
            status: isLate ? 124 : wasKilled ? 128 + process.terminationStatus : process.terminationStatus,
            output: String(decoding: text, as: UTF8.self),
            errors: isLate ? "no end within \(Int(seconds)) s" : errorText.text
        )
    }

    /// Reads a pipe to its end on another thread, so that neither of two can fill up while the other is read.
    private final class Drained: @unchecked Sendable {
        // Sendable because `data` is written before the semaphore is raised and read after.
        private var data = Data()
        private let end = DispatchSemaphore(value: 0)

        init(_ handle: FileHandle) {
            Thread.detachNewThread { [self] in
                data = (try? handle.readToEnd()) ?? Data()
                end.signal()
            }
        }

        var text: String {
            end.wait()
            return String(decoding: data, as: UTF8.self)
        }
    }
}
