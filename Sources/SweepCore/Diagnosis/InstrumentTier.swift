/// How much a worker reads of a network while it trains, to be told beside the curve: `train.instruments`.
///
/// Readings change no bit of a run and decide nothing.
package enum InstrumentTier: String, CaseIterable, Hashable, Sendable {
    /// Nothing but the curve.
    case curve
    /// The layers: their gradients, weights, steps and units; losses by class; of dense networks the gradient's noise on few rows.
    case layers
    /// The gradient's noise on more rows and of other networks, and the losses of the first epoch's steps, too.
    case full

    /// Reads `instruments`; nil when it is wrong (and reported). No range: readings change no result.
    static func read(_ reader: SpecReader) -> InstrumentTier? {
        reader.allowingDomains(false).word(InstrumentTier.self)
    }

    /// Whether the end of an epoch, from 1, is read: of 1, 2, 4, 8, … and of the last of a segment, which ends at `segmentEnd`.
    package func reads(after epoch: Int, segmentEnd: Int) -> Bool {
        self != .curve && epoch > 0 && (epoch & (epoch - 1) == 0 || epoch == segmentEnd)
    }
}

/// A reading as the bytes that travel and are kept, a `sweepd.wire.Reading`: several times smaller than the value, and of a known size.
package struct PackedReading: Hashable, Sendable {
    /// Epochs finished.
    package let epoch: Int
    package let bytes: [UInt8]

    package init(epoch: Int, bytes: [UInt8]) {
        self.epoch = epoch
        self.bytes = bytes
    }
}

/// The readings of a trial that are kept: the first and the newest five, as many as fit into 16 KiB.
///
/// A function of those that were offered, in their order.
package struct KeptReadings: Hashable, Sendable {
    /// Bytes of all that are kept of a trial, and so of one.
    package static let byteLimit = 16 * 1024
    /// Newest ones, beside the first.
    package static let newest = 5

    /// By rising epoch.
    package private(set) var all: [PackedReading] = []

    package init() {}

    package var isEmpty: Bool { all.isEmpty }
    /// Bytes of all.
    package var bytes: Int { all.reduce(0) { $0 + $1.bytes.count } }

    /// Takes in a reading that is later than those before and not larger than all may be; answers whether it was.
    ///
    /// For it the oldest but the first are dropped, and the first where it and the newest are too large together.
    @discardableResult
    package mutating func keep(_ reading: PackedReading) -> Bool {
        guard reading.epoch > all.last?.epoch ?? 0, reading.bytes.count <= Self.byteLimit else { return false }
        all.append(reading)
        while all.count > 1 + Self.newest || bytes > Self.byteLimit { all.remove(at: all.count > 2 ? 1 : 0) }
        return true
    }
}

extension Instruments.Reading {
    /// Layers that are told of at most.
    package static let toldLayers = 256
    /// Bytes of a layer's name.
    package static let nameBytes = 64
    /// Losses of steps that are told of at most: the first of the first epoch.
    package static let toldSteps = 512
    /// Classes that are told of at most: those with the greatest losses.
    package static let toldClasses = 64

    /// The reading with at most `layers` of its layers: the first ones and the head.
    package func told(layers limit: Int = toldLayers) -> Instruments.Reading {
        var told = self
        if classes.count > Self.toldClasses {
            func loss(_ index: Int) -> Double { classes[index].loss ?? classes[index].probeLoss ?? -.infinity }
            // Equal ones in their order.
            let worst = classes.indices.sorted { loss($0) != loss($1) ? loss($0) > loss($1) : $0 < $1 }
            told.classes = worst.prefix(Self.toldClasses).sorted().map { classes[$0] }
        }
        if layers.count > limit, let head = layers.last { told.layers = layers.prefix(max(0, limit - 1)) + [head] }
        told.stepLosses = Array(stepLosses.prefix(Self.toldSteps))
        return told
    }
}
