import KernelAPI

/// Elements of images and activations below which a pass over them takes less than some ten microseconds.
private let elementsWorthSharing = 1 << 16

extension PoolShape {
    fileprivate var isWorthSharing: Bool { batch * inputHeight * inputWidth * channels >= elementsWorthSharing }

    /// Elements of the codes of so many samples.
    fileprivate func codes(of samples: Int) -> Int {
        var shape = self
        shape.batch = samples
        return shape.codeCount
    }
}

// Poolings are cut by samples.

extension MaxPool: Divisible {
    var isWorthSharing: Bool { shape.isWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.poolMax(self) }

    func part(_ member: Int, of members: Int) -> MaxPool? {
        guard let samples = share(of: shape.batch, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.batch = samples.count
        part.input += samples.lowerBound * inputLayout.sampleStride
        part.output += samples.lowerBound * outputLayout.sampleStride
        part.codes = codes.map { $0 + shape.codes(of: samples.lowerBound) }
        return part
    }
}

extension MaxPoolGradient: Divisible {
    var isWorthSharing: Bool { shape.isWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.poolMaxGradient(self) }

    func part(_ member: Int, of members: Int) -> MaxPoolGradient? {
        guard let samples = share(of: shape.batch, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.batch = samples.count
        part.outputGradient += samples.lowerBound * outputGradientLayout.sampleStride
        part.codes += shape.codes(of: samples.lowerBound)
        part.inputGradient += samples.lowerBound * inputGradientLayout.sampleStride
        part.reluMask = reluMask.map { $0 + samples.lowerBound * reluMaskLayout.sampleStride }
        return part
    }
}

extension AveragePool: Divisible {
    var isWorthSharing: Bool { shape.isWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.poolAverage(self) }

    func part(_ member: Int, of members: Int) -> AveragePool? {
        guard let samples = share(of: shape.batch, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.batch = samples.count
        part.input += samples.lowerBound * inputLayout.sampleStride
        part.output += samples.lowerBound * outputLayout.sampleStride
        return part
    }
}

extension AveragePoolGradient: Divisible {
    var isWorthSharing: Bool { shape.isWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.poolAverageGradient(self) }

    func part(_ member: Int, of members: Int) -> AveragePoolGradient? {
        guard let samples = share(of: shape.batch, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.batch = samples.count
        part.outputGradient += samples.lowerBound * outputGradientLayout.sampleStride
        part.inputGradient += samples.lowerBound * inputGradientLayout.sampleStride
        part.reluMask = reluMask.map { $0 + samples.lowerBound * reluMaskLayout.sampleStride }
        return part
    }
}

// Batch norms are cut by channels: their sums run over samples and pixels.

/// Whether there are elements enough, and channels for two.
private func isNormWorthSharing(_ batch: Int, _ height: Int, _ width: Int, channels: Int) -> Bool {
    channels >= 2 * laneCount && batch * height * width * channels >= elementsWorthSharing
}

extension BatchNormalization: Divisible {
    var isWorthSharing: Bool { isNormWorthSharing(batch, height, width, channels: channels) }

    func compute(_ kernels: KernelTable) { kernels.normalizeBatch(self) }

    func part(_ member: Int, of members: Int) -> BatchNormalization? {
        guard let range = share(of: channels, member, members, unit: laneCount) else { return nil }
        var part = self
        part.channels = range.count
        part.input += range.lowerBound
        part.gain += range.lowerBound
        part.shift += range.lowerBound
        part.mean += range.lowerBound
        part.inverseDeviation += range.lowerBound
        part.runningMean += range.lowerBound
        part.runningVariance += range.lowerBound
        part.output += range.lowerBound
        return part
    }
}

extension BatchNormalizationEvaluation: Divisible {
    var isWorthSharing: Bool { isNormWorthSharing(batch, height, width, channels: channels) }

    func compute(_ kernels: KernelTable) { kernels.normalizeBatchEvaluation(self) }

    func part(_ member: Int, of members: Int) -> BatchNormalizationEvaluation? {
        guard let range = share(of: channels, member, members, unit: laneCount) else { return nil }
        var part = self
        part.channels = range.count
        part.input += range.lowerBound
        part.gain += range.lowerBound
        part.shift += range.lowerBound
        part.runningMean += range.lowerBound
        part.runningVariance += range.lowerBound
        part.output += range.lowerBound
        return part
    }
}

extension BatchNormalizationGradient: Divisible {
    var isWorthSharing: Bool { isNormWorthSharing(batch, height, width, channels: channels) }

