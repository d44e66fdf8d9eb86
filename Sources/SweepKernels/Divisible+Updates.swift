import KernelAPI

/// An update of weights: it can be cut anywhere, but for the sums of one that measures.
protocol DivisibleUpdate: Divisible {
    var count: Int { get }
    var terms: UpdateTerms { get }
    func update(_ kernels: KernelTable) -> UpdateNorms
    /// The update of so many elements from one on.
    func part(_ elements: Range<Int>) -> Self
}

/// Elements of a run of weights below which a kernel takes less than some ten microseconds: an update reads and writes some
/// 28 bytes for each.
private let elementsWorthSharing = 1 << 15

extension DivisibleUpdate {
    var isWorthSharing: Bool { count >= elementsWorthSharing }

    func compute(_ kernels: KernelTable) { _ = update(kernels) }

    func part(_ member: Int, of members: Int) -> Self? {
        share(of: count, member, members, unit: laneCount).map { part($0) }
    }
}

extension MomentumUpdate: DivisibleUpdate {
    func update(_ kernels: KernelTable) -> UpdateNorms { kernels.updateWithMomentum(self) }

    func part(_ elements: Range<Int>) -> MomentumUpdate {
        var part = self
        part.count = elements.count
        part.gradient += elements.lowerBound
        part.weights += elements.lowerBound
        part.velocity += elements.lowerBound
        return part
    }
}

extension AdamUpdate: DivisibleUpdate {
    func update(_ kernels: KernelTable) -> UpdateNorms { kernels.updateWithAdam(self) }

    func part(_ elements: Range<Int>) -> AdamUpdate {
        var part = self
        part.count = elements.count
        part.gradient += elements.lowerBound
        part.weights += elements.lowerBound
        part.firstMoment += elements.lowerBound
        part.secondMoment += elements.lowerBound
        part.largestSecondMoment = largestSecondMoment.map { $0 + elements.lowerBound }
        return part
    }
}

extension RMSpropUpdate: DivisibleUpdate {
    func update(_ kernels: KernelTable) -> UpdateNorms { kernels.updateWithRMSprop(self) }

    func part(_ elements: Range<Int>) -> RMSpropUpdate {
        var part = self
        part.count = elements.count
        part.gradient += elements.lowerBound
        part.weights += elements.lowerBound
        part.secondMoment += elements.lowerBound
        part.meanGradient = meanGradient.map { $0 + elements.lowerBound }
        part.velocity = velocity.map { $0 + elements.lowerBound }
        return part
    }
}

extension AdagradUpdate: DivisibleUpdate {
    func update(_ kernels: KernelTable) -> UpdateNorms { kernels.updateWithAdagrad(self) }

    func part(_ elements: Range<Int>) -> AdagradUpdate {
        var part = self
        part.count = elements.count
        part.gradient += elements.lowerBound
        part.weights += elements.lowerBound
        part.squareSum += elements.lowerBound
        return part
    }
}

extension LionUpdate: DivisibleUpdate {
    func update(_ kernels: KernelTable) -> UpdateNorms { kernels.updateWithLion(self) }

    func part(_ elements: Range<Int>) -> LionUpdate {
        var part = self
        part.count = elements.count
        part.gradient += elements.lowerBound
        part.weights += elements.lowerBound
        part.moment += elements.lowerBound
        return part
    }
}

extension NAdamUpdate: DivisibleUpdate {
    func update(_ kernels: KernelTable) -> UpdateNorms { kernels.updateWithNAdam(self) }

    func part(_ elements: Range<Int>) -> NAdamUpdate {
        var part = self
        part.count = elements.count
        part.gradient += elements.lowerBound
        part.weights += elements.lowerBound
        part.firstMoment += elements.lowerBound
        part.secondMoment += elements.lowerBound
        return part
    }
}

extension WeightAverage: Divisible {
    var isWorthSharing: Bool { count >= 2 * elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.averageWeights(self) }

    func part(_ member: Int, of members: Int) -> WeightAverage? {
        guard let elements = share(of: count, member, members, unit: laneCount) else { return nil }
        var part = self
        part.count = elements.count
        part.average += elements.lowerBound
        part.weights += elements.lowerBound
        return part
    }
}

extension Accumulation: Divisible {
    var isWorthSharing: Bool { count >= 2 * elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.accumulate(self) }

    func part(_ member: Int, of members: Int) -> Accumulation? {
        guard let elements = share(of: count, member, members, unit: laneCount) else { return nil }
        var part = self
        part.count = elements.count
        part.source += elements.lowerBound
        part.destination += elements.lowerBound
        return part
    }
}

// What stands in panels, or in columns, is cut by whole vectors of columns.

extension PanelTranspose: Divisible {
    var isWorthSharing: Bool { rows * columns >= 2 * elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.transposePanels(self) }

    func part(_ member: Int, of members: Int) -> PanelTranspose? {
        guard let range = share(of: columns, member, members, unit: laneCount) else { return nil }
        var part = self
        part.columns = range.count
        part.source += range.lowerBound * rows
        part.destination += range.lowerBound * laneCount
        return part
    }
}

extension ColumnSums: Divisible {
    var isWorthSharing: Bool { rows * columns >= 2 * elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.sumColumns(self) }

    func part(_ member: Int, of members: Int) -> ColumnSums? {
        guard let range = share(of: columns, member, members, unit: laneCount) else { return nil }
        var part = self
        part.columns = range.count
        part.values += range.lowerBound
        part.sums += range.lowerBound
        return part
    }
}

extension ColumnNormLimit: Divisible {
    var isWorthSharing: Bool { rows * columns >= 2 * elementsWorthSharing }

    func compute(_ kernels: KernelTable) { kernels.limitColumnNorms(self) }

    func part(_ member: Int, of members: Int) -> ColumnNormLimit? {
        guard let range = share(of: columns, member, members, unit: laneCount) else { return nil }
        var part = self
        part.columns = range.count
        part.weights += range.lowerBound * rows
        return part
    }
}
