package import SweepCore
import SweepNumerics
import SweepWire

/// A training run without training: what an epoch measures is a pure function of template, seed and epoch.
package struct SyntheticTraining: Hashable, Sendable {
    /// What becomes of a trial, drawn from its seed.
    package enum Fate: Hashable, Sendable {
        case sound
        /// The validation loss is not a number at this epoch.
        case losesNumbers(epoch: Int)
        /// Its own rule of early stopping ends it at this epoch, which may be the last.
        case stopsEarly(epoch: Int)
        /// Beginning it takes the whole worker process down.
        case killsWorker
        /// The process that trains it dies at its beginning, and the worker says so.
        case dies
        /// It cannot be trained anywhere.
        case fails
    }

    /// Of a hundred trials, how many have each fate but the sound one.
    package var losing = 0
    package var killing = 0
    package var dying = 0
    package var failing = 0
    package var stopping = 0
    /// Of a hundred trials, how many have losses that are thousands from the first epoch on and rise; whatever their fate.
    package var exploding = 0

    package init(
        losing: Int = 0,
        killing: Int = 0,
        dying: Int = 0,
        failing: Int = 0,
        stopping: Int = 0,
        exploding: Int = 0
    ) {
        self.exploding = exploding
        self.losing = losing
        self.killing = killing
        self.dying = dying
        self.failing = failing
        self.stopping = stopping
    }

    /// What becomes of the trial with this seed, of so many epochs.
    package func fate(seed: UInt64, epochs: Int) -> Fate {
        var stream = RandomStream(key: RandomStream.mix(seed &+ 1))
        let draw = stream.below(100)
        if draw < losing { return .losesNumbers(epoch: 1 + stream.below(epochs)) }
        if draw < losing + killing { return .killsWorker }
        if draw < losing + killing + dying { return .dies }
        if draw < losing + killing + dying + failing { return .fails }
        if draw < losing + killing + dying + failing + stopping { return .stopsEarly(epoch: 1 + stream.below(epochs)) }
        return .sound
    }

    /// Whether the losses of the trial with this seed explode.
    package func explodes(seed: UInt64) -> Bool {
        guard exploding > 0 else { return false }
        var stream = RandomStream(key: RandomStream.mix(seed &+ 4))
        return stream.below(100) < exploding
    }

    /// What happens in an epoch (from 1) that a person should see: something in about every third.
    package func notes(seed: UInt64, epoch: Int) -> [TrialNote] {
        var stream = RandomStream(key: RandomStream.mix(seed &+ 2) ^ UInt64(epoch))
        return stream.below(3) == 0 ? [TrialNote(epoch: epoch, text: "draw \(stream.below(1000))")] : []
    }

    /// What a network of one layer looks like after an epoch (from 1) of a segment; where nothing is read, nothing.
    package func readings(seed: UInt64, epoch: Int, segmentEnd: Int) -> [PackedReading] {
        guard InstrumentTier.layers.reads(after: epoch, segmentEnd: segmentEnd) else { return [] }
        var stream = RandomStream(key: RandomStream.mix(seed &+ 3) ^ UInt64(epoch))
        let layer = Instruments.Layer(
            name: "1",
            isHead: true,
            weights: stream.uniform(),
            deviation: stream.uniform(),
            units: 3
        )
        return [PackedReading(Instruments.Reading(epoch: epoch, layers: [layer]))]
    }

    /// What an epoch (from 1) of a trial measures; `spec` is the resolved template.
    package func observation(spec: SpecNode, seed: UInt64, epoch: Int, epochs: Int, metrics: [Metric]) -> Observation {
        var rate = 0.01
        if case .real(let value)? = spec["train"]?["optimizer"]?["sgd"]?["learning_rate"] { rate = value }
        var stream = RandomStream(key: RandomStream.mix(seed) ^ UInt64(epoch))
        let distance = Elementary.log(rate) - Elementary.log(0.03)
        let sound = 0.1 + 0.02 * distance * distance + 1 / Double(epoch) + 0.05 * stream.uniform()
        let loss = explodes(seed: seed) ? 1000 * Double(epoch) + sound : sound
        let isLost = fate(seed: seed, epochs: epochs) == .losesNumbers(epoch: epoch)
        let values = metrics.map { metric in
            switch metric {
            case .validationLoss: isLost ? .nan : loss
            case .validationAccuracy: isLost ? .nan : 1 / (1 + loss)
            // What gets better as the rate grows, beyond where the loss does.
            case .updateRatio: 1 / (1 + rate)
            default: loss * 0.9
            }
        }
        return Observation(epoch: epoch, values: values, seconds: 0.1)
    }

    /// The state after `epoch` epochs of the trial with this seed.
    package static func checkpoint(seed: UInt64, epoch: Int) -> [UInt8] {
        [seed, UInt64(epoch)].flatMap { word in
            stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// A name for bytes: 32 bytes of a hash, which need not be a cryptographic one here.
    package static func hash(of bytes: [UInt8]) -> ContentHash {
        var name: [UInt8] = []
        for part in 0..<4 {
            var hash = StableHash()
            hash.combine(UInt64(part))
            for byte in bytes { hash.combine(byte: byte) }
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                name.append(UInt8(truncatingIfNeeded: hash.value >> shift))
            }
        }
        guard let hash = ContentHash(bytes: name) else { preconditionFailure("a name has 32 bytes") }
        return hash
    }
}
