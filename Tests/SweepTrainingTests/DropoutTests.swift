import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Testing

@Suite struct DropoutTests {
    private func run(_ dropout: Double, seed: UInt64 = 6) throws -> TrainingRun {
        let data = try SyntheticTask(rows: 64, validationRows: 40).make().data
        return try TrainingRun(
            spec: makeSpec([50, 20], dropout: dropout),
            data: data,
            seed: seed,
            kernels: .selected()
        )
    }

    // covers: R8
    @Test(arguments: [0.1, 0.5, 0.9])
    func `kept units are scaled up so that the expectation is one`(_ rate: Double) throws {
        let run = try run(rate)
        var kept = 0
        var count = 0
        for step in 0..<40 {
            let factors = run.dropoutFactors(layer: 0, rate: rate, columns: 50, rows: 64, step: UInt64(step))
            for factor in factors where factor != 0 {
                #expect(abs(Double(factor) * (1 - rate) - 1) < 1e-6)
                kept += 1
            }
            count += factors.count
        }
        // Five standard errors of a share.
        let error = (rate * (1 - rate) / Double(count)).squareRoot()
        #expect(abs(Double(kept) / Double(count) - (1 - rate)) < 5 * error)
    }

    @Test func `masks differ between steps, layers and seeds and repeat with them`() throws {
        let run = try run(0.5)
        func mask(_ layer: Int, _ step: UInt64, of run: TrainingRun) -> [Float] {
            run.dropoutFactors(layer: layer, rate: 0.5, columns: 20, rows: 8, step: step)
        }
        let first = mask(1, 3, of: run)
        #expect(mask(1, 3, of: run) == first)
        #expect(mask(1, 4, of: run) != first)
        #expect(mask(0, 3, of: run) != first)
        #expect(mask(1, 3, of: try self.run(0.5, seed: 7)) != first)
    }

    // covers: T10
    @Test func `nothing is dropped when measuring`() throws {
        let (with, without) = (try run(0.5), try run(0))
        // Dropout counts as a layer, so the names differ.
        #expect(with.parameters().map(\.values) == without.parameters().map(\.values))
        for part in TrainingData.Part.allCases { #expect(with.rowLosses(part) == without.rowLosses(part)) }
        #expect(with.step() != without.step())
    }
}
