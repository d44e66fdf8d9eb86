import Foundation
import SweepCore
import SweepData
import SweepMessaging
import SweepReports
import SweepTraining
import SweepWire

/// Inputs in the formats of this build, for the corpus.
enum Samples {
    struct Unreadable: Error {}

    /// The decoder's inputs as this build's encoders make them; nil where they are made by hand and stay.
    static func inputs(of decoder: String) throws -> [(name: String, bytes: [UInt8])]? {
        switch decoder {
        case "message": try golden("messages").map { ($0.name, Array($0.bytes.dropFirst(5))) }
        case "frames": try golden("messages").prefix(6).map { ($0.name, [6] + $0.bytes) }
        case "journal": try golden("facts")
        case "restore": try RestoreSample.rows.enumerated().map { (String(format: "%02d", $0.offset + 1), $0.element) }
        case "snapshot": RestoreSample.parts.enumerated().map { (String(format: "%02d", $0.offset + 1), $0.element) }
        case "tree": [("sample", try tree.wireBytes())]
        case "join":
            [("worker", Array(try join().text.utf8)), ("line", Array(" echo \(try join().text) | sweepd join\n".utf8))]
        case "request": try requests()
        case "packed": [("table", try packed())]
        case "checkpoint": [("epoch-0", try checkpoint(0)), ("epoch-2", try checkpoint(2))]
        default: nil
        }
    }

    /// The golden bytes of the wire's own tests: a message or fact of every kind.
    private static func golden(_ list: String) throws -> [(name: String, bytes: [UInt8])] {
        let file = Corpus.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "SweepWireTests/GoldenBytes.swift")
        let text = try String(contentsOf: file, encoding: .utf8)
        guard let start = text.range(of: "static let \(list): [String] = [") else { throw Unreadable() }
        guard let end = text.range(of: "\n    ]\n", range: start.upperBound..<text.endIndex) else { throw Unreadable() }
        let words = text[start.upperBound..<end.lowerBound].replacing("\"\"\"", with: "\"").split(separator: "\"")
        let digits = Set("0123456789abcdef")
        var inputs: [(name: String, bytes: [UInt8])] = []
        for word in words {
            let hex = Array(word.filter { digits.contains($0) })
            guard hex.count > 1 else { continue }
            let bytes = stride(from: 0, to: hex.count - 1, by: 2).compactMap {
                UInt8(String(hex[$0...$0 + 1]), radix: 16)
            }
            inputs.append((String(format: "%02d", inputs.count + 1), bytes))
        }
        return inputs
    }

    private static let tree = SpecNode.map([
        SpecEntry("name", .text("digits")),
        SpecEntry("rate", .domain(.logUniform(low: 1e-4, high: 1, points: 6))),
        SpecEntry("list", .list([.integer(-1), .real(0.5), .boolean(true), .null])),
        SpecEntry("width", .domain(.choice([ChoiceOption(.integer(4)), ChoiceOption(.integer(8))]))),
    ])

    private static func requests() throws -> [(name: String, bytes: [UInt8])] {
        guard let hash = ContentHash(hex: String(repeating: "0a", count: 32)) else { throw Unreadable() }
        let submission = Submission(
            text: "name: digits\n",
            fileName: "digits.yaml",
            tree: try tree.wireBytes(),
            dataSet: DataSetID(hash: hash, size: 1234),
            foldSets: [DataSetID(hash: hash, size: 1235)],
            schema: DataSchema(
                features: ["a", "b"],
                task: .classification(classes: ["x", "y"], trainingCounts: [3, 4]),
                trainingRows: 7,
                validationRows: 2,
                testRows: 1
            )
        )
        let values = [SpecEntry("learning_rate", .real(0.01)), SpecEntry("layers", .integer(2))]
        let enqueued = SpecNode.list([.map(values)])
        let requests: [ControlRequest] = [
            .submit(submission), .list, .rank(sweep: "digits", top: 3), .curves(sweep: "digits", trial: 4),
            .enqueue(sweep: "digits", EnqueueRequest(configurations: enqueued, addsTrials: true)),
        ]
        return requests.map { ($0.verb, Array("\($0.verb)\n".utf8) + $0.body.bytes) }
    }

    private static func join() throws -> JoinText {
        let joined = JoinText(
            endpoint: try SweepMessaging.Endpoint("tcp://10.0.0.7:7700"),
            server: try CurveKeyPair().publicKey,
            keys: try CurveKeyPair(),
            role: .worker,
            name: "node-1"
        )
        guard let joined else { throw Unreadable() }
        return joined
    }

    private static func packed() throws -> [UInt8] {
        let folder = DataFolder(["t": SmallTraining.table])
        return try folder.load(DataSpec(source: .table("t"), validation: .last(2))).packed()
    }

    private static func checkpoint(_ epochs: Int) throws -> [UInt8] {
        let run = try SmallTraining.run()
        for _ in 0..<epochs { _ = run.trainEpoch() }
        guard let bytes = run.checkpoint() else { throw Unreadable() }
        return bytes
    }
}
