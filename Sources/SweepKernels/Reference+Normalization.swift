import KernelAPI

extension Reference {
    /// A sum over the pixels of a batch by the tree that `BatchNormalization` describes, from that of samples before on.
    private static func treeSum(
        from start: Float = 0,
        _ batch: Int,
        _ height: Int,
        _ width: Int,
        _ next: (_ chain: Float, _ sample: Int, _ y: Int, _ x: Int) -> Float
    ) -> Float {
        var total = start
        for sample in 0..<batch {
            var image: Float = 0
            for y in 0..<height {
                for begin in stride(from: 0, to: width, by: 256) {
                    image += interleaved(min(256, width - begin)) { chain, x in next(chain, sample, y, begin + x) }
                }
            }
            total += image
        }
        return total
    }

    static func normalizeBatch(_ batch: BatchNormalization) {
        switch batch.pass {
        case .whole:
            sumBatch(batch, continues: false)
            takeMoments(batch)
            writeNormalized(batch)
        case .sums(let continues): sumBatch(batch, continues: continues)
        case .moments: takeMoments(batch)
        case .outputs: writeNormalized(batch)
        }
    }

    private static func sumBatch(_ batch: BatchNormalization, continues: Bool) {
        for c in 0..<batch.channels {
            let before = continues ? batch.mean[c] : 0
            batch.mean[c] = treeSum(from: before, batch.batch, batch.height, batch.width) { chain, sample, y, x in
                chain + batch.input[place(batch.inputLayout, sample, y, x) + c]
            }
        }
    }

    private static func takeMoments(_ batch: BatchNormalization) {
        let pixels = batch.batch * batch.height * batch.width
        let share = 1 / Float(pixels)
        for c in 0..<batch.channels {
            let mean = batch.mean[c] * share
            let squares = treeSum(batch.batch, batch.height, batch.width) { chain, sample, y, x in
                let deviation = batch.input[place(batch.inputLayout, sample, y, x) + c] - mean
                return chain.addingProduct(deviation, deviation)
            }
            batch.mean[c] = mean
            batch.inverseDeviation[c] = 1 / (squares * share + batch.epsilon).squareRoot()
            let variance = squares * (1 / Float(max(1, pixels - 1)))
            batch.runningMean[c].addProduct(batch.momentum, mean - batch.runningMean[c])
            batch.runningVariance[c].addProduct(batch.momentum, variance - batch.runningVariance[c])
        }
    }

    private static func writeNormalized(_ batch: BatchNormalization) {
        for c in 0..<batch.channels {
            let scale = batch.gain[c] * batch.inverseDeviation[c]
            for sample in 0..<batch.batch {
                for y in 0..<batch.height {
                    for x in 0..<batch.width {
                        let deviation = batch.input[place(batch.inputLayout, sample, y, x) + c] - batch.mean[c]
                        let value = batch.shift[c].addingProduct(deviation, scale)
                        batch.output[place(batch.outputLayout, sample, y, x) + c] = batch.relu && value <= 0 ? 0 : value
                    }
                }
            }
        }
    }

    static func normalizeBatchEvaluation(_ batch: BatchNormalizationEvaluation) {
        for c in 0..<batch.channels {
            let scale = batch.gain[c] * (1 / (batch.runningVariance[c] + batch.epsilon).squareRoot())
            for sample in 0..<batch.batch {
                for y in 0..<batch.height {
                    for x in 0..<batch.width {
                        let input = batch.input[place(batch.inputLayout, sample, y, x) + c]
                        let value = batch.shift[c].addingProduct(input - batch.runningMean[c], scale)
                        batch.output[place(batch.outputLayout, sample, y, x) + c] = batch.relu && value <= 0 ? 0 : value
                    }
                }
            }
        }
    }

    static func normalizeBatchGradient(_ batch: BatchNormalizationGradient) {
        switch batch.pass {
        case .whole:
            sumGradients(batch, continues: false)
            writeInputGradient(batch, pixels: batch.batch * batch.height * batch.width)
        case .sums(let continues): sumGradients(batch, continues: continues)
        case .inputGradient(let pixels): writeInputGradient(batch, pixels: pixels)
        }
    }

    /// x̂ of a pixel's channel.
    private static func normalized(_ batch: BatchNormalizationGradient, _ sample: Int, _ y: Int, _ x: Int, _ c: Int)
        -> Float
    {
        (batch.input[place(batch.inputLayout, sample, y, x) + c] - batch.mean[c]) * batch.inverseDeviation[c]
    }

    /// dy of a pixel's channel, zero where the mask is not above zero.
    private static func gradient(_ batch: BatchNormalizationGradient, _ sample: Int, _ y: Int, _ x: Int, _ c: Int)
        -> Float
    {
        if let mask = batch.reluMask, mask[place(batch.reluMaskLayout, sample, y, x) + c] <= 0 { return 0 }
        return batch.outputGradient[place(batch.outputGradientLayout, sample, y, x) + c]
    }

