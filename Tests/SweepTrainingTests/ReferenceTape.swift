/// Numbers in float64 that remember what they were computed from: gradients by the chain rule, backwards.
///
/// Each number states its partial derivatives where it is computed, in the plain loops of the reference model; finite
/// differences judge them.
final class ReferenceTape {
    /// A number on the tape.
    typealias Place = Int

    private(set) var values: [Double] = []
    /// Where the parents of each number end.
    private var ends: [Int] = []
    private var parents: [Place] = []
    private var partials: [Double] = []

    /// A number by itself.
    func leaf(_ value: Double) -> Place {
        values.append(value)
        ends.append(parents.count)
        return values.count - 1
    }

    /// A number computed from others, with its derivative by each.
    func number(_ value: Double, _ edges: [(Place, Double)]) -> Place {
        for (parent, partial) in edges {
            parents.append(parent)
            partials.append(partial)
        }
        return leaf(value)
    }

    /// f(x) with f′(x).
    func apply(_ x: Place, _ value: Double, _ derivative: Double) -> Place { number(value, [(x, derivative)]) }

    /// start + Σ aᵢ bᵢ.
    func product(_ pairs: [(Place, Place)], plus start: Place?) -> Place {
        var sum = start.map { values[$0] } ?? 0
        for (a, b) in pairs {
            sum += values[a] * values[b]
            parents.append(a)
            partials.append(values[b])
            parents.append(b)
            partials.append(values[a])
        }
        if let start {
            parents.append(start)
            partials.append(1)
        }
        return leaf(sum)
    }

    /// Σ cᵢ xᵢ for constants c.
    func combination(_ terms: [(Place, Double)]) -> Place {
        number(terms.reduce(0) { $0 + values[$1.0] * $1.1 }, terms)
    }

    /// The mean of numbers.
    func mean(_ places: [Place]) -> Place { combination(places.map { ($0, 1 / Double(places.count)) }) }

    /// The derivative of `place` by every number before it.
    func gradient(of place: Place) -> [Double] {
        var adjoints = [Double](repeating: 0, count: values.count)
        adjoints[place] = 1
        for number in (0...place).reversed() where adjoints[number] != 0 {
            for edge in (number == 0 ? 0 : ends[number - 1])..<ends[number] {
                adjoints[parents[edge]] += adjoints[number] * partials[edge]
            }
        }
        return adjoints
    }
}
