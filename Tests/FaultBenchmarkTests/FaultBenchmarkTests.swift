import FaultBenchmark
import Foundation
import KernelAPI
import SweepKernels
import Testing

/// A small part of the benchmark of `make bench-diagnosis`, as a gate on counts: whoever changes a rule sees here what it does.
@Suite struct FaultBenchmarkTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private func scores(_ task: String, _ kinds: [String]) throws -> (FaultScores, String) {
        var plan = FaultStudy.Plan()
        plan.tasks = [task]
        plan.kinds = kinds
        plan.seeds = 3
        plan.hasPairs = false
        plan.experiments = false
        let study = try FaultStudy(plan, on: Workbench(root: Self.root, kernels: try KernelTable.selected()))
        #expect(study.unusable.isEmpty, "a remedy that a sweep file does not take: \(study.unusable)")
        let report = study.records.map { "\($0.name) #\($0.seed): \($0.verdict) | \($0.detail)" }
        return (FaultScores(study.records), report.joined(separator: "\n"))
    }

    @Test func `faults in a small network are named, and mended by what is printed`() throws {
        let (scores, report) = try scores(
            "blobs",
            [
                "rate / 1000", "rate cut by batches", "a feature × 1000", "scaled twice", "constant weights",
                "zero weights",
                "norms below .1", "width 1 or 2", "labels shuffled",
            ]
        )
        #expect(scores.first.of >= 24, "too few faults do harm: \(report)")
        #expect(
            10 * scores.first.count >= 8 * scores.first.of,
            "\(scores.first.count) of \(scores.first.of): \(report)"
        )
        #expect(2 * scores.recovered.count >= scores.recovered.of, "\(scores.recovered)")
    }

    @Test func `sound runs raise few alarms`() throws {
        let (scores, report) = try scores("blobs", [])
        #expect(scores.alarms.of >= 20)
        #expect(8 * scores.alarms.count <= scores.alarms.of, "\(report)")
    }

    @Test func `both runs of every claim can be trained`() throws {
        let bench = Workbench(root: Self.root, kernels: try KernelTable.selected())
        for claim in Claim.examples + Claim.traps + Claim.disputed {
            do {
                let losses = try bench.firstLosses(claim)
                #expect(losses.count == 2)
                let areNumbers = losses.allSatisfy { $0.isFinite }
                #expect(areNumbers, "\(claim.name): \(losses)")
            } catch {
                Issue.record("\(claim.name): \(error)")
            }
        }
    }

    /// What is said to be no more, no less than, or no worse, is tried by the side on which it would be wrong.
    @Test func `what is no worse is no more, and what is no lower no less`() throws {
        let directions = Dictionary(
            uniqueKeysWithValues: (Claim.examples + Claim.traps + Claim.disputed).map { ($0.name, $0.direction) }
        )
        #expect(directions["stop at the first rise"] == .less)
        #expect(directions["an outlier standardised"] == .less)
        #expect(directions["compiled again"] == .more)
    }
}