    private static func sumGradients(_ batch: BatchNormalizationGradient, continues: Bool) {
        for c in 0..<batch.channels {
            let before = continues ? (batch.gainGradient[c], batch.shiftGradient[c]) : (0, 0)
            batch.gainGradient[c] =
                treeSum(from: before.0, batch.batch, batch.height, batch.width) { chain, sample, y, x in
                    chain.addingProduct(gradient(batch, sample, y, x, c), normalized(batch, sample, y, x, c))
                }
            batch.shiftGradient[c] =
                treeSum(from: before.1, batch.batch, batch.height, batch.width) { chain, sample, y, x in
                    chain + gradient(batch, sample, y, x, c)
                }
        }
    }

    private static func writeInputGradient(_ batch: BatchNormalizationGradient, pixels: Int) {
        guard let inputGradient = batch.inputGradient else { return }
        let share = 1 / Float(pixels)
        for c in 0..<batch.channels {
            let meanGradient = batch.shiftGradient[c] * share
            let slope = 0 - batch.gainGradient[c] * share
            for sample in 0..<batch.batch {
                for y in 0..<batch.height {
                    for x in 0..<batch.width {
                        let centered = (gradient(batch, sample, y, x, c) - meanGradient)
                            .addingProduct(normalized(batch, sample, y, x, c), slope)
                        inputGradient[place(batch.inputGradientLayout, sample, y, x) + c] =
                            centered * (batch.gain[c] * batch.inverseDeviation[c])
                    }
                }
            }
        }
    }

    /// A sum over the features of a sample by the chains that `LayerNormalization` describes.
    private static func featureSum(
        _ height: Int,
        _ run: Int,
        _ next: (_ chain: Float, _ y: Int, _ i: Int) -> Float
    ) -> Float {
        var chains = [[Float]](repeating: [Float](repeating: 0, count: laneCount), count: 4)
        for y in 0..<height {
            for i in 0..<run {
                let (chain, lane) = (i / laneCount % 4, i % laneCount)
                chains[chain][lane] = next(chains[chain][lane], y, i)
            }
        }
        return sum((0..<laneCount).map { (chains[0][$0] + chains[1][$0]) + (chains[2][$0] + chains[3][$0]) })
    }

    static func normalizeLayer(_ layer: LayerNormalization) {
        let padded = paddedCount(layer.channels)
        let run = layer.width * padded
        let share = 1 / Float(layer.height * layer.width * layer.channels)
        for sample in 0..<layer.batch {
            func input(_ y: Int, _ i: Int) -> Float {
                layer.input[sample * layer.inputLayout.sampleStride + y * layer.inputLayout.rowStride + i]
            }
            let mean = featureSum(layer.height, run) { chain, y, i in chain + input(y, i) } * share
            let squares = featureSum(layer.height, run) { chain, y, i in
                i % padded < layer.channels ? chain.addingProduct(input(y, i) - mean, input(y, i) - mean) : chain
            }
            let inverse = 1 / (squares * share + layer.epsilon).squareRoot()
            layer.means[sample] = mean
            layer.inverseDeviations[sample] = inverse
            for y in 0..<layer.height {
                for i in 0..<run {
                    let place = sample * layer.outputLayout.sampleStride + y * layer.outputLayout.rowStride + i
                    layer.output[place] =
                        layer.shift[y * run + i].addingProduct((input(y, i) - mean) * inverse, layer.gain[y * run + i])
                }
            }
        }
    }

    static func normalizeLayerGradient(_ layer: LayerNormalizationGradient) {
        let padded = paddedCount(layer.channels)
        let run = layer.width * padded
        let share = 1 / Float(layer.height * layer.width * layer.channels)
        for i in 0..<(layer.height * run) { (layer.gainGradient[i], layer.shiftGradient[i]) = (0, 0) }
        for sample in 0..<layer.batch {
            let inverse = layer.inverseDeviations[sample]
            func normalized(_ y: Int, _ i: Int) -> Float {
                let place = sample * layer.inputLayout.sampleStride + y * layer.inputLayout.rowStride + i
                return (layer.input[place] - layer.means[sample]) * inverse
            }
            func gradient(_ y: Int, _ i: Int) -> Float {
                let layout = layer.outputGradientLayout
                return layer.outputGradient[sample * layout.sampleStride + y * layout.rowStride + i]
            }
            for y in 0..<layer.height {
                for i in 0..<run {
                    layer.gainGradient[y * run + i].addProduct(gradient(y, i), normalized(y, i))
                    layer.shiftGradient[y * run + i] += gradient(y, i)
                }
            }
            let sum = featureSum(layer.height, run) { chain, y, i in chain + gradient(y, i) * layer.gain[y * run + i] }
            let products = featureSum(layer.height, run) { chain, y, i in
                chain.addingProduct(gradient(y, i) * layer.gain[y * run + i], normalized(y, i))
            }
            let (mean, slope) = (sum * share, 0 - products * share)
            for y in 0..<layer.height {
                for i in 0..<run {
                    let layout = layer.inputGradientLayout
                    let centered = (gradient(y, i) * layer.gain[y * run + i] - mean)
                        .addingProduct(normalized(y, i), slope)
                    layer.inputGradient[sample * layout.sampleStride + y * layout.rowStride + i] =
                        i % padded < layer.channels ? centered * inverse : 0
                }
            }
        }
    }
}
