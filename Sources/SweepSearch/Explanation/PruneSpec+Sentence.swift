package import SweepCore

extension PruneSpec {
    /// The rule for people: which trials go on.
    package var sentence: String {
        stopsHopeless ? "\(methodSentence); one that cannot recover is stopped at once" : methodSentence
    }

    private var methodSentence: String {
        let word = resolvedMethod.rawValue
        let best =
            objectives > 1 ? "the first one in \(reductionFactor) by fronts" : "the best one in \(reductionFactor)"
        switch resolvedMethod {
        case .extrapolate:
            return
                "\(word), all come to a level before the best go on, in the order of their cost less the fall that their "
                + "curves promise"
        case .auto, .asha: return "\(word), of the results at a level \(best) go on"
        case .pasha:
            return
                "\(word), the best one in \(reductionFactor) go on, to higher levels only while they change the order"
        case .halving: return "\(word), all come to a level before \(best) go on"
        case .hyperband:
            return "\(word), in each bracket all come to a level before \(best) go on"
        case .stoppingASHA:
            return
                "\(word), at a level a trial goes on at once if it is among the best one in \(reductionFactor), or stops"
        case .median:
            return "\(word), a trial stops whose best so far is worse than the median of the completed ones there"
        case .percentile:
            return "\(word), a trial stops whose best so far is not among the best "
                + "\(ParameterValue.real(percentile)) % of the completed ones there"
        case .patience: return "\(word), a trial stops that gets no better for \(patience ?? 0) epochs"
        case .threshold:
            return
                "\(word), a trial stops whose value\(objectives > 1 ? " of the first objective" : "") leaves the bounds"
        case .none: return "\(word), every trial is trained to its end"
        }
    }
}
