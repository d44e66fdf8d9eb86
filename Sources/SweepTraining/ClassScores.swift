/// What predictions of classes are worth, from counts and scores.
struct ClassScores {
    /// Rows of each class.
    private(set) var rows: [Int]
    /// Rows of each class that were predicted right.
    private(set) var hits: [Int]
    /// Rows that were predicted to be of each class.
    private(set) var predicted: [Int]

    init(classes: Int) {
        rows = [Int](repeating: 0, count: classes)
        hits = rows
        predicted = rows
    }

    /// Forgets all rows.
    mutating func clear() {
        for index in rows.indices {
            rows[index] = 0
            hits[index] = 0
            predicted[index] = 0
        }
    }

    /// Counts a row; a prediction of −1 is none.
    mutating func add(label: Int, prediction: Int) {
        rows[label] += 1
        if prediction >= 0 { predicted[prediction] += 1 }
        if label == prediction { hits[label] += 1 }
    }

    /// The share of a class's rows that was predicted right; NaN without rows.
    func recall(_ index: Int) -> Double { rows[index] == 0 ? .nan : Double(hits[index]) / Double(rows[index]) }

    /// The mean of the recalls of the classes that have rows.
    var balancedAccuracy: Double { mean { rows[$0] > 0 ? recall($0) : nil } }

    /// The mean over the classes that have rows or predictions of 2·hits / (rows + predictions).
    var macroF1: Double {
        mean { index in
            let total = rows[index] + predicted[index]
            return total == 0 ? nil : 2 * Double(hits[index]) / Double(total)
        }
    }

    private func mean(_ value: (Int) -> Double?) -> Double {
        let values = rows.indices.compactMap(value)
        return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// The probability that a row of the class scores above one of another class, ties counting half; NaN without both.
    ///
    /// The area under the ROC curve. Source: Hanley & McNeil, Radiology 143(1), 1982. The class's scores are sorted and
    /// those of the other rows looked up among them: fewer steps than sorting all when classes are many.
    /// NaN when a score is.
    static func areaUnderCurve(
        scores: UnsafePointer<Float>,
        stride: Int,
        rows: Int,
        isOfClass: (Int) -> Bool,
        scratch: UnsafeMutableBufferPointer<Float>
    ) -> Double {
        var positives = 0
        for row in 0..<rows {
            let score = scores[row * stride]
            if score.isNaN { return .nan }
            if isOfClass(row) {
                scratch[positives] = score
                positives += 1
            }
        }
        guard positives > 0, positives < rows else { return .nan }
        var sorted = UnsafeMutableBufferPointer(rebasing: scratch[..<positives])
        sorted.sort()
        // Twice the number of pairs in which the class's row scores higher, ties counting one.
        var doubled = 0
        for row in 0..<rows where !isOfClass(row) {
            let score = scores[row * stride]
            let below = firstIndex(in: sorted) { $0 >= score }
            let upTo = firstIndex(in: sorted) { $0 > score }
            doubled += 2 * (positives - upTo) + (upTo - below)
        }
        return Double(doubled) / (2 * Double(positives) * Double(rows - positives))
    }

    /// The first index of a sorted buffer whose value satisfies a monotone condition; its count if none does.
    private static func firstIndex(
        in sorted: UnsafeMutableBufferPointer<Float>,
        where condition: (Float) -> Bool
    ) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if condition(sorted[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
