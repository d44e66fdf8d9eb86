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
/// - `initial/N/LAYER.ROLE`: parameter N, from 0, before the first step, in the order of the model's layers; within a
///   residual block those of its layers, then those of its shortcut. ROLE is `weights` (inputs × outputs; of a
///   convolution pixels of the kernel × channels in × channels out), `bias`, of a norm `gain`, `shift`, `running_mean`,
///   `running_variance`.
/// - `step/K/features`, `step/K/targets`: the rows of step K, from 0; targets are int32 classes or float32 numbers.
/// - `step/K/factors/N`: what dropout layer N, from 0, multiplies its input by, rows × units, a pixel
///   being a row of its channels; absent without dropout.
/// - `step/K/loss`: the mean loss of the rows before the update, without penalties.
/// - `step/K/parameters/N/LAYER.ROLE`: a parameter after step K.
struct Trace {
    private struct Entry {
        let name: String
        let type: String
        let shape: [Int]
    }

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []

    /// Trains so many steps and keeps what each of them was given and left.
    init(_ run: TrainingRun, rows: BenchmarkRows, input: TensorShape, steps: Int) throws {
        let dropouts = try DropoutPlace.all(in: run.spec.model.layers, input: input)
        add(parameters: run, below: "initial")
        var order: [Int32] = []
        for step in 0..<steps {
            let (epoch, place) = step.quotientAndRemainder(dividingBy: run.stepsPerEpoch)
            if place == 0 { order = run.rowOrder(epoch: epoch) }
            let batch = order[(place * run.spec.batchSize)...].prefix(run.spec.batchSize).map { Int($0) }
            add(rows: batch, of: rows, isClassification: run.data.schema.task.kind == .classification, step: step)
            add(factorsOf: run, rows: batch.count, step: step, dropouts: dropouts)
            add("step/\(step)/loss", shape: [], [Float(run.step())])
            add(parameters: run, below: "step/\(step)/parameters")
        }
    }

    private mutating func add(parameters run: TrainingRun, below prefix: String) {
        for (index, parameter) in run.parameters().enumerated() {
            add("\(prefix)/\(index)/\(parameter.name)", shape: parameter.shape, parameter.values)
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

    private mutating func add(factorsOf run: TrainingRun, rows: Int, step: Int, dropouts: [DropoutPlace]) {
        for (index, place) in dropouts.enumerated() {
            let factors = run.dropoutFactors(
                layer: index,
                rate: place.rate,
                columns: place.columns,
                rows: rows * place.pixels,
                step: UInt64(step)
            )
            add("step/\(step)/factors/\(index)", shape: [rows * place.pixels, place.columns], factors)
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
            "{\"format\": \"sweepd-trace 1\", \"train\": \(options.trainNode.jsonText), \"input\": \(sides), "
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

/// A dropout layer: its rate, and the shape of what it is given.
private struct DropoutPlace {
    let rate: Double
    let pixels: Int
    let columns: Int

    /// Those of a list of layers and of the residual blocks within, in order.
    static func all(in layers: [LayerSpec], input: TensorShape) throws -> [DropoutPlace] {
        var shape = input
        var places: [DropoutPlace] = []
        for (layer, next) in zip(layers, try ModelSpec(layers: layers).shapes(input: input)) {
            switch layer {
            case .dropout(let rate):
                switch shape {
                case .vector(let count): places.append(DropoutPlace(rate: rate, pixels: 1, columns: count))
                case .image(let height, let width, let channels):
                    places.append(DropoutPlace(rate: rate, pixels: height * width, columns: channels))
                }
            case .residual(let inner): places += try all(in: inner, input: shape)
            default: break
            }
            shape = next
        }
        return places
    }
}
