package import KernelAPI
package import SweepCore
import SweepKernels
import SweepNumerics

/// The bytes of a checkpoint, all integers and floats little-endian:
///
/// | bytes | what |
/// |---|---|
/// | 8 | `SWEEPCKP` |
/// | 4, 4 | version of this format, `TrainingCore.version` |
/// | 8 | digest of the specification (its length in epochs aside), the data and the seed |
/// | 8 | epochs finished |
/// | 8, 8, 8 | steps of the optimizer, its two powers (1 where it has none) |
/// | 6 × 8 | schedule: factor, best value, epochs waited, cooldown, last loss, reductions |
/// | 4 × 8 | early stopping: best value, its epoch, epochs waited, whether it ended the run |
/// | 8 an epoch | training losses |
/// | 4 a number | all parameters, layer by layer, row-major without padding; then of each trained one the optimizer's memory; then the averages and the best weights, where the specification has them |
/// | 8 | checksum of everything before it |
///
/// Random numbers and the order of rows are functions of the seed and the counters, so nothing of them is kept.
package enum CheckpointFormat {
    static let magic = Array("SWEEPCKP".utf8)
    static let version: UInt32 = 2
    /// Bytes before the training losses.
    static let headerBytes = 136
    static let checksumBytes = 8
    /// More epochs than a specification may ask for: a counter beyond it was never written by a run.
    static let greatestEpoch: UInt64 = 1_000_000
    /// More steps than a run can take.
    static let greatestCount: UInt64 = 1 << 53

    /// `content` with its checksum.
    package static func sealed(_ content: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: content.count + checksumBytes)
        writer.write(bytes: content)
        writer.write(checksum(of: content[...]))
        return writer.bytes
    }

    static func checksum(of content: ArraySlice<UInt8>) -> UInt64 {
        var hash = WordHash()
        content.withUnsafeBytes { hash.combine(bytes: $0) }
        return hash.value
    }
}

extension TrainingRun {
    /// The state after the last finished epoch; nil within an epoch and after the run diverged.
    package func checkpoint() -> [UInt8]? {
        guard stepOfEpoch == 0, !diverged else { return nil }
        var writer = ByteWriter(capacity: checkpointBytes(epochs: epoch))
        writer.write(bytes: CheckpointFormat.magic)
        writer.write(CheckpointFormat.version)
        writer.write(TrainingCore.version)
        writer.write(digest)
        writer.write(UInt64(epoch))
        writer.write(UInt64(optimizer.steps))
        for power in [optimizer.powers.0, optimizer.powers.1] { writer.write(power.bitPattern) }
        writer.write(schedule.factor.bitPattern)
        writer.write(schedule.best.bitPattern)
        writer.write(UInt64(schedule.waited))
        writer.write(UInt64(schedule.cooldown))
        writer.write(schedule.lastLoss.bitPattern)
        writer.write(UInt64(schedule.reductions))
        writer.write(stopping.best.bitPattern)
        writer.write(UInt64(stopping.bestEpoch))
        writer.write(UInt64(stopping.waited))
        writer.write(UInt64(stoppedEarly ? 1 : 0))
        for loss in trainingLosses { writer.write(loss.bitPattern) }
        withScratch { scratch in
            forEachTensor { layout, stored in
                layout.unpack(stored, into: scratch)
                writer.write(floats: UnsafeBufferPointer(start: scratch, count: layout.count))
            }
        }
        return CheckpointFormat.sealed(writer.bytes)
    }

    /// Continues a run from its checkpoint: every later bit is that of the run that was never interrupted.
    ///
    /// Bytes from anywhere are safe: what does not belong to exactly this run throws `TrainingError.checkpoint`.
    package convenience init(
        restoring bytes: [UInt8],
        spec: TrainingSpec,
        data: TrainingData,
        seed: UInt64,
        kernels: KernelTable,
        memoryLimit: Int = defaultMemoryLimit
    ) throws(TrainingError) {
        try self.init(blank: spec, data: data, seed: seed, kernels: kernels, memoryLimit: memoryLimit)
        do throws(CheckpointError) {
            try restore(bytes, of: self.digest)
        } catch {
            throw .checkpoint(error)
        }
    }

