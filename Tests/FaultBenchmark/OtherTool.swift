import SweepCore
package import SweepDiagnosis

/// Tools that call a training run faulty, by their rules stated again over the traces of runs here.
///
/// With the tools' own limits; of their rules those that a trace answers. What is different: gradients and steps are root mean squares
/// where the tools take means of sizes, which are less; accuracies are those of validation rows, as none of training rows is kept;
/// layers are looked at when a run is read, not at each step; losses of TheDeepChecker, which trains on one batch, are those of epochs.
/// Left out: SageMaker's Overtraining and its bounds of saturation, AutoTrainer's share of gradients that are zero (dead units stand for
/// it), UMLAUT's rules on source text and its "inputs outside −1 to 1" (every standardised table), TheDeepChecker's checks that train
/// or differentiate anew.
///
/// Sources: parameters of the rules in the manual of Amazon SageMaker Debugger; Zhang et al., AutoTrainer, ICSE 2021, and its
/// `monitor.py`; Schoop et al., UMLAUT, CHI 2021, and its `heuristics.py`; Ben Braiek & Khomh, Testing feedforward neural networks training
/// programs, TOSEM 2023, and its `hooks.py`.
package enum OtherTool: String, CaseIterable, Sendable {
    case sageMaker = "SageMaker Debugger"
    case autoTrainer = "AutoTrainer"
    case umlaut = "UMLAUT"
    case theDeepChecker = "TheDeepChecker"

    /// The rules that fire on a run, by the tool's names; empty: it calls the run sound.
    package func alarms(_ run: RunEvidence) -> [String] {
        let trace = Trace(run)
        return switch self {
        case .sageMaker: Self.sageMaker(trace)
        case .autoTrainer: Self.autoTrainer(trace)
        case .umlaut: Self.umlaut(trace)
        case .theDeepChecker: Self.theDeepChecker(trace)
        }
    }
}

/// What the rules look at.
private struct Trace {
    let training: [Double]
    let probe: [Double]
    let validation: [Double]
    /// Share of correct validation rows; empty for numbers.
    let accuracy: [Double]
    let budget: Int
    let steps: [Double]
    let initialLoss: Double?
    /// After steps, by rising epoch.
    let readings: [Instruments.Reading]
    let atStart: Instruments.Reading?
    /// Rows of each class; empty for numbers.
    let counts: [Int]
    let rate: Double?

    init(_ run: RunEvidence) {
        training = run.curve.series(.trainingLoss)
        probe = run.curve.series(.probeLoss)
        validation = run.curve.series(.validationLoss)
        accuracy = run.curve.series(.validationAccuracy)
        budget = run.budget
        steps = run.instruments?.stepLosses ?? []
        initialLoss = run.instruments?.initialLoss
        readings = (run.instruments?.readings ?? []).filter { $0.epoch > 0 }
        atStart = run.instruments?.atStart
        if case .classification(_, let trainingCounts)? = run.schema?.task {
            counts = trainingCounts
        } else {
            counts = []
        }
        rate = run.trial?.training.optimizer.learningRate
    }

    var isBroken: Bool { (training + validation).contains { !$0.isFinite } }
    var layers: [Instruments.Layer] { readings.flatMap(\.layers) }
    /// Epochs from the second on with the one before: training and validation losses.
    var changes: [(training: Double, validation: Double)] {
        zip(training.indices.dropFirst(), validation.indices.dropFirst()).map { epoch, _ in
            (training[epoch] - training[epoch - 1], validation[epoch] - validation[epoch - 1])
        }
    }
}

extension OtherTool {
    private static func sageMaker(_ trace: Trace) -> [String] {
        var fired: [String] = []
        if trace.isBroken { fired.append("ExplodingTensor") }
        // num_steps 10, diff_percent 0.1, losses saved at each step.
        let ends = stride(from: 10, to: trace.steps.count, by: 10)
        if ends.contains(where: { trace.steps[$0] > 0.999 * trace.steps[$0 - 10] }) {
            fired.append("LossNotDecreasing")
        }
        // ratio_threshold 0.1, which may be exceeded once: patience 1.
        let apart = zip(trace.training, trace.validation).map { $1 - $0 > 0.1 * $0 }
        if zip(apart, apart.dropFirst()).contains(where: { $0 && $1 }) { fired.append("Overfit") }
        if trace.layers.contains(where: { ($0.gradient ?? 1) < 1e-7 }) { fired.append("VanishingGradient") }
        // threshold_inactivity 1 %, threshold_layer 50 %.
        if trace.layers.contains(where: { ($0.dead ?? 0) > 0.5 }) { fired.append("DeadRelu") }
        let variances = (trace.atStart?.layers ?? []).filter { !$0.isHead }.map { $0.deviation * $0.deviation }
        if let most = variances.max(), let least = variances.min(), most > 10 * least {
            fired.append("PoorWeightInitialization")
        }
        let hasOddStep = trace.layers.contains { layer in
            guard let change = layer.change, layer.weights > 0 else { return false }
            return change > 10 * layer.weights || change < 1e-8 * layer.weights
        }
        if hasOddStep { fired.append("WeightUpdateRatio") }
        if let most = trace.counts.max(), let least = trace.counts.min(), most > 10 * least {
            fired.append("ClassImbalance")
        }
        return fired
    }

