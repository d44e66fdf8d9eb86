import KernelAPI
import SweepKernels

/// The forward product of a convolution the other way: every patch copied into a row of a matrix, and one matrix product.
///
/// What frameworks call im2col. It costs memory (the patches are kernel height × kernel width times as large as the images) and the
/// copy, and gains a plain product; measured beside the product that reads the images where they are.
struct PatchProduct {
    private let layer: ConvolutionLayer
    private let product: Gemm
    private let patches: MutableFloats
    private let depth: Int
    private let arena: Arena

    init(_ layer: ConvolutionLayer) {
        let arena = Arena()
        let shape = layer.shape
        let pixels = shape.batch * shape.outputHeight * shape.outputWidth
        let depth = shape.kernelHeight * shape.kernelWidth * shape.inputChannels
        func zeros(_ count: Int) -> MutableFloats { arena.floats(count).baseAddress! }
        patches = zeros(pixels * depth)
        let panels = PanelLayout(rows: depth, columns: shape.outputChannels)
        product = Gemm(
            rows: pixels,
            columns: shape.outputChannels,
            depth: depth,
            left: patches,
            leftRowStride: depth,
            leftDepthStride: 1,
            right: zeros(panels.count),
            rightDepthStride: laneCount,
            rightVectorStride: panels.panelStride,
            output: zeros(pixels * paddedCount(shape.outputChannels)),
            outputRowStride: paddedCount(shape.outputChannels),
            outputVectorStride: laneCount,
            start: .bias(zeros(shape.outputChannels)),
            epilogue: .relu
        )
        self.layer = layer
        self.depth = depth
        self.arena = arena
    }

    /// Copies the patches and multiplies.
    func run(_ table: KernelTable) {
        copyPatches()
        table.gemm(product)
    }

    /// A row of a patch is one run of numbers in channels-last images with their border of zeros.
    private func copyPatches() {
        let (shape, layout) = (layer.shape, layer.forward.inputLayout)
        let corner =
            layer.forward.input - (shape.paddingTop * layout.rowStride + shape.paddingLeft * layout.pixelStride)
        let width = shape.kernelWidth * shape.inputChannels
        var row = patches
        for sample in 0..<shape.batch {
            for y in 0..<shape.outputHeight {
                for x in 0..<shape.outputWidth {
                    let patch =
                        corner + sample * layout.sampleStride + y * shape.strideY * layout.rowStride + x * shape.strideX
                        * layout.pixelStride
                    for line in 0..<shape.kernelHeight {
                        (row + line * width).update(from: patch + line * layout.rowStride, count: width)
                    }
                    row += depth
                }
            }
        }
    }
}
