import KernelAPI

extension Reference {
    static func convolve(_ convolution: Convolution) {
        let shape = convolution.shape
        for sample in 0..<shape.batch {
            for oy in 0..<shape.outputHeight {
                for ox in 0..<shape.outputWidth {
                    for column in 0..<shape.outputChannels {
                        let panel = convolution.weights + (column / laneCount * convolution.panelStride)
                        var row = 0
                        var sum = convolution.bias?[column] ?? 0
                        for ky in 0..<shape.kernelHeight {
                            for kx in 0..<shape.kernelWidth {
                                let pixel = place(
                                    convolution.inputLayout,
                                    sample,
                                    oy * shape.strideY + ky - shape.paddingTop,
                                    ox * shape.strideX + kx - shape.paddingLeft
                                )
                                for c in 0..<shape.inputChannels {
                                    sum.addProduct(
                                        convolution.input[pixel + c],
                                        panel[row * laneCount + column % laneCount]
                                    )
                                    row += 1
                                }
                            }
                        }
                        if case .relu = convolution.epilogue, sum <= 0 { sum = 0 }
                        convolution.output[place(convolution.outputLayout, sample, oy, ox) + column] = sum
                    }
                }
            }
        }
    }

    static func flipConvolutionWeights(_ flip: ConvolutionFlip) {
        let shape = flip.shape
        for ky in 0..<shape.kernelHeight {
            for kx in 0..<shape.kernelWidth {
                for output in 0..<shape.outputChannels {
                    for input in 0..<shape.inputChannels {
                        let row = (ky * shape.kernelWidth + kx) * shape.inputChannels + input
                        let (flippedY, flippedX) = (shape.kernelHeight - 1 - ky, shape.kernelWidth - 1 - kx)
                        let flippedRow = (flippedY * shape.kernelWidth + flippedX) * shape.outputChannels + output
                        let from =
                            output / laneCount * flip.panelStride + row * laneCount + output % laneCount
                        let to = (input / laneCount * shape.flippedRows + flippedRow) * laneCount + input % laneCount
                        flip.flipped[to] = flip.weights[from]
                    }
                }
            }
        }
    }

    static func convolveInputGradient(_ gradient: ConvolutionInputGradient) {
        let shape = gradient.shape
        for sample in 0..<shape.batch {
            for y in 0..<shape.inputHeight {
                for x in 0..<shape.inputWidth {
                    let destination = place(gradient.inputGradientLayout, sample, y, x)
                    for column in 0..<shape.inputChannels {
                        let panel = column / laneCount * shape.flippedRows
                        var sum: Float = 0
                        // Ascending output pixels are descending taps.
                        for ky in (0..<shape.kernelHeight).reversed()
                        where (y + shape.paddingTop - ky) % shape.strideY == 0 {
                            for kx in (0..<shape.kernelWidth).reversed()
                            where (x + shape.paddingLeft - kx) % shape.strideX == 0 {
                                let source = place(
                                    gradient.outputGradientLayout,
                                    sample,
                                    (y + shape.paddingTop - ky) / shape.strideY,
                                    (x + shape.paddingLeft - kx) / shape.strideX
                                )
                                let (flippedY, flippedX) = (shape.kernelHeight - 1 - ky, shape.kernelWidth - 1 - kx)
                                let first = (flippedY * shape.kernelWidth + flippedX) * shape.outputChannels
                                for output in 0..<shape.outputChannels {
                                    let weight = (panel + first + output) * laneCount + column % laneCount
                                    sum.addProduct(
                                        gradient.outputGradient[source + output],
                                        gradient.flippedWeights[weight]
                                    )
                                }
                            }
                        }
                        if let mask = gradient.reluMask,
                            mask[place(gradient.reluMaskLayout, sample, y, x) + column] <= 0
                        {
                            sum = 0
                        }
                        gradient.inputGradient[destination + column] = sum
                    }
                }
            }
        }
    }

    static func convolveWeightGradient(_ gradient: ConvolutionWeightGradient) {
        let shape = gradient.shape
        for column in 0..<shape.outputChannels {
            for ky in 0..<shape.kernelHeight {
                for kx in 0..<shape.kernelWidth {
                    for c in 0..<shape.inputChannels {
                        let row = (ky * shape.kernelWidth + kx) * shape.inputChannels + c
                        let element = column / laneCount * gradient.panelStride + row * laneCount + column % laneCount
                        var sum = gradient.continues ? gradient.weightGradient[element] : 0
                        for sample in 0..<shape.batch {
                            for oy in 0..<shape.outputHeight {
                                for ox in 0..<shape.outputWidth {
                                    let pixel = place(
                                        gradient.inputLayout,
                                        sample,
                                        oy * shape.strideY + ky - shape.paddingTop,
                                        ox * shape.strideX + kx - shape.paddingLeft
                                    )
                                    let output = place(gradient.outputGradientLayout, sample, oy, ox)
                                    sum.addProduct(
                                        gradient.input[pixel + c],
                                        gradient.outputGradient[output + column]
                                    )
                                }
                            }
                        }
                        gradient.weightGradient[element] = sum
                    }
                }
            }
            guard let sums = gradient.biasGradient else { continue }
            if !gradient.continues { sums[column] = 0 }
            for sample in 0..<shape.batch {
                for oy in 0..<shape.outputHeight {
                    sums[column] += interleaved(shape.outputWidth) { chain, ox in
                        chain
                            + gradient.outputGradient[place(gradient.outputGradientLayout, sample, oy, ox) + column]
                    }
                }
            }
        }
    }

    /// Four chains from zero, element i in chain i mod 4, added as (0 + 1) + (2 + 3).
    static func interleaved(_ count: Int, _ next: (_ chain: Float, _ element: Int) -> Float) -> Float {
        var chains: [Float] = [0, 0, 0, 0]
        for i in 0..<count { chains[i % 4] = next(chains[i % 4], i) }
        return (chains[0] + chains[1]) + (chains[2] + chains[3])
    }

    static func copyImages(_ copy: ImageCopy) {
        for sample in 0..<copy.batch {
            for y in 0..<copy.height {
                for x in 0..<copy.width {
                    let (from, to) = (
                        place(copy.sourceLayout, sample, y, x), place(copy.destinationLayout, sample, y, x)
                    )
                    for c in 0..<copy.channels { copy.destination[to + c] = copy.source[from + c] }
                }
            }
        }
    }

    static func addImages(_ sum: ImageSum) {
        for sample in 0..<sum.batch {
            for y in 0..<sum.height {
                for x in 0..<sum.width {
                    for c in 0..<sum.channels {
                        let total =
                            sum.left[place(sum.leftLayout, sample, y, x) + c]
                            + sum.right[place(sum.rightLayout, sample, y, x) + c]
                        sum.output[place(sum.outputLayout, sample, y, x) + c] = sum.relu && total <= 0 ? 0 : total
                    }
                }
            }
        }
    }
}
