import KernelAPI
import SweepCore

/// Layers that follow each other and can compute by parts, as far as they have not been built, and how large a part is.
struct PartPlan {
    /// Layers, the one that is built next among them.
    private var layers = 0
    /// Samples of a part.
    let rows: Int

    /// Bytes that the largest output of a part may take, and the weights of a convolution that computes by parts.
    ///
    /// What is read beside them is to fit into a second cache of 512 KiB and more too.
    fileprivate static let partBytes = 256 << 10

    /// The plan of the layers at the beginning of `specs`; nil where fewer than two can compute by parts.
    ///
    /// One is enough beside a batch norm of images, which takes part in the runs on both of its sides.
    ///
    /// - Parameter behindNorm: Whether such a norm is the layer before.
    init?(_ specs: ArraySlice<LayerSpec>, from input: TensorShape, capacity: Int, behindNorm: Bool) {
        var shape = input
        var isBesideNorm = behindNorm
        // The norm before writes its outputs, which have the shape of the input, by the same parts.
        var largest = behindNorm ? Tensor.count(input, rows: 1) : 1
        var mayActivate = false
        for spec in specs {
            // An activation is part of the convolution before it.
            if case .activation = spec, mayActivate {
                mayActivate = false
                continue
            }
            // What does not fit is told of when it is built.
            guard spec.isPartwise(from: shape), let output = try? spec.output(of: shape) else {
                if case .batchNorm = spec, case .image = shape { isBesideNorm = true }
                break
            }
            layers += 1
            largest = max(largest, Tensor.count(output, rows: 1))
            if case .convolution = spec { mayActivate = true } else { mayActivate = false }
            shape = output
        }
        guard layers > (isBesideNorm ? 0 : 1) else { return nil }
        rows = min(capacity, max(1, Self.partBytes / (largest * MemoryLayout<Float>.stride)))
    }

    /// The plan after the next layer; nil behind the last.
    var next: PartPlan? {
        guard layers > 1 else { return nil }
        var rest = self
        rest.layers -= 1
        return rest
    }
}

extension LayerSpec {
    /// Whether it computes each sample alone, and can so with few at a time.
    ///
    /// The weights of a convolution pass by with each part: only those that stay in the second cache too.
    fileprivate func isPartwise(from input: TensorShape) -> Bool {
        switch self {
        case .convolution(let spec):
            guard case .image(_, _, let channels) = input else { return false }
            let rows = spec.kernel.height * spec.kernel.width * paddedCount(channels)
            return rows * paddedCount(spec.channels) * MemoryLayout<Float>.stride <= PartPlan.partBytes
        case .maxPool, .averagePool, .globalAveragePool: return true
        default: return false
        }
    }
}
