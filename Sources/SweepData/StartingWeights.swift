/// The numbers of one parameter of another run: as safetensors files name them.
package struct WeightTensor: Hashable, Sendable {
    package let name: String
    package let shape: [Int]
    /// Row-major, as many as the shape has places.
    package let values: [Float]

    package init(name: String, shape: [Int], values: [Float]) {
        self.name = name
        self.shape = shape
        self.values = values
    }

    /// Whether the packed form can hold a tensor of this shape: every parameter has one that it can.
    package static func canHave(_ shape: [Int]) -> Bool {
        shape.count <= greatestRank && shape.allSatisfy { UInt32(exactly: $0) != nil }
    }

    /// Sides of the most that a parameter of ours has; more were never written.
    static let greatestRank = 8
}

/// Weights that trials may begin with. They travel with the data set, so that every worker has them before it trains.
package struct StartingWeights: Hashable, Sendable {
    /// The file, as the sweep file names it.
    package let file: String
    package let tensors: [WeightTensor]

    package init(file: String, tensors: [WeightTensor]) {
        self.file = file
        self.tensors = tensors
    }
}

extension PackedWriter {
    mutating func append(_ weights: [StartingWeights]) {
        append(UInt32(weights.count))
        for one in weights {
            append(one.file)
            append(UInt32(one.tensors.count))
            for tensor in one.tensors {
                append(tensor.name)
                append(UInt32(tensor.shape.count))
                for side in tensor.shape { append(UInt32(side)) }
                for value in tensor.values { append(value.bitPattern) }
            }
        }
    }
}

extension PackedReader {
    mutating func startingWeights() throws(DataSetFormatError) -> [StartingWeights] {
        var weights: [StartingWeights] = []
        for _ in 0..<(try count("the number of files of weights")) {
            let file = try text("a file of weights")
            var tensors: [WeightTensor] = []
            for _ in 0..<(try count("the number of tensors")) { tensors.append(try tensor()) }
            weights.append(StartingWeights(file: file, tensors: tensors))
        }
        guard Set(weights.map(\.file)).count == weights.count else {
            throw .invalid("two files of weights of one name")
        }
        return weights
    }

    private mutating func tensor() throws(DataSetFormatError) -> WeightTensor {
        let name = try text("a tensor's name")
        let rank = try count("a tensor's rank")
        guard rank <= WeightTensor.greatestRank else { throw .invalid("a tensor of \(rank) sides") }
        var shape: [Int] = []
        for _ in 0..<rank { shape.append(try count("a tensor's side")) }
        var places = 1
        for side in shape {
            let (product, overflows) = places.multipliedReportingOverflow(by: side)
            guard !overflows else { throw .invalid("the size of a tensor") }
            places = product
        }
        let values = try floats(places)
        guard values.allSatisfy(\.isFinite) else { throw .invalid("a weight that is not finite") }
        return WeightTensor(name: name, shape: shape, values: values)
    }
}
