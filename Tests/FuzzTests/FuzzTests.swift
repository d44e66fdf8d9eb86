import Foundation
import SweepNumerics
import Testing

/// Whatever bytes a decoder is given, it reads or refuses them: no trap, no stall, no memory without bound.
///
/// Each test runs some hundred inputs. `make fuzz SECONDS=600` gives each decoder so many seconds, keeps the input under way in
/// `.build/fuzz`, and looks at the process's memory at the end.
@Suite(.serialized) struct FuzzTests {
    /// Seconds for each decoder, in `make fuzz`.
    private static let seconds = number("SWEEPD_FUZZ_SECONDS").map { Double($0) }
    /// A seed of an earlier run, to see it again.
    private static let givenSeed = number("SWEEPD_FUZZ_SEED")
    /// Inputs for each decoder in `make test`: ten seconds for all of them on a quiet machine, in debug.
    private static let inputs = 120
    /// The slowest decoder takes milliseconds here; a machine under load, or one being looked at by a sanitizer, is slower.
    private static let longest = Duration.seconds(20)
    /// What the largest allowed input may make the process hold, the tests themselves included.
    private static let memoryLimit = 1_500 << 20

    @Test(arguments: Decoder.all)
    func `every input of the corpus is read`(decoder: Decoder) throws {
        if Corpus.isToBeWritten, let inputs = try Samples.inputs(of: decoder.name) {
            try Corpus.write(decoder.name, inputs)
        }
        let corpus = try Corpus.read(decoder.name)
        #expect(!corpus.isEmpty)
        for input in corpus { #expect(decoder.reads(input.bytes), "\(decoder.name)/\(input.name)") }
    }

    @Test(arguments: Decoder.all)
    func `changed inputs are read or refused`(decoder: Decoder) throws {
        let seed = Self.givenSeed ?? UInt64.random(in: 0...UInt64.max)
        var mutator = Mutator(seed: seed, corpus: try Corpus.read(decoder.name).map(\.bytes))
        let last = Self.seconds == nil ? nil : try LastInput(Self.file("\(decoder.name).last"))
        let end = ContinuousClock.now + .seconds(Self.seconds ?? 0)
        var slowest = Duration.zero
        var read = 0
        var count = 0
        while Self.seconds == nil ? count < Self.inputs : ContinuousClock.now < end {
            let input = mutator.next()
            try last?.keep(input)
            let begun = ContinuousClock.now
            if decoder.reads(input) { read += 1 }
            slowest = max(slowest, begun.duration(to: .now))
            count += 1
        }
        let told = "\(decoder.name), seed \(seed): \(count) inputs, \(read) read, slowest \(slowest)"
        #expect(slowest < Self.longest, "\(told)")
        // A decoder that refuses everything tests nothing behind its first look.
        #expect(count - read > 0, "\(told)")
        if let last {
            last.remove()
            print(told)
            let peak = try Self.peakMemory()
            #expect(peak < Self.memoryLimit, "\(told); the process held \(peak >> 20) MiB")
        }
    }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    private static func file(_ name: String) throws -> URL {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: ".build/fuzz")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.appending(path: name)
    }

    /// The most memory this process ever held, in bytes.
    private static func peakMemory() throws -> Int {
        let status = try String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
    }
}

/// The input that is being tried, on the disk in case that it is the last.
private struct LastInput {
    private let url: URL
    private let handle: FileHandle

    init(_ url: URL) throws {
        self.url = url
        try Data().write(to: url)
        handle = try FileHandle(forWritingTo: url)
    }

    /// Written over and cut to size: emptied first, a file is flushed to the disk at each turn.
    func keep(_ input: [UInt8]) throws {
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: Data(input))
        try handle.truncate(atOffset: UInt64(input.count))
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
