import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Synchronization
import Testing

/// Which products a step makes of dense layers. Their bits are those of `ThreadTests`, `FenceTests` and the digests.
@Suite struct DenseLayerTests {
    @Test func `a layer of one unit computes its weights' gradient as a row, any other as a matrix`() throws {
        for (classes, rows) in [(0, 1), (3, 0)] {
            let products = Products()
            let kernels = try KernelTable.selected()
            let recording = kernels.replacing(gemm: { product in
                // Weight gradients alone have the batch as their depth.
                if product.depth == 24 { products.add(rows: product.rows, columns: product.columns) }
                kernels.gemm(product)
            })
            let data = try SyntheticTask(rows: 24, columns: 5, classes: classes).make().data
            let spec = makeSpec([40], batchSize: 24)
            let run = try TrainingRun(spec: spec, data: data, seed: 1, kernels: recording)
            let plain = try TrainingRun(spec: spec, data: data, seed: 1, kernels: .reference)
            run.step()
            plain.step()
            #expect(products.sizes.count { $0.rows == 1 } == rows, "\(classes) classes")
            #expect(products.sizes.contains { $0 == (16, 48) }, "that of the hidden layer")
            #expect(run.weightDigest == plain.weightDigest, "\(classes) classes")
        }
    }

    @Test(arguments: [(256, 64, 1, 1), (256, 65, 1, 0), (64, 16, 1, 0), (256, 64, 2, 0)])
    func `wide layers compute the gradient by their input without transposed panels`(
        _ width: Int,
        _ batch: Int,
        _ threads: Int,
        _ expected: Int
    ) throws {
        let calls = Products()
        let kernels = try KernelTable.selected()
        let recording = kernels.replacing(denseInputGradient: { gradient in
            calls.add(rows: gradient.rows, columns: gradient.inputs)
            kernels.denseInputGradient(gradient)
        })
        let data = try SyntheticTask(rows: 130, columns: 5).make().data
        let spec = makeSpec([width, width], batchSize: batch).with { $0.threads = threads }
        let run = try TrainingRun(spec: spec, data: data, seed: 1, kernels: recording)
        let plain = try TrainingRun(spec: spec, data: data, seed: 1, kernels: .reference)
        run.step()
        plain.step()
        #expect(calls.sizes.count == expected)
        #expect(calls.sizes.allSatisfy { $0 == (batch, width) })
        #expect(run.weightDigest == plain.weightDigest)
    }

    /// The sizes of the products that were made.
    private final class Products: Sendable {
        private let all = Mutex<[(rows: Int, columns: Int)]>([])
        var sizes: [(rows: Int, columns: Int)] { all.withLock { $0 } }
        func add(rows: Int, columns: Int) { all.withLock { $0.append((rows, columns)) } }
    }
}