    /// Puts the state of `bytes` in place, which must be that of a run with this digest.
    func restore(_ bytes: [UInt8], of wanted: UInt64) throws(CheckpointError) {
        var reader = ByteReader(bytes: bytes)
        guard bytes.starts(with: CheckpointFormat.magic) else { throw .notACheckpoint }
        reader.skip(CheckpointFormat.magic.count)
        guard bytes.count >= CheckpointFormat.headerBytes + CheckpointFormat.checksumBytes else {
            throw .wrongSize(found: bytes.count, expected: checkpointBytes(epochs: 0))
        }
        let version: UInt32 = reader.read()
        guard version == CheckpointFormat.version else { throw .unknownVersion(version) }
        var end = ByteReader(bytes: bytes, offset: bytes.count - CheckpointFormat.checksumBytes)
        guard end.read() == CheckpointFormat.checksum(of: bytes.dropLast(CheckpointFormat.checksumBytes)) else {
            throw .damaged
        }
        let core: UInt32 = reader.read()
        guard core == TrainingCore.version else { throw .otherCore(found: core, expected: TrainingCore.version) }
        let digest: UInt64 = reader.read()
        guard digest == wanted else { throw .otherRun(found: digest, expected: wanted) }
        let epoch: UInt64 = reader.read()
        guard epoch <= CheckpointFormat.greatestEpoch else { throw .impossibleState }
        let expected = checkpointBytes(epochs: Int(epoch))
        guard bytes.count == expected else { throw .wrongSize(found: bytes.count, expected: expected) }
        try restoreState(&reader, epoch: Int(epoch))
        withScratch { scratch in
            forEachTensor { layout, stored in
                reader.read(into: UnsafeMutableBufferPointer(start: scratch, count: layout.count))
                layout.pack(scratch, into: stored)
            }
        }
        network.refresh()
    }

    /// Reads the counters and states between the header and the tensors.
    private func restoreState(_ reader: inout ByteReader, epoch: Int) throws(CheckpointError) {
        func number() -> Double { Double(bitPattern: reader.read()) }
        func count() throws(CheckpointError) -> Int {
            let value: UInt64 = reader.read()
            guard value <= CheckpointFormat.greatestCount else { throw .impossibleState }
            return Int(value)
        }
        let steps = try count()
        let powers = (number(), number())
        var schedule = ScheduleState()
        schedule.factor = number()
        schedule.best = number()
        schedule.waited = try count()
        schedule.cooldown = try count()
        schedule.lastLoss = number()
        schedule.reductions = try count()
        var stopping = StoppingState()
        stopping.best = number()
        stopping.bestEpoch = try count()
        stopping.waited = try count()
        let flag = try count()
        guard 0...1 ~= powers.0, 0...1 ~= powers.1, schedule.factor >= 0, schedule.factor.isFinite, flag <= 1,
            stopping.bestEpoch <= epoch
        else { throw .impossibleState }
        trainingLosses = (0..<epoch).map { _ in number() }
        self.epoch = epoch
        self.schedule = schedule
        self.stopping = stopping
        stoppedEarly = flag == 1
        optimizer.resume(spec.optimizer(at: epoch), steps: steps, powers: powers)
    }

    /// What the run is a continuation of: two runs with the same digest have the same curve.
    package var digest: UInt64 { Self.digest(of: spec, on: data, seed: seed, origin) }

    /// The digest that a run of this specification has.
    static func digest(of spec: TrainingSpec, on data: TrainingData, seed: UInt64, _ origin: RunOrigin?) -> UInt64 {
        var hash = WordHash()
        hash.combine(data.digest)
        hash.combine(seed)
        hash.combine(spec.digest(on: data.schema))
        for tensor in spec.startingPoint.flatMap({ data.startingWeights[$0.file] }) ?? [] {
            tensor.values.withUnsafeBytes { hash.combine(bytes: $0) }
        }
        // Not without one, so that checkpoints of before are known.
        if let origin {
            hash.combine(origin.digest)
            hash.combine(UInt64(origin.epoch))
        }
        return hash.value
    }
}

extension TrainingSpec {
    /// The optimizer that an epoch, counted from 0, begins with.
    ///
    /// At the epoch of a restart it is still the one before: the restart happens with that epoch's first step.
    func optimizer(at epoch: Int) -> OptimizerSpec {
        restarts.last { $0.epoch < epoch }?.optimizer ?? optimizer
    }
}

extension TrainingRun {
    /// A checkpoint's size: a function of the specification, the schema and the epochs.
    private func checkpointBytes(epochs: Int) -> Int {
        var floats = 0
        forEachTensor { layout, _ in floats += layout.count }
        return CheckpointFormat.headerBytes + 8 * epochs + 4 * floats + CheckpointFormat.checksumBytes
    }

    /// Lends room for the largest tensor.
    private func withScratch(_ body: (MutableFloats) -> Void) {
        let largest = network.parameters.map(\.layout.count).max() ?? 1
        let scratch = MutableFloats.allocate(capacity: max(largest, 1))
        defer { scratch.deallocate() }
        body(scratch)
    }

    /// Visits the tensors of a checkpoint in its order.
    private func forEachTensor(_ body: (_ layout: ParameterLayout, _ stored: MutableFloats) -> Void) {
        for parameter in network.parameters { body(parameter.layout, parameter.values) }
        for (parameter, memory) in zip(network.trained, optimizer.memories) {
            for buffer in memory.buffers { body(parameter.layout, buffer) }
        }
        for (parameter, average) in zip(network.trained, copies.averages) { body(parameter.layout, average) }
        for (parameter, best) in zip(network.parameters, copies.best) { body(parameter.layout, best) }
    }
}
