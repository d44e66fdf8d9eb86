import Foundation
import KernelAPI
import ProcessTestKit
import SweepCore
import SweepExport
import SweepKernels
import Testing

@Suite struct OnnxRuntimeTests {
    static let requirement: Comment =
        "SKIPPED: comparing with onnxruntime needs SWEEPD_PYTHON with Tests/requirements.txt installed"

    private struct Answer: Decodable {
        let outputs: [String: [Double]]
        let metadata: [String: String]
    }

    /// What onnxruntime answers for rows, after onnx has checked the model.
    private static func ask(_ model: [UInt8], rows: [Float]) throws -> Answer {
        let python = try #require(Program.python)
        let folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-onnx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["model.onnx", "rows.f32", "answer.json"].map { folder.appending(path: $0) }
        try Data(model).write(to: files[0])
        try rows.withUnsafeBytes { Data($0) }.write(to: files[1])
        try Data().write(to: files[2])
        let process = Process()
        process.executableURL = python
        process.arguments = [
            Program.root.appending(path: "Tests/Peers/onnx_peer.py").path, files[0].path, files[1].path,
        ]
        process.standardOutput = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode(Answer.self, from: Data(contentsOf: files[2]))
    }

    /// The greatest difference, by the size of the number where that is above 1.
    private static func distance(_ theirs: [Double]?, _ ours: [Float]) throws -> Double {
        let theirs = try #require(theirs)
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
            let classes = try #require(answer.outputs["class"])
            for row in 0..<Sample.rowCount where Int(classes[row]) != ours.classes[row] {
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
}
