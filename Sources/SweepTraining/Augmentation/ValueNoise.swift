import KernelAPI
import SweepNumerics

/// Nearly normal noise at the price of one random word a value.
///
/// The sum of a word's eight bytes, brought to mean 0 and deviation 1: kurtosis 2.85 where the normal has 3, no value
/// beyond 4.9 deviations. Source: the distribution of Irwin, Biometrika 19, 1927, and Hall, ibid.
enum ValueNoise {
    /// The mean of a sum of eight bytes, 8 · 255/2.
    private static let mean: Float = 1020
    /// 1 / √(8 · (256² − 1)/12).
    private static let perDeviation: Float = 0.0047841837

    /// Adds `deviation` · noise to `count` values; the i-th takes the i-th word of the stream.
    static func add(_ deviation: Float, to values: MutableFloats, _ count: Int, _ stream: RandomStream) {
        let factor = deviation * perDeviation
        var counter = stream.key
        for index in 0..<count {
            counter &+= 0x9E37_79B9_7F4A_7C15
            let word = RandomStream.mix(counter)
            let pairs = (word & 0x00FF_00FF_00FF_00FF) &+ ((word &>> 8) & 0x00FF_00FF_00FF_00FF)
            let sum = (pairs &* 0x0001_0001_0001_0001) &>> 48
            values[index] += factor * (Float(Int32(truncatingIfNeeded: sum)) - mean)
        }
    }
}
