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
/// | 8, 8 | β₁ᵗ and β₂ᵗ of Adam (1 for gradient descent) |
/// | 4 a number | per layer: weights, row-major inputs × outputs without padding, and biases; then the first moment (or velocity) of both, then for Adam the second |
/// | 8 | checksum of everything before it |
package enum CheckpointFormat {
    static let magic = Array("SWEEPCKP".utf8)
    static let version: UInt32 = 1
    static let headerBytes = 48
    static let checksumBytes = 8
    /// More epochs than a specification may ask for: a counter beyond it was never written by a run.
    static let greatestEpoch: UInt64 = 1_000_000

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
        var writer = ByteWriter(capacity: checkpointBytes)
        writer.write(bytes: CheckpointFormat.magic)
        writer.write(CheckpointFormat.version)
        writer.write(TrainingCore.version)
        writer.write(digest)
        writer.write(UInt64(epoch))
        writer.write(optimizer.powers.0.bitPattern)
        writer.write(optimizer.powers.1.bitPattern)
        let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: largestTensor)
        defer { scratch.deallocate() }
        forEachTensor { layout, panels in
            guard let base = scratch.baseAddress else { return }
            if let layout {
                layout.unpack(panels: panels.start, intoRowMajor: base)
                writer.write(floats: UnsafeBufferPointer(start: base, count: layout.rows * layout.columns))
            } else {
                writer.write(floats: UnsafeBufferPointer(start: panels.start, count: panels.count))
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
            try restore(bytes)
        } catch {
            throw .checkpoint(error)
        }
    }

    private func restore(_ bytes: [UInt8]) throws(CheckpointError) {
        var reader = ByteReader(bytes: bytes)
        guard bytes.starts(with: CheckpointFormat.magic) else { throw .notACheckpoint }
        reader.skip(CheckpointFormat.magic.count)
        guard bytes.count >= CheckpointFormat.headerBytes + CheckpointFormat.checksumBytes else {
            throw .wrongSize(found: bytes.count, expected: checkpointBytes)
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
        guard digest == self.digest else { throw .otherRun(found: digest, expected: self.digest) }
        guard bytes.count == checkpointBytes else {
            throw .wrongSize(found: bytes.count, expected: checkpointBytes)
        }
        let epoch: UInt64 = reader.read()
        let powers = (Double(bitPattern: reader.read()), Double(bitPattern: reader.read()))
        guard epoch <= CheckpointFormat.greatestEpoch, 0...1 ~= powers.0, 0...1 ~= powers.1 else {
            throw .impossibleState
        }
        self.epoch = Int(epoch)
        optimizer.powers = powers
        let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: largestTensor)
        defer { scratch.deallocate() }
        forEachTensor { layout, panels in
            guard let base = scratch.baseAddress else { return }
            if let layout {
                reader.read(into: UnsafeMutableBufferPointer(start: base, count: layout.rows * layout.columns))
                layout.pack(rowMajor: base, into: panels.start)
            } else {
                reader.read(into: UnsafeMutableBufferPointer(start: panels.start, count: panels.count))
            }
        }
        for layer in network.layers { layer.refreshTransposed(kernels: kernels) }
    }

    /// What the run is a continuation of: two runs with the same digest have the same curve.
    ///
    /// The number of epochs is left out: no epoch depends on how many follow it.
    package var digest: UInt64 {
        var hash = WordHash()
        hash.combine(data.digest)
        hash.combine(seed)
        hash.combine(UInt64(spec.model.widths.count))
        for width in spec.model.widths { hash.combine(UInt64(width)) }
        var words = StableHash()
        words.combine(spec.model.activation.rawValue)
        words.combine(spec.initializer.rawValue)
        words.combine(spec.loss(on: data.schema).rawValue)
        hash.combine(words.value)
        hash.combine(spec.model.dropout.bitPattern)
        hash.combine(spec.l2.bitPattern)
        hash.combine(UInt64(spec.batchSize))
        switch spec.optimizer {
        case .sgd(let learningRate, let momentum):
            hash.combine(1)
            for number in [learningRate, momentum] { hash.combine(number.bitPattern) }
        case .adam(let learningRate, let beta1, let beta2, let epsilon):
            hash.combine(2)
            for number in [learningRate, beta1, beta2, epsilon] { hash.combine(number.bitPattern) }
        }
        return hash.value
    }
}

extension TrainingRun {
    /// A checkpoint's size: a function of the specification and the schema.
    private var checkpointBytes: Int {
        var floats = 0
        forEachTensor { layout, panels in floats += layout.map { $0.rows * $0.columns } ?? panels.count }
        return CheckpointFormat.headerBytes + 4 * floats + CheckpointFormat.checksumBytes
    }

    private var largestTensor: Int {
        network.layers.map { max($0.inputs * $0.outputs, $0.outputs) }.max() ?? 1
    }

    /// Visits the tensors of a checkpoint in its order; those in panels come with their layout, the others are vectors.
    private func forEachTensor(_ body: (_ layout: PanelLayout?, _ panels: (start: MutableFloats, count: Int)) -> Void) {
        for layer in network.layers {
            body(layer.layout, (layer.weights, layer.layout.count))
            body(nil, (layer.bias, layer.outputs))
        }
        for (layer, state) in zip(network.layers, optimizer.layers) {
            body(layer.layout, (state.weightFirst, layer.layout.count))
            body(nil, (state.biasFirst, layer.outputs))
        }
        for (layer, state) in zip(network.layers, optimizer.layers) {
            guard let weights = state.weightSecond, let bias = state.biasSecond else { continue }
            body(layer.layout, (weights, layer.layout.count))
            body(nil, (bias, layer.outputs))
        }
    }
}
