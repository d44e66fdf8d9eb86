import Glibc
import SweepCore
import SweepTraining

/// A run written down step by step, for another program to train the same way.
///
/// The file begins with a line of JSON, padded with spaces to a multiple of 8 bytes, end of line included:
/// `{"format": "sweepd-trace 1", "train": …, "input": [784] or [28, 28, 1], "outputs": 10, "seed": 1, "steps": 3,
/// "arrays": [{"name", "type": "float32" or "int32", "shape"}, …]}`. The arrays follow in that order, row-major, little
/// endian, without gaps. Their names:
///
/// - `initial/LAYER/NAME`: a parameter before the first step. LAYER is the layer's place and kind (`0.dense`; within a
///   residual block `2.residual.0.conv`), NAME is `weights` (inputs × outputs; of a convolution height × width ×
///   channels in × channels out), `biases`, of a norm `scale`, `shift`, `mean`, `variance`.
/// - `step/K/features`, `step/K/targets`: the rows of step K, from 0; targets are int32 classes or float32 numbers.
/// - `step/K/factors/LAYER`: what dropout multiplies its input by, rows × units; absent without dropout.
/// - `step/K/loss`: the mean loss of the rows before the update, without penalties.
/// - `step/K/parameters/LAYER/NAME`: a parameter after step K.
struct Trace {
    private struct Entry {
        let name: String
        let type: String
        let shape: [Int]
    }

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []

    /// Trains so many steps and keeps what each of them was given and left.
    init(_ run: TrainingRun, rows: BenchmarkRows, steps: Int) {
        add(parameters: run, below: "initial")
        var order: [Int32] = []
        for step in 0..<steps {
            let (epoch, place) = step.quotientAndRemainder(dividingBy: run.stepsPerEpoch)
            if place == 0 { order = run.rowOrder(epoch: epoch) }
            let batch = order[(place * run.spec.batchSize)...].prefix(run.spec.batchSize).map { Int($0) }
            add(rows: batch, of: rows, isClassification: run.data.schema.task.kind == .classification, step: step)
            add(factorsOf: run, rows: batch.count, step: step)
            add("step/\(step)/loss", shape: [], [Float(run.step())])
            add(parameters: run, below: "step/\(step)/parameters")
        }
    }

    /// Adds the parameters of all layers. What a layer of a new kind has is entered here.
    private mutating func add(parameters run: TrainingRun, below prefix: String) {
        for (index, layer) in run.parameters().enumerated() {
            add("\(prefix)/\(index).dense/weights", shape: [layer.inputs, layer.outputs], layer.weights)
            add("\(prefix)/\(index).dense/biases", shape: [layer.outputs], layer.biases)
        }
    }

    private mutating func add(rows batch: [Int], of rows: BenchmarkRows, isClassification: Bool, step: Int) {
        let features = batch.flatMap { row in
            UnsafeBufferPointer(start: rows.features + row * rows.rowStride, count: rows.columns)
        }
        add("step/\(step)/features", shape: [batch.count, rows.columns], features)
        if isClassification {
            add("step/\(step)/targets", shape: [batch.count], batch.map { rows.classes[$0] })
        } else {
            add("step/\(step)/targets", shape: [batch.count], batch.map { rows.numbers[$0] })
        }
    }

    private mutating func add(factorsOf run: TrainingRun, rows: Int, step: Int) {
        guard run.spec.model.dropout > 0 else { return }
        for (index, units) in run.spec.model.widths.enumerated() {
            let factors = run.dropoutFactors(layer: index, rows: rows, step: UInt64(step))
            add("step/\(step)/factors/\(index)", shape: [rows, units], factors)
        }
    }

    private mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
        entries.append(Entry(name: name, type: "float32", shape: shape))
        for value in values { add(value.bitPattern) }
    }

    private mutating func add(_ name: String, shape: [Int], _ values: [Int32]) {
        entries.append(Entry(name: name, type: "int32", shape: shape))
        for value in values { add(UInt32(bitPattern: value)) }
    }

    private mutating func add(_ word: UInt32) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes the file whole; refuses if the system does.
    func write(to path: String, options: Options) throws(Refusal) {
        let (input, outputs) = options.shape
        let sides = input.image.map { [$0.height, $0.width, $0.channels] } ?? [input.columns]
        let list = entries.map { entry in
            "{\"name\": \"\(entry.name)\", \"type\": \"\(entry.type)\", \"shape\": \(entry.shape)}"
        }
        var header =
            "{\"format\": \"sweepd-trace 1\", \"train\": \(options.trainNode.json), \"input\": \(sides), "
            + "\"outputs\": \(outputs), \"seed\": \(options.seed), \"steps\": \(options.steps), "
            + "\"arrays\": [\(list.joined(separator: ", "))]}"
        header += String(repeating: " ", count: 7 - header.utf8.count % 8) + "\n"
        guard let file = fopen(path, "w") else { throw Refusal("\(path): \(String(cString: strerror(errno)))") }
        let all = Array(header.utf8) + bytes
        let written = fwrite(all, 1, all.count, file)
        guard fclose(file) == 0, written == all.count else {
            throw Refusal("\(path): \(String(cString: strerror(errno)))")
        }
    }
}
