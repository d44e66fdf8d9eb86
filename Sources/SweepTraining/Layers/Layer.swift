import KernelAPI

/// One batch on its way through a network.
struct Pass {
    let rows: Int
    /// Whether it trains: dropout drops and batch norm takes the batch's moments.
    let isTraining: Bool
    /// Which masks dropout draws.
    let key: DropoutKey
    let kernels: KernelTable
}

/// Which mask a training step draws.
struct DropoutKey {
    let seed: UInt64
    let step: UInt64
}

/// A layer with room for one batch: reads its input slot, writes its output slot, and back.
///
/// Nothing here allocates after the initialiser. Not for two threads at once.
protocol Layer: AnyObject {
    var input: Slot { get }
    var output: Slot { get }
    /// In the order of checkpoints; weights before biases.
    var parameters: [Parameter] { get }
    /// The same, each with a name that no other of the layer has.
    var namedParameters: [(name: String, parameter: Parameter)] { get }

    /// Computes the output's values from the input's.
    func forward(_ pass: Pass)

    /// Computes the gradients by the parameters and, where the input has one, by the input, from the output's.
    ///
    /// The output's gradient may be overwritten. `use` is called for each trained parameter once its gradient stands and
    /// nothing reads its values any more in this step: it may change them.
    func backward(_ pass: Pass, use: (Parameter) -> Void)

    /// Brings what is derived from the weights (transposed or flipped copies) up to date.
    func refresh(kernels: KernelTable)
}

extension Layer {
    var parameters: [Parameter] { [] }
    var namedParameters: [(name: String, parameter: Parameter)] { parameters.map { ($0.role.name, $0) } }
    func refresh(kernels: KernelTable) {}
}
