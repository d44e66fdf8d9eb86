/// The least value of a smooth function in a box, from a start, by projected limited-memory BFGS.
///
/// Coordinates at a bound whose gradient points out of the box rest; the others go along the quasi-Newton direction of the
/// last steps, cut to the box, with halved steps until Armijo's rule holds.
/// Source: Nocedal & Wright, Numerical Optimization, algorithms 7.4 and 3.1; the projection is that of Bertsekas, SIAM J.
/// Control Optim. 20(2), 1982.
package struct BoundedMinimizer: Sendable {
    package let low: [Double]
    package let high: [Double]
    /// Evaluations of the function at most.
    package var evaluations = 60
    /// The least projected gradient that goes on, as its largest entry.
    package var tolerance = 1e-5
    /// Steps remembered.
    private let memory = 6

    /// In the box from `low` to `high`, each low ≤ high.
    package init(low: [Double], high: [Double]) {
        self.low = low
        self.high = high
    }

    /// The best point met and its value. `function` gives the value, and writes the gradient; infinity where it has none.
    package func minimize(
        from start: [Double],
        _ function: ([Double], inout [Double]) -> Double
    ) -> (point: [Double], value: Double) {
        let n = start.count
        var x = project(start)
        var gradient = Array(repeating: 0.0, count: n)
        var value = function(x, &gradient)
        var used = 1
        guard value.isFinite, n > 0 else { return (x, value) }
        var steps: [(s: [Double], y: [Double], rho: Double)] = []
        while used < evaluations {
            let free = (0..<n).map {
                !(x[$0] <= low[$0] && gradient[$0] > 0) && !(x[$0] >= high[$0] && gradient[$0] < 0)
            }
            var largest = 0.0
            for i in 0..<n where free[i] { largest = max(largest, abs(gradient[i])) }
            if largest < tolerance { break }
            var direction = self.direction(gradient, free, steps)
            var slope = 0.0
            for i in 0..<n { slope += direction[i] * gradient[i] }
            if slope >= 0 {
                steps = []
                direction = (0..<n).map { free[$0] ? -gradient[$0] : 0 }
                slope = 0
                for i in 0..<n { slope += direction[i] * gradient[i] }
            }
            // The first step has no curvature to go by: it is at most a tenth of the box.
            var length = 1.0
            if steps.isEmpty {
                for i in 0..<n where direction[i] != 0 {
                    length = min(length, 0.1 * (high[i] - low[i]) / abs(direction[i]))
                }
            }
            var moved = false
            while used < evaluations, length > 1e-10 {
                let next = project((0..<n).map { x[$0] + length * direction[$0] })
                var nextGradient = Array(repeating: 0.0, count: n)
                let nextValue = function(next, &nextGradient)
                used += 1
                var decrease = 0.0
                for i in 0..<n { decrease += gradient[i] * (next[i] - x[i]) }
                if nextValue.isFinite, nextValue <= value + 1e-4 * decrease, decrease < 0 {
                    var s = Array(repeating: 0.0, count: n)
                    var y = s
                    var product = 0.0
                    for i in 0..<n {
                        s[i] = next[i] - x[i]
                        y[i] = nextGradient[i] - gradient[i]
                        product += s[i] * y[i]
                    }
                    if product > 1e-12 {
                        steps.append((s, y, 1 / product))
                        if steps.count > memory { steps.removeFirst() }
                    }
                    moved = value - nextValue > 1e-9 * max(1, abs(value))
                    x = next
                    value = nextValue
                    gradient = nextGradient
                    break
                }
                length *= 0.5
            }
            if !moved { break }
        }
        return (x, value)
    }

    private func project(_ point: [Double]) -> [Double] {
        point.indices.map { min(max(point[$0], low[$0]), high[$0]) }
    }

    /// The two loops over the remembered steps, among the free coordinates.
    private func direction(
        _ gradient: [Double],
        _ free: [Bool],
        _ steps: [(s: [Double], y: [Double], rho: Double)]
    ) -> [Double] {
        let n = gradient.count
        var q = (0..<n).map { free[$0] ? gradient[$0] : 0 }
        var factors = Array(repeating: 0.0, count: steps.count)
        for (index, step) in steps.enumerated().reversed() {
            var product = 0.0
            for i in 0..<n { product += step.s[i] * q[i] }
            factors[index] = step.rho * product
            for i in 0..<n { q[i] -= factors[index] * step.y[i] }
        }
        if let last = steps.last {
            var squares = 0.0
            for i in 0..<n { squares += last.y[i] * last.y[i] }
            let scale = 1 / (last.rho * squares)
            for i in 0..<n { q[i] *= scale }
        }
        for (index, step) in steps.enumerated() {
            var product = 0.0
            for i in 0..<n { product += step.y[i] * q[i] }
            let factor = factors[index] - step.rho * product
            for i in 0..<n { q[i] += factor * step.s[i] }
        }
        return (0..<n).map { free[$0] ? -q[$0] : 0 }
    }
}
