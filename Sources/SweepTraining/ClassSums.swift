/// Sums over the rows of each class of one part of the data.
struct ClassSums {
    /// Rows of each class.
    private(set) var rows: [Int]
    private var losses: [Double]
    private var hits: [Int]
    /// Whether it was told what the rows are predicted to be.
    private var isPredicted = false

    init(classes: Int) {
        rows = [Int](repeating: 0, count: classes)
        losses = [Double](repeating: 0, count: classes)
        hits = [Int](repeating: 0, count: classes)
    }

    /// Forgets all rows.
    mutating func clear() {
        for index in rows.indices {
            rows[index] = 0
            losses[index] = 0
            hits[index] = 0
        }
    }

    /// Adds rows in their order; without `predicted` nothing is known of recalls.
    mutating func add(
        _ rowLosses: UnsafeBufferPointer<Float>,
        labels: UnsafePointer<Int32>,
        predicted: UnsafePointer<Int32>?
    ) {
        isPredicted = predicted != nil
        for row in rowLosses.indices {
            let label = Int(labels[row])
            rows[label] += 1
            losses[label] += Double(rowLosses[row])
            if let predicted, predicted[row] == labels[row] { hits[label] += 1 }
        }
    }

    /// The mean of the losses of a class's rows; nil without rows.
    func meanLoss(_ index: Int) -> Double? { rows[index] == 0 ? nil : losses[index] / Double(rows[index]) }

    /// The share of a class's rows that was predicted right; nil without rows, and where nothing was predicted.
    func recall(_ index: Int) -> Double? {
        rows[index] == 0 || !isPredicted ? nil : Double(hits[index]) / Double(rows[index])
    }
}
