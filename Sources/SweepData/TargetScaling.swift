import SweepCore

/// Targets as training sees them: (y − shift) / factor.
struct TargetScaling {
    let shift: Double
    let factor: Double

    /// Fitted on the training rows of `data`; classes are left as they are. A constant target keeps the factor 1.
    init(_ scale: TargetScale, _ data: DataSet) {
        guard case .values(let values) = data.targets, scale != .none, !data.split.training.isEmpty else {
            (shift, factor) = (0, 1)
            return
        }
        var (least, greatest, sum) = (Double.infinity, -Double.infinity, 0.0)
        for row in data.split.training {
            let value = Double(values[Int(row)])
            least = min(least, value)
            greatest = max(greatest, value)
            sum += value
        }
        if least == greatest {
            (shift, factor) = (least, 1)
        } else if scale == .minmax {
            (shift, factor) = (least, greatest - least)
        } else {
            let count = Double(data.split.training.count)
            let mean = sum / count
            var squares = 0.0
            for row in data.split.training {
                let deviation = Double(values[Int(row)]) - mean
                squares += deviation * deviation
            }
            (shift, factor) = (mean, (squares / count).squareRoot())
        }
    }

    /// The scaled targets of all rows.
    func apply(_ targets: DataTargets) -> DataTargets {
        guard case .values(let values) = targets, shift != 0 || factor != 1 else { return targets }
        return .values(values.map { Float((Double($0) - shift) / factor) })
    }
}
