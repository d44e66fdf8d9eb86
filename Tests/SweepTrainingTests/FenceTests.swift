import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// Runs with NaNs before and behind every buffer of theirs.
@Suite struct FenceTests {
    /// A batch that fills the buffers, and a short one after it.
    private static func whole(_ bitCase: BitCase) -> BitCase {
        var bitCase = bitCase
        bitCase.spec.batchSize = 70
        bitCase.spec.accumulation = min(bitCase.spec.accumulation, 2)
        return bitCase
    }

    @Test(arguments: BitCase.all, KernelTable.available.map(\.name) + ["reference"])
    func `no step and no evaluation reads or writes beyond a buffer`(_ bitCase: BitCase, _ table: String) throws {
        let bitCase = Self.whole(bitCase)
        let kernels = try LongRun.table(table)
        let (plain, fenced) = (try bitCase.makeRun(kernels), try bitCase.makeRun(kernels, fenced: true))
        #expect(fenced.brokenFence == nil && plain.brokenFence == nil)
        for _ in 0..<2 {
            guard let expected = plain.trainEpoch() else { break }
            let found = try #require(fenced.trainEpoch())
            #expect(found.values.first?.isFinite == true)
            #expect(found.matches(expected))
        }
        #expect(fenced.predictions(.validation).allSatisfy { $0.isFinite })
        #expect(fenced.weightDigest == plain.weightDigest)
        #expect(fenced.brokenFence == nil)
    }
}
