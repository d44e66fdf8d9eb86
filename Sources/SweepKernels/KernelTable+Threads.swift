package import KernelAPI

extension KernelTable {
    /// The same kernels, the large ones shared by the members of a team.
    ///
    /// What is shared is cut along rows, columns, samples or elements, never along a sum: every element is the same chain
    /// of operations as before, so no bit depends on the number of threads. Not for two runs at once.
    package func shared(by team: ThreadTeam) -> KernelTable {
        guard team.count > 1 else { return self }
        return replacing(
            gemm: { [self] in share($0, team, self) },
            transposePanels: { [self] in share($0, team, self) },
            sumColumns: { [self] in share($0, team, self) },
            activate: { [self] in share($0, team, self) },
            differentiate: { [self] in share($0, team, self) },
            dropOut: { [self] in share($0, team, self) },
            updateWithMomentum: { [self] in share($0, team, self) },
            updateWithAdam: { [self] in share($0, team, self) },
            updateWithRMSprop: { [self] in share($0, team, self) },
            updateWithAdagrad: { [self] in share($0, team, self) },
            updateWithLion: { [self] in share($0, team, self) },
            updateWithNAdam: { [self] in share($0, team, self) },
            averageWeights: { [self] in share($0, team, self) },
            accumulate: { [self] in share($0, team, self) },
            limitColumnNorms: { [self] in share($0, team, self) },
            copyImages: { [self] in share($0, team, self) },
            addImages: { [self] in share($0, team, self) },
            convolve: { [self] in share($0, team, self) },
            convolveInputGradient: { [self] in share($0, team, self) },
            convolveWeightGradient: { [self] in share($0, team, self) },
            poolMax: { [self] in share($0, team, self) },
            poolMaxGradient: { [self] in share($0, team, self) },
            poolAverage: { [self] in share($0, team, self) },
            poolAverageGradient: { [self] in share($0, team, self) },
            normalizeBatch: { [self] in share($0, team, self) },
            normalizeBatchEvaluation: { [self] in share($0, team, self) },
            normalizeBatchGradient: { [self] in share($0, team, self) },
            normalizeLayer: { [self] in share($0, team, self) }
        )
    }
}

/// Has a team compute, or the caller alone where that is as fast.
private func share<Work: Divisible>(_ work: Work, _ team: ThreadTeam, _ kernels: KernelTable) {
    guard work.isWorthSharing else { return work.compute(kernels) }
    team.run(Shares(whole: work, members: team.count, kernels: kernels))
}

/// The same of an update; one that measures is not shared, since its sums are not cut.
private func share<Work: DivisibleUpdate>(_ work: Work, _ team: ThreadTeam, _ kernels: KernelTable) -> UpdateNorms {
    guard work.isWorthSharing, !work.terms.measures else { return work.update(kernels) }
    team.run(Shares(whole: work, members: team.count, kernels: kernels))
    return UpdateNorms()
}

/// A kernel's arguments that can be cut.
protocol Divisible {
    /// Whether it takes clearly longer than the some ten microseconds that handing it over may cost.
    var isWorthSharing: Bool { get }
    /// A member's part; nil if none falls to it.
    func part(_ member: Int, of members: Int) -> Self?
    /// Calls the kernel with them.
    func compute(_ kernels: KernelTable)
}

/// The parts of one call. A value without closures: to make one allocates nothing.
private struct Shares<Whole: Divisible>: SharedWork {
    let whole: Whole
    let members: Int
    let kernels: KernelTable

    func perform(_ member: Int) { whole.part(member, of: members)?.compute(kernels) }
}

/// The part of 0 ..< `count` that falls to a member, in whole units; nil if none does.
func share(of count: Int, _ member: Int, _ members: Int, unit: Int) -> Range<Int>? {
    let units = (count + unit - 1) / unit
    let first = units * member / members * unit
    let last = min(units * (member + 1) / members * unit, count)
    return first < last ? first..<last : nil
}

/// Operations below which a product takes less than some ten microseconds.
private let operationsWorthSharing = 1 << 21

extension Gemm: Divisible {
    var isWorthSharing: Bool { 2 * rows * columns * depth >= operationsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.gemm(self) }

    /// A member's columns, or its rows where the columns are few.
    ///
    /// Each has its own of the rooms for copies.
    func part(_ member: Int, of members: Int) -> Gemm? {
        var part = columns / laneCount >= 2 * members ? columnPart(member, of: members) : rowPart(member, of: members)
        if let scratch { part?.scratch = scratch + member * Self.scratchCount }
        return part
    }

    private func columnPart(_ member: Int, of members: Int) -> Gemm? {
        guard let range = share(of: columns / laneCount, member, members, unit: 1) else { return nil }
        var part = self
        part.columns = range.count * laneCount
        part.right += range.lowerBound * rightVectorStride
        let offset = range.lowerBound * outputVectorStride
        part.output += offset
        if case .bias(let bias) = start { part.start = .bias(bias + range.lowerBound * laneCount) }
        if case .reluMask(let activation) = epilogue { part.epilogue = .reluMask(activation + offset) }
        return part
    }

    private func rowPart(_ member: Int, of members: Int) -> Gemm? {
        guard let range = share(of: rows, member, members, unit: 1) else { return nil }
        var part = self
        part.rows = range.count
        part.left += range.lowerBound * leftRowStride
        let offset = range.lowerBound * outputRowStride
        part.output += offset
        if case .reluMask(let activation) = epilogue { part.epilogue = .reluMask(activation + offset) }
        return part
    }
}

extension ConvolutionShape {
    fileprivate var isWorthSharing: Bool { operations >= operationsWorthSharing }

    private var operations: Int { 2 * batch * outputHeight * outputWidth * weightRows * outputChannels }
}

extension Convolution: Divisible {
    var isWorthSharing: Bool { shape.isWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.convolve(self) }

    func part(_ member: Int, of members: Int) -> Convolution? {
        guard let range = share(of: shape.batch, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.batch = range.count
        part.input += range.lowerBound * inputLayout.sampleStride
        part.output += range.lowerBound * outputLayout.sampleStride
        return part
    }
}

extension ConvolutionInputGradient: Divisible {
    var isWorthSharing: Bool { shape.isWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.convolveInputGradient(self) }

    func part(_ member: Int, of members: Int) -> ConvolutionInputGradient? {
        guard let range = share(of: shape.batch, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.batch = range.count
        part.outputGradient += range.lowerBound * outputGradientLayout.sampleStride
        part.inputGradient += range.lowerBound * inputGradientLayout.sampleStride
        part.reluMask = reluMask.map { $0 + range.lowerBound * reluMaskLayout.sampleStride }
        return part
    }
}

extension ConvolutionWeightGradient: Divisible {
    var isWorthSharing: Bool { shape.isWorthSharing && shape.outputChannels >= 2 * laneCount }

    func compute(_ kernels: KernelTable) { kernels.convolveWeightGradient(self) }

    /// A member's output channels: the chains run over samples and pixels, so these are not cut.
    func part(_ member: Int, of members: Int) -> ConvolutionWeightGradient? {
        guard let range = share(of: shape.outputChannels / laneCount, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.outputChannels = range.count * laneCount
        part.outputGradient += range.lowerBound * laneCount
        part.weightGradient += range.lowerBound * panelStride
        part.biasGradient = biasGradient.map { $0 + range.lowerBound * laneCount }
        return part
    }
}
