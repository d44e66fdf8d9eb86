import SweepNumerics

/// What random numbers of a run are for: each purpose has streams of its own, so none shifts when another draws more.
enum StreamPurpose: UInt64 {
    /// Initial weights; the index is the layer.
    case weights = 1
    /// The order of an epoch's rows; the index is the epoch, from 0.
    case order = 2
    /// Dropout masks; the kernel derives step and layer itself.
    case dropout = 3
    /// The choice of the probe's rows; the seed is a constant.
    case probe = 4
    /// Which rows an epoch repeats or leaves out; the index is the epoch, from 0.
    case sampling = 32
    /// How a row is changed; the index is the epoch, from 0, and the row's number is mixed in.
    case augmentation = 33
    /// Partners and shares of mixed rows; the index is the epoch, from 0, and the batch is mixed in.
    case mixing = 34

    /// The key of the stream of this purpose.
    func key(seed: UInt64, index: Int) -> UInt64 {
        let purpose = RandomStream.mix(seed ^ (rawValue &* 0x9E37_79B9_7F4A_7C15))
        return RandomStream.mix(purpose &+ UInt64(truncatingIfNeeded: index))
    }
}