    /// The first thing that it finds, as it looks at each epoch and then stops: β₁ 1e-3, β₂ 1e-4, β₃ 70, γ 0.7, ζ 0.03, η 0.2, δ 0.01, Θ 0.6.
    private static func autoTrainer(_ trace: Trace) -> [String] {
        if trace.isBroken || trace.validation.contains(where: { $0 >= 1e5 }) { return ["explode"] }
        let first = max(1, Int((0.3 * Double(trace.budget)).rounded(.up)))
        guard first <= trace.accuracy.count else { return [] }
        for epoch in first...trace.accuracy.count {
            let seen = Array(trace.accuracy.prefix(epoch))
            let rise = zip(seen, seen.dropFirst()).map { $1 - $0 }.max() ?? 0
            let isSlow = rise < 0.01
            if isSlow || (seen.max() ?? 0) < 0.6 {
                for reading in trace.readings where reading.epoch <= epoch {
                    if let finding = gradientProblem(reading) { return [finding] }
                }
                if isSlow { return ["not_converge"] }
            } else if oscillates(seen) {
                return ["unstable"]
            }
        }
        return []
    }

    private static func gradientProblem(_ reading: Instruments.Reading) -> String? {
        let units = reading.layers.filter { $0.dead != nil }
        let count = units.reduce(0) { $0 + $1.units }
        let dead = units.reduce(0) { $0 + Double($1.units) * ($1.dead ?? 0) }
        if count > 0, dead >= 0.7 * Double(count) { return "relu" }
        let norms = reading.layers.compactMap { layer -> Double? in
            layer.gradient.map { $0 * Double(layer.weightCount).squareRoot() }
        }
        guard norms.count > 1, let first = norms.first, let last = norms.last else { return nil }
        if first > 70 * last { return "explode" }
        return first < 1e-3 * last && first < 1e-4 ? "vanish" : nil
    }

    /// Peaks and valleys, in their order, lie ζ apart, as many as η of the epochs.
    private static func oscillates(_ accuracy: [Double]) -> Bool {
        var (peaks, valleys): ([Double], [Double]) = ([], [])
        for epoch in accuracy.indices.dropFirst().dropLast() {
            let (before, now, after) = (accuracy[epoch - 1], accuracy[epoch], accuracy[epoch + 1])
            if now >= before, now >= after { peaks.append(now) }
            if now <= before, now <= after { valleys.append(now) }
        }
        let count = zip(peaks, valleys).count { $0 - $1 >= 0.03 }
        return Double(count) >= 0.2 * Double(accuracy.count)
    }

    private static func umlaut(_ trace: Trace) -> [String] {
        var fired: [String] = []
        if trace.training.contains(where: \.isNaN) { fired.append("NaNInLoss") }
        if trace.changes.contains(where: { $0.validation > 0 && $0.training <= 0 }) { fired.append("Overfitting") }
        if trace.accuracy.contains(where: { $0 > 0.95 }) { fired.append("OverconfidentValAccuracy") }
        if let rate = trace.rate, rate > 0.01 || rate < 1e-7 { fired.append("LearningRate") }
        return fired
    }

    private static func theDeepChecker(_ trace: Trace) -> [String] {
        var fired: [String] = []
        if trace.isBroken { fired.append("nan_loss") }
        if let loss = trace.initialLoss, trace.counts.count > 1 {
            let expected = ChanceLoss.even(classes: trace.counts.count)
            if abs(loss - expected) >= expected { fired.append("poor_init_loss") }
        }
        // Of ten losses more than half of the inner ones turn: a smoothness below 0.5.
        let recent = trace.training.suffix(10).filter(\.isFinite)
        let turns = recent.indices.dropFirst().dropLast().count {
            (recent[$0] - recent[$0 - 1]) * (recent[$0 + 1] - recent[$0]) < 0
        }
        if recent.count > 2, 2 * turns > recent.count - 2 { fired.append("fluctuated_loss") }
        let gradients = trace.layers.compactMap(\.gradient)
        if gradients.contains(where: { $0 < 1e-6 }) { fired.append("gradient_vanishes") }
        if gradients.contains(where: { $0 > 1e6 }) { fired.append("gradient_explodes") }
        let ratios = trace.layers.compactMap { layer -> Double? in
            guard let change = layer.change, layer.weights > 0 else { return nil }
            return change / layer.weights
        }
        if ratios.contains(where: { $0 > 0.1 }) { fired.append("w_fast") }
        if ratios.contains(where: { $0 < 1e-4 }) { fired.append("w_slow") }
        let hidden = trace.layers.filter { !$0.isHead }
        if hidden.contains(where: { ($0.dead ?? 0) > 0.5 }) { fired.append("act_dead") }
        if hidden.contains(where: { ($0.saturated ?? 0) > 0.5 }) { fired.append("act_sat") }
        if hidden.contains(where: { $0.deviation < 0.5 || $0.deviation > 2 }) { fired.append("act_unstable") }
        let isAnother = zip(trace.training, trace.probe).contains { abs($0 - $1) > 0.5 * max($0, $1) }
        if isAnother { fired.append("switch_mode_loss_consistency") }
        return fired
    }
}
