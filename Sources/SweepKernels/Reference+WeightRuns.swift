import KernelAPI

extension Reference {
    static func averageWeights(_ average: WeightAverage) {
        let (kept, added) = (Float(average.decay), Float(1 - average.decay))
        for i in 0..<average.count {
            average.average[i] = (added * average.weights[i]).addingProduct(kept, average.average[i])
        }
    }

    static func accumulate(_ accumulation: Accumulation) {
        for i in 0..<accumulation.count {
            accumulation.destination[i].addProduct(accumulation.factor, accumulation.source[i])
        }
    }

    static func limitColumnNorms(_ bound: ColumnNormLimit) {
        let layout = PanelLayout(rows: bound.rows, columns: bound.columns)
        for column in 0..<bound.columns {
            var squares: Float = 0
            for row in 0..<bound.rows {
                let weight = bound.weights[layout.offset(row: row, column: column)]
                squares.addProduct(weight, weight)
            }
            let norm = squares.squareRoot()
            guard norm > bound.limit else { continue }
            let factor = bound.limit / norm
            for row in 0..<bound.rows { bound.weights[layout.offset(row: row, column: column)] *= factor }
        }
    }
}
