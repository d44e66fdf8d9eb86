import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics

/// A parameter that does not start at zero, and how it starts.
struct WeightDrawing {
    enum Start {
        case ones
        /// With an initializer; `fanOut` are a weight matrix's outputs where they are not its columns.
        case drawn(Initializer, fanOut: Int?)
    }

    let parameter: Parameter
    let start: Start

    init(_ parameter: Parameter, _ start: Start) {
        self.parameter = parameter
        self.start = start
    }

    /// Writes the initial values of weights number `index` of a network (those of ones are not counted).
    func draw(index: Int, seed: UInt64) {
        var numbers = [Float](repeating: 1, count: parameter.layout.count)
        if case .drawn(let initializer, let fanOut) = start,
            case .panels(let groups, let rows, _, let columns) = parameter.layout
        {
            var stream = RandomStream(key: StreamPurpose.weights.key(seed: seed, index: index))
            initializer.fill(&numbers, inputs: groups * rows, outputs: columns, fanOut: fanOut ?? columns, &stream)
        }
        numbers.withUnsafeBufferPointer { numbers in
            guard let base = numbers.baseAddress else { return }
            parameter.layout.pack(base, into: parameter.values)
        }
    }
}

extension Initializer {
    /// The standard deviation of a weight before the orthogonal rule has its say.
    func deviation(inputs: Int, fanOut: Int) -> Double {
        switch kind {
        case .he: scale * (2 / Double(inputs)).squareRoot()
        case .glorot: scale * (2 / Double(inputs + fanOut)).squareRoot()
        case .lecun: scale * (1 / Double(inputs)).squareRoot()
        case .orthogonal, .plain, .constant: scale
        }
    }

    /// The bound a of the uniform distribution on [−a, a] whose variance a²/3 this initializer asks for.
    func bound(inputs: Int, fanOut: Int) -> Double {
        switch kind {
        // One rounding each, as the versions before had it.
        case .he where scale == 1: (6 / Double(inputs)).squareRoot()
        case .glorot where scale == 1: (6 / Double(inputs + fanOut)).squareRoot()
        default: deviation(inputs: inputs, fanOut: fanOut) * 3.0.squareRoot()
        }
    }

    /// Fills a row-major inputs × outputs matrix.
    func fill(
        _ numbers: inout [Float],
        inputs: Int,
        outputs: Int,
        fanOut: Int,
        _ stream: inout RandomStream
    ) {
        switch (kind, distribution) {
        case (.constant, _):
            for index in numbers.indices { numbers[index] = Float(scale) }
        case (.orthogonal, _):
            let rows = Self.orthonormal(inputs: inputs, outputs: outputs, &stream)
            for index in numbers.indices { numbers[index] = Float(scale * rows[index]) }
        case (_, .uniform):
            let bound = bound(inputs: inputs, fanOut: fanOut)
            for index in numbers.indices { numbers[index] = Float(bound * (2 * stream.uniform() - 1)) }
        case (_, .normal):
            let deviation = deviation(inputs: inputs, fanOut: fanOut)
            for index in numbers.indices { numbers[index] = Float(deviation * stream.normal()) }
        }
    }

    /// A row-major inputs × outputs matrix of normal numbers, its rows or columns (the fewer) made orthonormal.
    ///
    /// Twice the modified Gram–Schmidt process: once leaves errors that grow with the size.
    private static func orthonormal(inputs: Int, outputs: Int, _ stream: inout RandomStream) -> [Double] {
        let (count, length) = (min(inputs, outputs), max(inputs, outputs))
        var vectors = (0..<count).map { _ in (0..<length).map { _ in stream.normal() } }
        for _ in 0..<2 {
            for index in 0..<count {
                for other in 0..<index {
                    var product = 0.0
                    for i in 0..<length { product += vectors[index][i] * vectors[other][i] }
                    for i in 0..<length { vectors[index][i] -= product * vectors[other][i] }
                }
                let norm = vectors[index].reduce(0) { $0 + $1 * $1 }.squareRoot()
                for i in 0..<length { vectors[index][i] /= norm }
            }
        }
        return (0..<(inputs * outputs)).map { element in
            let (row, column) = (element / outputs, element % outputs)
            return inputs <= outputs ? vectors[row][column] : vectors[column][row]
        }
    }
}
