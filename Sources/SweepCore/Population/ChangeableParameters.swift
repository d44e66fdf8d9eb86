/// Which settings may change while a network is trained.
///
/// The rule: every number of the state (weights, the optimizer's memory, averages) has its place and its meaning after the change,
/// and the rows are the same. So the model's layers, the preprocessing, the kind of the optimizer and of the loss stay; rates, factors,
/// penalties, batches, dropout, smoothing and the strength of augmentation may change; a schedule that reacts to the curve stays one.
extension TrialSpec {
    /// Whether a run of this specification may go on as one of `other` from the state after any epoch.
    package func canGoOn(as other: TrialSpec) -> Bool {
        preprocess == other.preprocess && targetScale == other.targetScale && training.canGoOn(as: other.training)
    }
}

extension TrainingSpec {
    fileprivate func canGoOn(as other: TrainingSpec) -> Bool {
        let hasLayers = LayerSpec.haveShape(model.layers, of: other.model.layers)
        let hasMemory =
            optimizer.hasMemory(of: other.optimizer) && restarts.count == other.restarts.count
            && zip(restarts, other.restarts).allSatisfy {
                $0.epoch == $1.epoch && $0.optimizer.hasMemory(of: $1.optimizer)
            }
        return hasLayers && hasMemory && initializer == other.initializer && startingPoint == other.startingPoint
            && loss?.kind == other.loss?.kind && loss?.classWeights == other.loss?.classWeights
            && (averaging == nil) == (other.averaging == nil) && earlyStopping == other.earlyStopping
            && epochs == other.epochs && threads == other.threads && sampling == other.sampling
            && augment.map(\.kind) == other.augment.map(\.kind) && schedule.hasMemory(of: other.schedule)
    }
}

extension LearningRateSchedule {
    /// Whether what the rule remembers is what `other` remembers: those that react to the curve have reduced the rate and know a best
    /// value of their metric, the rest go by the epoch.
    fileprivate func hasMemory(of other: LearningRateSchedule) -> Bool {
        switch (rule, other.rule) {
        case (.plateau(let own), .plateau(let others)): own.metric == others.metric
        case (.rise(let own), .rise(let others)): own.onBatches == others.onBatches
        case (.plateau, _), (_, .plateau), (.rise, _), (_, .rise): false
        default: true
        }
    }
}

extension LayerSpec {
    /// Whether layers that follow one another have the numbers of `others`: dropout has none, and may come and go.
    fileprivate static func haveShape(_ layers: [LayerSpec], of others: [LayerSpec]) -> Bool {
        func isKept(_ layer: LayerSpec) -> Bool { if case .dropout = layer { false } else { true } }
        let (own, theirs) = (layers.filter(isKept), others.filter(isKept))
        return own.count == theirs.count && zip(own, theirs).allSatisfy { $0.hasShape(of: $1) }
    }

    /// Whether the layer's numbers are those of `other`: the penalties of its weights aside it is the same.
    private func hasShape(of other: LayerSpec) -> Bool {
        switch (self, other) {
        case (.dense(var own), .dense(let others)):
            own.l1 = others.l1
            own.l2 = others.l2
            return own == others
        case (.convolution(var own), .convolution(let others)):
            own.l1 = others.l1
            own.l2 = others.l2
            return own == others
        case (.residual(let own), .residual(let others)): return Self.haveShape(own, of: others)
        default: return self == other
        }
    }
}

extension OptimizerSpec {
    /// Whether what the rule remembers is what `other` remembers.
    fileprivate func hasMemory(of other: OptimizerSpec) -> Bool {
        switch (rule, other.rule) {
        case (.adam(_, _, _, let own), .adam(_, _, _, let others)): own == others
        case (.rmsprop(_, _, let own, let isCentered), .rmsprop(_, _, let others, let areCentered)):
            (own > 0) == (others > 0) && isCentered == areCentered
        // With what its sums begin counts once.
        case (.adagrad(_, _, let own), .adagrad(_, _, let others)): own == others
        default: rule.name == other.rule.name
        }
    }
}

extension SearchSpace {
    /// Of each parameter whether its values may change while a network is trained; the others are inherited with the state.
    ///
    /// A parameter may change if both ends of its range, or all its options, are such that one can go on as the other, with the
    /// first option of all choices beside it. A branch of a choice that is inherited may have parameters that change.
    package var changeable: [Bool] {
        var branch: [Parameter.Condition: [String: ParameterValue]] = [:]
        return parameters.map { parameter in
            let parents = parameter.condition.flatMap { branch[$0] } ?? [:]
            let values = parameter.domain.extremes
            let tried = values.enumerated().map { index, value -> TrialSpec? in
                var fixed = parents
                fixed[parameter.path] = value
                if case .choice = parameter.domain { branch[.init(path: parameter.path, option: index)] = fixed }
                let configuration = configuration { fixed[$0.path] ?? $0.domain.extremes[0] }
                return resolve(configuration).flatMap { TrialSpec.read($0, problems: SpecProblems()) }
            }
            guard Set(values).count > 1, case let first?? = tried.first else { return false }
            return tried.dropFirst().allSatisfy { $0.map { first.canGoOn(as: $0) } ?? false }
        }
    }
}
