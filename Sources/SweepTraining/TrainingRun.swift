package import KernelAPI
package import SweepCore
import SweepKernels

/// One training run: a network, its optimizer and its place in the data, epoch by epoch.
///
/// The curve and the weights are a function of (specification, data, seed, `TrainingCore.version`): the same bits with
/// every kernel table, on every thread, cancelled and continued or not, restored from a checkpoint or not.
/// All memory is allocated at the start and freed with the object. Not Sendable: a run belongs to one thread.
package final class TrainingRun {
    package let spec: TrainingSpec
    package let data: TrainingData
    package let seed: UInt64
    /// The run whose state this one went on from; nil: it began with weights of its own.
    var origin: RunOrigin?
    /// Epochs finished.
    package internal(set) var epoch = 0
    /// Whether a loss was not finite: the run is over, its last observation shows it.
    package internal(set) var diverged = false
    /// Whether the early-stopping rule ended the run.
    package internal(set) var stoppedEarly = false
    /// Metrics that are wanted beside those that every run on such data reports: see `Metric.reported`.
    package var alsoReported: [Metric] = []

    let kernels: KernelTable
    let network: Network
    let order: EpochOrder
    /// What is done to the rows of a batch; nil when nothing is.
    let changes: BatchChanges?
    /// Keeps the network's and the optimizer's buffers alive.
    private let arena: Arena
    let optimizer: Optimizer
    var schedule = ScheduleState()
    var stopping = StoppingState()
    /// What happened that a person should see, not yet taken.
    var notes: [TrialNote] = []
    /// Steps of the unfinished epoch.
    var stepOfEpoch = 0
    /// Sums over the unfinished epoch.
    var totals = EpochTotals()
    /// What the last step of an epoch measured; one for each trained parameter.
    var lastNorms: [UpdateNorms]
    /// The training losses of all epochs, for the audit of an early stop.
    var trainingLosses: [Double] = []
    /// The mean losses of the first steps, where somebody asked for them.
    private(set) var stepLosses: [Double] = []
    private var keptSteps = 0
    /// Averages of the weights, sums of gradients, best weights: whatever the specification asks for.
    let copies: WeightCopies
    let measured: MeasuredRows
    let dropoutSeed: UInt64

    /// Rows measured at once: enough for the matrix products to run at full speed.
    private static let evaluationRows = 64

    /// The default of the memory limit: 8 GiB, far beyond what trains in reasonable time on one core.
    package static let defaultMemoryLimit = 8 << 30

    /// Allocates the run's memory and draws its initial weights, or takes those that the specification begins with.
    ///
    /// A `fenced` run has NaNs between its buffers, for tests: see `brokenFence`.
    /// Throws `unsuitable` if the specification does not fit the data, `tooLarge` beyond the memory limit (bytes), and where the
    /// weights to begin with are not there or not those of the model.
    package convenience init(
        spec: TrainingSpec,
        data: TrainingData,
        seed: UInt64,
        kernels: KernelTable,
        memoryLimit: Int = defaultMemoryLimit,
        fenced: Bool = false
    ) throws(TrainingError) {
        try self.init(blank: spec, data: data, seed: seed, kernels: kernels, memoryLimit: memoryLimit, fenced: fenced)
        try drawStart()
    }

    /// Allocates the memory of a run whose weights are all zero.
    init(
        blank spec: TrainingSpec,
        data: TrainingData,
        seed: UInt64,
        kernels: KernelTable,
        memoryLimit: Int,
        fenced: Bool = false
    ) throws(TrainingError) {
        let problems = spec.problems(on: data.schema)
        guard problems.isEmpty else { throw .unsuitable(problems) }
        let capacity = max(spec.batchSize, Self.evaluationRows)
        func network(in arena: Arena, _ kernels: KernelTable) throws(TrainingError) -> Network {
            do throws(LayerShapeError) {
                return try Network(spec: spec, schema: data.schema, capacity: capacity, kernels: kernels, arena: arena)
            } catch {
                throw .unbuildable(error.message)
            }
        }
        let measure = Arena(measuring: ())
        let planned = try network(in: measure, kernels)
        _ = Optimizer(spec, parameters: planned.trained, arena: measure)
        _ = WeightCopies(spec, network: planned, arena: measure)
        _ = BatchChanges(spec.augment, schema: data.schema, network: planned, rows: capacity, arena: measure)
        guard measure.bytes <= memoryLimit else { throw .tooLarge(bytes: measure.bytes, limit: memoryLimit) }
        self.spec = spec
        self.data = data
        self.seed = seed
        // The team lives as long as the table that shares work among it.
        let shared = spec.threads > 1 ? kernels.shared(by: ThreadTeam(count: spec.threads)) : kernels
        self.kernels = shared
        arena = Arena(fenced: fenced)
        self.network = try network(in: arena, shared)
        optimizer = Optimizer(spec, parameters: self.network.trained, arena: arena)
        copies = WeightCopies(spec, network: self.network, arena: arena)
        lastNorms = [UpdateNorms](repeating: UpdateNorms(), count: self.network.trained.count)
        order = data.epochOrder(spec.sampling)
        changes = BatchChanges(spec.augment, schema: data.schema, network: self.network, rows: capacity, arena: arena)
        measured = MeasuredRows(data, network: self.network)
        dropoutSeed = StreamPurpose.dropout.key(seed: seed, index: 0)
    }

    deinit { order.deallocate() }

    /// The first of the run's buffers whose fence was written, in the order in which they were made; nil if none was, or if
    /// the run has no fences.
    package var brokenFence: Int? { arena.brokenFence }

    /// Rows that one step of the optimizer is taken for.
    var rowsPerStep: Int { spec.batchSize * spec.accumulation }

    /// Steps an epoch takes; the last may have fewer rows.
    package var stepsPerEpoch: Int { (order.count + rowsPerStep - 1) / rowsPerStep }

    /// The metrics of an observation's values, in order.
    package var metrics: [Metric] { Metric.reported(for: data.schema, also: alsoReported) }

    /// Rows that the next step trains on.
    var rowsOfNextStep: Int {
        let step = stepOfEpoch == stepsPerEpoch ? 0 : stepOfEpoch
        return min(rowsPerStep, order.count - step * rowsPerStep)
    }

    /// What happened since the last call: a rate that was reduced, an early stop, a first value that was not finite.
    package func takeNotes() -> [TrialNote] {
        defer { notes.removeAll() }
        return notes
    }

    /// Keeps the mean losses of so many steps from now on; room is made here, not in a step.
    func recordSteps(_ count: Int) {
        keptSteps = stepLosses.count + count
        stepLosses.reserveCapacity(keptSteps)
    }

    /// Keeps a step's mean loss, where there is room for it.
    func record(step loss: Double) {
        if stepLosses.count < keptSteps { stepLosses.append(loss) }
    }

    /// Notes a run keeps until they are taken: a rule that fires on every batch shall not fill the memory.
    private static let greatestNotes = TrialNote.perTrial

    /// Notes what happened in the epoch under way, or in the one that was just finished.
    func note(_ text: String, after finished: Int? = nil) {
        guard notes.count < Self.greatestNotes else { return }
        notes.append(TrialNote(epoch: finished ?? epoch + 1, text: text))
    }
}

/// Sums over the steps of an epoch.
struct EpochTotals {
    /// Of the rows' training losses.
    var loss = 0.0
    /// Core seconds.
    var seconds = 0.0
    /// Steps whose gradient was longer than it may be.
    var clipped = 0
    /// The rate of the last step.
    var learningRate = 0.0
}
