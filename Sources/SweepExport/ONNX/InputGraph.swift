import SweepData

/// Writes what rows go through before the first layer as operators of a graph.
///
/// Each step computes in float64 and rounds to float32, as in training: what the first layer reads has the same bits, but
/// for the last one after logarithms and powers, where the other program's functions may round otherwise.
struct InputGraph {
    var graph: GraphBuilder

    /// The inputs that rows of the data set's columns become.
    mutating func add(
        _ layout: FeatureLayout,
        _ steps: [FittedStep],
        to name: String
    ) -> String {
        guard !layout.indicators.isEmpty || layout.columns.contains(where: { $0.kind != .number }) else {
            return add(steps, to: name)
        }
        // Columns of numbers that stand together are taken together; a date's inputs stand in the place of its columns.
        var numbers: [Int] = []
        var parts: [String] = []
        var flags: [String] = []
        func close() {
            if !numbers.isEmpty { parts.append(columns(numbers, name)) }
            numbers = []
        }
        for (index, column) in layout.columns.enumerated() {
            switch column.kind {
            case .number, .ordinal: numbers.append(index)
            case .oneHot(let categories): flags.append(add(flags: categories.count, of: index, name))
            case .buckets(let count): flags.append(add(flags: count, of: index, name))
            case .day:
                close()
                parts.append(add(days: columns([index], name)))
            case .secondOfDay:
                close()
                parts.append(add(seconds: columns([index], name)))
            }
        }
        close()
        if let first = parts.first {
            let joined = parts.count == 1 ? first : graph.add("Concat", parts, [.integer("axis", 1)])
            parts = [add(steps, to: joined)]
        }
        parts += flags
        if !layout.indicators.isEmpty {
            parts.append(narrow(graph.add("IsNaN", [columns(layout.indicators, name)])))
        }
        return graph.add("Concat", parts, [.integer("axis", 1)])
    }

    mutating func columns(_ indices: [Int], _ name: String) -> String {
        graph.add("Gather", [name, graph.constant("columns", integers: indices)], [.integer("axis", 1)])
    }

    /// An input of 0 or 1 for each index that a column may hold; none is 1 for −1.
    private mutating func add(flags count: Int, of column: Int, _ name: String) -> String {
        let indices = graph.constant("indices", shape: [1, count], floats: (0..<count).map { Float($0) })
        return narrow(graph.add("Equal", [columns([column], name), indices]))
    }

    private mutating func add(_ steps: [FittedStep], to name: String) -> String {
        var name = name
        for step in steps { name = add(step, to: name) }
        return name
    }

    private mutating func add(_ step: FittedStep, to name: String) -> String {
        switch step {
        case .affine(let shift, let divisor):
            let difference = graph.add("Sub", [wide(name), row("shift", shift)])
            return narrow(graph.add("Div", [difference, row("divisor", divisor)]))
        case .scale(let factor): return narrow(graph.add("Mul", [wide(name), scalar("factor", factor)]))
        case .fill(let values):
            let fill = graph.constant("fill", shape: [1, values.count], floats: values.map { Float($0) })
            return graph.add("Where", [graph.add("IsNaN", [name]), fill, name])
        case .clip(let lower, let upper):
            let value = wide(name)
            let least = row("lower", lower)
            let raised = graph.add("Where", [graph.add("Less", [value, least]), least, value])
            let greatest = row("upper", upper)
            return narrow(graph.add("Where", [graph.add("Greater", [raised, greatest]), greatest, raised]))
        case .logarithm:
            let value = wide(name)
            return narrow(graph.add("Mul", [graph.add("Sign", [value]), logarithm(of: value)]))
        case .power(let exponents): return power(exponents, name)
        }
    }

    /// log(1 + |x|).
    private mutating func logarithm(of value: String) -> String {
        graph.add("Log", [graph.add("Add", [graph.add("Abs", [value]), scalar("one", 1)])])
    }

    /// sign(x) · (e^(μl) − 1) / μ with l = log(1 + |x|) and μ = λ from 0 on, 2 − λ below; for small μl by its series.
    ///
    /// Source: Yeo & Johnson, Biometrika 87(4), 2000, eq. 2.1.
    private mutating func power(_ exponents: [Double], _ name: String) -> String {
        let value = wide(name)
        let length = logarithm(of: value)
        let isPositive = graph.add("GreaterOrEqual", [value, scalar("zero", 0)])
        let exponent = graph.add(
            "Where",
            [isPositive, row("exponent", exponents), row("exponent_below", exponents.map { 2 - $0 })]
        )
        let product = graph.add("Mul", [exponent, length])
        let isSmall = graph.add("Less", [graph.add("Abs", [product]), scalar("small", 1e-4)])
        // Where the series is taken the quotient is not; dividing by 1 keeps it finite.
        let divisor = graph.add("Where", [isSmall, scalar("one", 1), exponent])
        let difference = graph.add("Sub", [graph.add("Exp", [product]), scalar("one", 1)])
        let quotient = graph.add("Div", [difference, divisor])
        // l · (1 + p/2 · (1 + p/3 · (1 + p/4))).
        var series = scalar("one", 1)
        for number in [4.0, 3.0, 2.0] {
            let term = graph.add("Mul", [graph.add("Div", [product, scalar("number", number)]), series])
            series = graph.add("Add", [term, scalar("one", 1)])
        }
        let size = graph.add("Where", [isSmall, graph.add("Mul", [length, series]), quotient])
        return narrow(graph.add("Mul", [graph.add("Sign", [value]), size]))
    }

    mutating func scalar(_ name: String, _ value: Double) -> String {
        graph.constant(name, shape: [], doubles: [value])
    }

    private mutating func row(_ name: String, _ values: [Double]) -> String {
        graph.constant(name, shape: [1, values.count], doubles: values)
    }

    /// The values as float64.
    mutating func wide(_ name: String) -> String {
        graph.add("Cast", [name], [.integer("to", Onnx_TensorProto.DataType.double.rawValue)])
    }

    /// The values rounded to float32.
    mutating func narrow(_ name: String, output: String? = nil) -> String {
        graph.add("Cast", [name], [.integer("to", Onnx_TensorProto.DataType.float.rawValue)], output: output)
    }
}
