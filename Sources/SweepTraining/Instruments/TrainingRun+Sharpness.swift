import SweepCore
import SweepNumerics

extension TrainingRun {
    /// Rows that the curvature is measured on.
    private static let curvatureRows = 256
    /// Products of Hessian and vector.
    private static let curvatureSteps = 12

    /// The largest eigenvalue of the Hessian of the training loss on at most 256 training rows, at the current weights.
    ///
    /// By power iteration with differences of gradients, on a run of its own with the same weights; so this run stays as it
    /// is. Nil with batch norm, or where a number is not finite. Cost: 24 gradients of those rows. Without penalties.
    package func sharpness() -> Double? {
        guard !network.parameters.contains(where: { $0.role == .runningMean }),
            let copy = try? TrainingRun(spec: spec, data: data, seed: seed, kernels: kernels)
        else { return nil }
        let place = parameters()
        let rows = data.rows(.training)
        let step = max(1, rows.count / Self.curvatureRows)
        let chosen = stride(from: 0, to: rows.count, by: step).prefix(Self.curvatureRows).map { rows[$0] }
        var stream = RandomStream(key: StreamPurpose.probe.key(seed: seed, index: 1))
        var direction = place.map { part in part.values.map { _ in Float(stream.normal()) } }
        let size = place.lazy.flatMap(\.values).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        var eigenvalue: Double?
        for _ in 0..<Self.curvatureSteps {
            guard let product = copy.curvature(along: direction, at: place, rows: chosen, scale: 1e-3 * max(size, 1))
            else {
                return nil
            }
            eigenvalue = product.eigenvalue
            direction = product.direction
        }
        return eigenvalue
    }

    /// The Rayleigh quotient along a direction, and the Hessian times it.
    private func curvature(
        along direction: [[Float]],
        at place: [ParameterValues],
        rows: [Int32],
        scale: Double
    ) -> (eigenvalue: Double, direction: [[Float]])? {
        let length = direction.lazy.flatMap { $0 }.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0, length.isFinite else { return nil }
        func gradient(_ factor: Double) -> [[Double]]? {
            let moved = zip(place, direction).map { part, way in
                ParameterValues(
                    name: part.name,
                    shape: part.shape,
                    values: zip(part.values, way).map { Float(Double($0) + factor * Double($1) / length) }
                )
            }
            guard setParameters(moved) else { return nil }
            var sums = place.map { $0.values.map { _ in 0.0 } }
            for start in Swift.stride(from: 0, to: rows.count, by: network.capacity) {
                let batch = Array(rows[start..<min(start + network.capacity, rows.count)])
                let share = Double(batch.count) / Double(rows.count)
                for (index, part) in self.gradient(rows: batch).enumerated() where index < sums.count {
                    for (place, value) in part.values.enumerated() { sums[index][place] += share * Double(value) }
                }
            }
            return sums
        }
        guard let ahead = gradient(scale), let behind = gradient(-scale) else { return nil }
        var quotient = 0.0
        var product: [[Float]] = []
        for (index, way) in direction.enumerated() {
            var part: [Float] = []
            for (place, value) in way.enumerated() {
                let second = (ahead[index][place] - behind[index][place]) / (2 * scale)
                quotient += second * Double(value) / length
                part.append(Float(second))
            }
            product.append(part)
        }
        return quotient.isFinite ? (quotient, product) : nil
    }
}
