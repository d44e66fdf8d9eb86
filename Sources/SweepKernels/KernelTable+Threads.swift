package import KernelAPI

extension KernelTable {
    /// The same kernels, the large ones shared by the members of a team.
    ///
    /// What is shared is cut along rows, columns, samples or elements, never along a sum: every element is the same chain
    /// of operations as before, so no bit depends on the number of threads. Not for two runs at once.
    package func shared(by team: ThreadTeam) -> KernelTable {
        guard team.count > 1 else { return self }
        return replacing(
            gemm: { [self] product in
                guard product.operations >= Self.worthSharing else { return gemm(product) }
                team.run(Shares(whole: product, members: team.count, kernels: self))
            },
            updateWithMomentum: { [self] update in
                guard update.count >= Self.elementsWorthSharing, !update.terms.measures else {
                    return updateWithMomentum(update)
                }
                team.run(Shares(whole: update, members: team.count, kernels: self))
                return UpdateNorms()
            },
            updateWithAdam: { [self] update in
                guard update.count >= Self.elementsWorthSharing, !update.terms.measures else {
                    return updateWithAdam(update)
                }
                team.run(Shares(whole: update, members: team.count, kernels: self))
                return UpdateNorms()
            },
            convolve: { [self] convolution in
                guard convolution.shape.operations >= Self.worthSharing else { return convolve(convolution) }
                team.run(Shares(whole: convolution, members: team.count, kernels: self))
            },
            convolveInputGradient: { [self] gradient in
                guard gradient.shape.operations >= Self.worthSharing else { return convolveInputGradient(gradient) }
                team.run(Shares(whole: gradient, members: team.count, kernels: self))
            },
            convolveWeightGradient: { [self] gradient in
                guard gradient.shape.operations >= Self.worthSharing, gradient.shape.outputChannels >= 2 * laneCount
                else { return convolveWeightGradient(gradient) }
                team.run(Shares(whole: gradient, members: team.count, kernels: self))
            }
        )
    }

    /// Operations below which a product takes less than some ten microseconds, no more than handing it over costs.
    private static var worthSharing: Int { 1 << 21 }

    /// Elements of an update below which the same holds: it reads and writes some 28 bytes for each.
    private static var elementsWorthSharing: Int { 1 << 15 }
}

/// A kernel's arguments that can be cut.
private protocol Divisible {
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
private func share(of count: Int, _ member: Int, _ members: Int, unit: Int) -> Range<Int>? {
    let units = (count + unit - 1) / unit
    let first = units * member / members * unit
    let last = min(units * (member + 1) / members * unit, count)
    return first < last ? first..<last : nil
}

extension Gemm: Divisible {
    fileprivate var operations: Int { 2 * rows * columns * depth }

    fileprivate func compute(_ kernels: KernelTable) { kernels.gemm(self) }

    /// A member's columns, or its rows where the columns are few.
    ///
    /// Each has its own of the rooms for copies.
    fileprivate func part(_ member: Int, of members: Int) -> Gemm? {
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
    fileprivate var operations: Int { 2 * batch * outputHeight * outputWidth * weightRows * outputChannels }
}

extension Convolution: Divisible {
    fileprivate func compute(_ kernels: KernelTable) { kernels.convolve(self) }

    fileprivate func part(_ member: Int, of members: Int) -> Convolution? {
        guard let range = share(of: shape.batch, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.batch = range.count
        part.input += range.lowerBound * inputLayout.sampleStride
        part.output += range.lowerBound * outputLayout.sampleStride
        return part
    }
}

extension ConvolutionInputGradient: Divisible {
    fileprivate func compute(_ kernels: KernelTable) { kernels.convolveInputGradient(self) }

    fileprivate func part(_ member: Int, of members: Int) -> ConvolutionInputGradient? {
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
    fileprivate func compute(_ kernels: KernelTable) { kernels.convolveWeightGradient(self) }

    /// A member's output channels: the chains run over samples and pixels, so these are not cut.
    fileprivate func part(_ member: Int, of members: Int) -> ConvolutionWeightGradient? {
        guard let range = share(of: shape.outputChannels / laneCount, member, members, unit: 1) else { return nil }
        var part = self
        part.shape.outputChannels = range.count * laneCount
        part.outputGradient += range.lowerBound * laneCount
        part.weightGradient += range.lowerBound * panelStride
        part.biasGradient = biasGradient.map { $0 + range.lowerBound * laneCount }
        return part
    }
}

extension MomentumUpdate: Divisible {
    fileprivate func compute(_ kernels: KernelTable) { _ = kernels.updateWithMomentum(self) }

    fileprivate func part(_ member: Int, of members: Int) -> MomentumUpdate? {
        guard let range = share(of: count, member, members, unit: laneCount) else { return nil }
        var part = self
        part.count = range.count
        part.gradient += range.lowerBound
        part.weights += range.lowerBound
        part.velocity += range.lowerBound
        return part
    }
}

extension AdamUpdate: Divisible {
    fileprivate func compute(_ kernels: KernelTable) { _ = kernels.updateWithAdam(self) }

    fileprivate func part(_ member: Int, of members: Int) -> AdamUpdate? {
        guard let range = share(of: count, member, members, unit: laneCount) else { return nil }
        var part = self
        part.count = range.count
        part.gradient += range.lowerBound
        part.weights += range.lowerBound
        part.firstMoment += range.lowerBound
        part.secondMoment += range.lowerBound
        part.largestSecondMoment = largestSecondMoment.map { $0 + range.lowerBound }
        return part
    }
}
