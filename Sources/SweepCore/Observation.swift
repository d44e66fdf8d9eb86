/// What one epoch of a trial measured.
package struct Observation: Hashable, Sendable {
    /// From 1.
    package let epoch: Int
    /// One value a metric, in the order of the curve's metrics.
    package let values: [Double]
    /// Core seconds the epoch took, training and measuring; not part of the answer, so not compared.
    package let seconds: Double

    package init(epoch: Int, values: [Double], seconds: Double) {
        self.epoch = epoch
        self.values = values
        self.seconds = seconds
    }

    /// Whether both hold the same bits (seconds aside): an epoch trained twice must.
    package func matches(_ other: Observation) -> Bool {
        epoch == other.epoch && values.count == other.values.count
            && zip(values, other.values).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
    }

    /// The observation with the values at these places; NaN for what is not measured.
    package func values(at places: [Int?]) -> Observation {
        Observation(epoch: epoch, values: places.map { $0.map { values[$0] } ?? .nan }, seconds: seconds)
    }
}
