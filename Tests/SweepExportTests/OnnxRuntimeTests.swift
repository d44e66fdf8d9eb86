import Foundation
import KernelAPI
import ProcessTestKit
import SweepCore
import SweepData
import SweepExport
import SweepKernels
import Testing

@Suite struct OnnxRuntimeTests {
    static let requirement: Comment =
        "SKIPPED: comparing with onnxruntime needs SWEEPD_PYTHON with Tests/requirements.txt installed"

    private struct Answer: Decodable {
        /// NaN is null.
        let outputs: [String: [Double?]]
        let metadata: [String: String]
    }

    /// What onnxruntime answers for rows, after onnx has checked the model.
    private static func ask(_ model: [UInt8], rows: [Float], value: String? = nil) throws -> Answer {
        try ask("onnx_peer.py", model, rows.withUnsafeBytes { Data($0) }, value.map { [$0] } ?? [])
    }

    /// What a script of `Tests/Peers` answers, called with a model, a file of rows and more.
    private static func ask(_ script: String, _ model: [UInt8], _ rows: Data, _ more: [String] = []) throws -> Answer {
        let python = try #require(Program.python)
        let folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-onnx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["model.onnx", "rows", "answer.json"].map { folder.appending(path: $0) }
        try Data(model).write(to: files[0])
        try rows.write(to: files[1])
        try Data().write(to: files[2])
        let process = Process()
        process.executableURL = python
        process.arguments =
            [Program.root.appending(path: "Tests/Peers/\(script)").path, files[0].path, files[1].path] + more
        process.standardOutput = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode(Answer.self, from: Data(contentsOf: files[2]))
    }

    /// The greatest difference, by the size of the number where that is above 1.
    private static func distance(_ theirs: [Double?]?, _ ours: [Float]) throws -> Double {
        let theirs = try #require(theirs).map { try #require($0) }
        try #require(theirs.count == ours.count)
        return zip(theirs, ours).map { abs($0 - Double($1)) / max(1, abs($0)) }.max() ?? 0
    }

    /// Both sides sum products in float32 in different orders: with sums of at most a few hundred terms of size 1 that is
    /// some 10⁻⁶ of the size of the numbers.
    private static let tolerance = 1e-5

    @Test(.enabled(if: Program.python != nil, requirement), arguments: Sample.all)
    func `onnxruntime gives the predictions that we give`(sample: Sample) throws {
        let (model, rows) = try sample.trained()
        let answer = try Self.ask(try model.onnx(), rows: rows)
        let kernels = try KernelTable.selected(override: nil)
        let ours = try model.predict(rows, rows: Sample.rowCount, kernels: kernels)
        #expect(answer.metadata["sweepd.target"] == "answer")
        if sample.classes > 0 {
            #expect(try Self.distance(answer.outputs["probabilities"], ours.probabilities) <= Self.tolerance)
            let classes = try #require(answer.outputs["class"]).map { Int(try #require($0)) }
            for row in 0..<Sample.rowCount where classes[row] != ours.classes[row] {
                // Two classes may be equally probable but for rounding.
                let shares = ours.probabilities[(row * sample.classes)..<((row + 1) * sample.classes)].sorted(by: >)
                try #require(Double(shares[0] - shares[1]) < Self.tolerance, "row \(row)")
            }
        } else {
            #expect(try Self.distance(answer.outputs["value"], ours.values) <= Self.tolerance)
        }
    }