    func compute(_ kernels: KernelTable) { kernels.normalizeBatchGradient(self) }

    func part(_ member: Int, of members: Int) -> BatchNormalizationGradient? {
        guard let range = share(of: channels, member, members, unit: laneCount) else { return nil }
        var part = self
        part.channels = range.count
        part.input += range.lowerBound
        part.outputGradient += range.lowerBound
        part.gain += range.lowerBound
        part.mean += range.lowerBound
        part.inverseDeviation += range.lowerBound
        part.gainGradient += range.lowerBound
        part.shiftGradient += range.lowerBound
        part.inputGradient = inputGradient.map { $0 + range.lowerBound }
        part.reluMask = reluMask.map { $0 + range.lowerBound }
        return part
    }
}

// Copies, sums and layer norms are cut by samples. (The sums of a layer norm's gradient run over them.)

extension ImageCopy: Divisible {
    var isWorthSharing: Bool { batch * height * width * channels >= elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.copyImages(self) }

    func part(_ member: Int, of members: Int) -> ImageCopy? {
        guard let samples = share(of: batch, member, members, unit: 1) else { return nil }
        var part = self
        part.batch = samples.count
        part.source += samples.lowerBound * sourceLayout.sampleStride
        part.destination += samples.lowerBound * destinationLayout.sampleStride
        return part
    }
}

extension ImageSum: Divisible {
    var isWorthSharing: Bool { batch * height * width * channels >= elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.addImages(self) }

    func part(_ member: Int, of members: Int) -> ImageSum? {
        guard let samples = share(of: batch, member, members, unit: 1) else { return nil }
        var part = self
        part.batch = samples.count
        part.left += samples.lowerBound * leftLayout.sampleStride
        part.right += samples.lowerBound * rightLayout.sampleStride
        part.output += samples.lowerBound * outputLayout.sampleStride
        return part
    }
}

extension LayerNormalization: Divisible {
    var isWorthSharing: Bool { batch * height * width * channels >= elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.normalizeLayer(self) }

    func part(_ member: Int, of members: Int) -> LayerNormalization? {
        guard let samples = share(of: batch, member, members, unit: 1) else { return nil }
        var part = self
        part.batch = samples.count
        part.input += samples.lowerBound * inputLayout.sampleStride
        part.means += samples.lowerBound
        part.inverseDeviations += samples.lowerBound
        part.output += samples.lowerBound * outputLayout.sampleStride
        return part
    }
}

// Activations and dropout are cut by rows.

extension KernelAPI.Activation: Divisible {
    var isWorthSharing: Bool { rows * columns >= function.worthSharing }

    func compute(_ kernels: KernelTable) { kernels.activate(self) }

    func part(_ member: Int, of members: Int) -> KernelAPI.Activation? {
        guard let range = share(of: rows, member, members, unit: 1) else { return nil }
        var part = self
        part.rows = range.count
        part.source += range.lowerBound * sourceStride
        part.destination += range.lowerBound * destinationStride
        return part
    }
}

extension ActivationGradient: Divisible {
    var isWorthSharing: Bool { rows * columns >= function.worthSharing }

    func compute(_ kernels: KernelTable) { kernels.differentiate(self) }

    func part(_ member: Int, of members: Int) -> ActivationGradient? {
        guard let range = share(of: rows, member, members, unit: 1) else { return nil }
        var part = self
        part.rows = range.count
        part.gradient += range.lowerBound * gradientStride
        part.output += range.lowerBound * outputStride
        return part
    }
}

extension Dropout: Divisible {
    var isWorthSharing: Bool { rows * columns >= elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.dropOut(self) }

    func part(_ member: Int, of members: Int) -> Dropout? {
        guard let range = share(of: rows, member, members, unit: 1) else { return nil }
        var part = self
        part.firstRow += range.lowerBound
        part.rows = range.count
        part.source += range.lowerBound * sourceStride
        part.destination += range.lowerBound * destinationStride
        return part
    }
}

extension ActivationFunction {
    /// One that is a comparison takes a fraction of the time of those with an exponential function.
    fileprivate var worthSharing: Int {
        switch self {
        case .relu, .leakyRelu: elementsWorthSharing << 2
        default: elementsWorthSharing
        }
    }
}
