import KernelAPI

/// What lies between two layers: the values of a batch, and the loss's gradient by them.
final class Slot {
    /// The values that the next layer reads. Dropout lets it point at its input's while nothing is dropped.
    var values: Tensor
    /// The gradient by the values; nil where nobody needs it (a network's input).
    let gradient: Tensor?
    /// Samples of a part, where the layers at both ends compute by parts: then `gradient` has room for one part only.
    let partRows: Int?
    /// Whether the values are a ReLU's.
    var isRectified = false
    /// Whether the next layer applies that ReLU's derivative while it writes the gradient.
    private(set) var masksGradient = false
    /// The slot whose memory this one reads as another shape.
    private let original: Slot?

    init(values: Tensor, gradient: Tensor?, partRows: Int? = nil, sharing original: Slot? = nil) {
        self.values = values
        self.gradient = gradient
        self.partRows = partRows
        self.original = original
        isRectified = original?.isRectified ?? false
    }

    /// Leaves the derivative of the ReLU before it to the next layer, if there is one.
    func maskByNextLayer() {
        guard isRectified else { return }
        masksGradient = true
        original?.maskByNextLayer()
    }

    /// What the next layer gives its gradient kernels as a mask.
    var mask: Floats? { masksGradient ? values.floats : nil }

    /// The gradient by the values of a part that begins at a sample; nil where nobody needs it.
    func gradient(from sample: Int) -> Tensor? {
        partRows == nil ? gradient?.from(sample) : gradient
    }
}