    /// The comparison must be able to fail.
    @Test(.enabled(if: Program.python != nil, requirement))
    func `another model's predictions are told apart`() throws {
        let sample = try #require(Sample.all.first { $0.name == "convolution" })
        let (model, rows) = try sample.trained()
        let other = try sample.trained(seed: 2).model
        let answer = try Self.ask(try other.onnx(), rows: rows)
        let ours = try model.predict(rows, rows: Sample.rowCount, kernels: try KernelTable.selected(override: nil))
        #expect(try Self.distance(answer.outputs["probabilities"], ours.probabilities) > 100 * Self.tolerance)
    }
    /// Days of the whole calendar in steps that meet every day of the month, weekday and month; whole years about each kind of
    /// leap year; and what is no day.
    private static var days: [Float] {
        let calendar = stride(from: FeatureLayout.days.lowerBound, through: FeatureLayout.days.upperBound, by: 181)
        // From 1899-01-01, 1999-01-01, 2023-01-01, 2099-01-01 and 2399-01-01.
        let years = [-25_932, 10_592, 19_358, 47_117, 156_689].flatMap { $0..<($0 + 3 * 366) }
        let (first, last) = (Float(FeatureLayout.days.lowerBound), Float(FeatureLayout.days.upperBound))
        return calendar.map { Float($0) } + years.map { Float($0) } + [first, last, first - 1, last + 1, 0.5, .nan]
    }

    @Test(.enabled(if: Program.python != nil, requirement))
    func `what dates become has the same bits as in training`() throws {
        let sample = try #require(Sample.all.first { $0.name == "dates" })
        let model = try sample.trained().model
        let days = Self.days
        let rows = days.enumerated().flatMap { index, day -> [Float] in
            // Seconds in steps that meet fractions and every hour; some are missing.
            [1, day, index % 97 == 0 ? .nan : Float(index * 7919 % 864_000) / 10, 2]
        }
        let bytes = try model.onnx()
        let joined = try #require(
            try ReadGraph(bytes).nodes.last { $0.operation == "Concat" && $0.inputs.count > 1 }?.outputs.first
        )
        let theirs = try #require(try Self.ask(bytes, rows: rows, value: joined).outputs[joined])
        let width = model.layout.names.count
        try #require(theirs.count == days.count * width)
        var ours = [Float](repeating: 0, count: width)
        var known = 0
        for row in days.indices {
            rows.withUnsafeBufferPointer { rows in
                ours.withUnsafeMutableBufferPointer {
                    model.layout.expand(rows.baseAddress! + 4 * row, into: $0.baseAddress!)
                }
            }
            for (input, value) in ours.enumerated() {
                let their = theirs[row * width + input]
                if value.isNaN {
                    try #require(their == nil, "day \(days[row]), \(model.layout.names[input]): \(their ?? 0)")
                } else {
                    let same = their.map { Float($0) == value } ?? false
                    try #require(same, "day \(days[row]), \(model.layout.names[input]): \(value), \(their ?? .nan)")
                    known += 1
                }
            }
        }
        #expect(known > days.count * (width - 1))
    }

    /// The peer reads the texts of the table by what the model's metadata say, as docs/export.md has it.
    @Test(.enabled(if: Program.python != nil, requirement))
    func `dates in a table lead to our predictions by what the metadata say`() throws {
        let sample = try #require(Sample.all.first { $0.name == "dates that may be missing, among categories" })
        let model = try sample.trained().model
        let table = """
            born,y,when,colour,x
            1999-12-31,1,2024-02-29T12:30:45,red,2
            2000-02-29,2.5,2024-02-29T23:30:00-01:00,green,-1
            1900-03-01,0,2024-03-01T00:10+01:00,blue,3
            0001-01-01,-3,1970-01-01,red,0.25
            9999-12-31,4,,green,1
            2023-11-05,3,2100-02-28 23:59:59.5Z,red,?

            """
        let file = FileManager.default.temporaryDirectory.appending(path: "sweepd-dates-\(UUID().uuidString)")
        try Data(table.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let rows = try NewRows.read(path: file.path, name: "dates.csv", expecting: model.expectation).get()
        #expect(rows.rowCount == 6)
        let ours = try model.predict(rows.features, rows: 6, kernels: try KernelTable.selected(override: nil))
        let answer = try Self.ask("onnx_table_peer.py", try model.onnx(), Data(table.utf8))
        #expect(try Self.distance(answer.outputs["probabilities"], ours.probabilities) <= Self.tolerance)
        // The rows must differ for that to say anything.
        let shares = (0..<6).map { ours.probabilities[3 * $0] }
        #expect(Set(shares).count == 6)
    }
}
