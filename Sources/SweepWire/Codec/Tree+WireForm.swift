package import SweepCore

extension SpecNode {
    /// The tree as bytes; throws for one that is deeper, has more nodes or more bytes than a receiver takes.
    package func wireBytes() throws(WireError) -> [UInt8] {
        let bytes = try TreeWriter.bytes(of: self)
        guard bytes.count <= WireLimits.tree else {
            throw WireError(.tooLarge, "a tree of \(bytes.count) bytes, at most \(WireLimits.tree) are allowed")
        }
        return bytes
    }

    /// The tree that `wireBytes` are.
    package init(wireBytes: [UInt8]) throws(WireError) {
        guard wireBytes.count <= WireLimits.tree else {
            throw WireError(.tooLarge, "a tree of \(wireBytes.count) bytes, at most \(WireLimits.tree) are allowed")
        }
        try FieldCount.check(wireBytes, limit: WireLimits.fields)
        try self.init(bytes: wireBytes)
    }
}

extension SpecNode: WireForm {
    func form() throws(WireError) -> Sweepd_Wire_Node {
        var budget = TreeBudget()
        return try form(depth: 1, &budget)
    }

    init(_ form: Sweepd_Wire_Node) throws(WireError) {
        var budget = TreeBudget()
        try self.init(form, depth: 1, &budget)
    }

    /// The form of a node at `depth`, the root being at 1.
    func form(depth: Int, _ budget: inout TreeBudget) throws(WireError) -> Sweepd_Wire_Node {
        try budget.spend(depth: depth)
        var form = Sweepd_Wire_Node()
        switch self {
        case .null: form.null = .init()
        case .boolean(let value): form.boolean = value
        case .integer(let value): form.integer = Int64(value)
        case .real(let value): form.real = value
        case .text(let value): form.text = value
        case .list(let items):
            var list = Sweepd_Wire_List()
            for item in items { list.items.append(try item.form(depth: depth + 1, &budget)) }
            form.list = list
        case .map(let entries):
            var map = Sweepd_Wire_Map()
            for entry in entries {
                var pair = Sweepd_Wire_Entry()
                pair.key = entry.key
                pair.value = try entry.value.form(depth: depth + 1, &budget)
                map.entries.append(pair)
            }
            form.map = map
        case .domain(.choice(let options)):
            var choice = Sweepd_Wire_Choice()
            for option in options {
                var pair = Sweepd_Wire_Option()
                pair.label = option.label.form()
                pair.node = try option.node.form(depth: depth + 1, &budget)
                choice.options.append(pair)
            }
            if let weights = ParameterDomain.choice(options).weights {
                form.domain.weighed.options = choice.options
                form.domain.weighed.weights = weights
            } else {
                form.domain.choice = choice
            }
        case .domain(let domain): form.domain = domain.rangeForm
        }
        return form
    }

    private init(_ form: Sweepd_Wire_Node, depth: Int, _ budget: inout TreeBudget) throws(WireError) {
        try budget.spend(depth: depth)
        switch form.value {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(Int(value))
        case .real(let value): self = .real(value)
        case .text(let value): self = .text(value)
        case .list(let list):
            var items: [SpecNode] = []
            for item in list.items { items.append(try SpecNode(item, depth: depth + 1, &budget)) }
            self = .list(items)
        case .map(let map):
            var entries: [SpecEntry] = []
            for entry in map.entries {
                entries.append(SpecEntry(entry.key, try SpecNode(entry.value, depth: depth + 1, &budget)))
            }
            self = .map(entries)
        case .domain(let domain):
            let forms: [Sweepd_Wire_Option]
            let weights: [Double]?
            switch domain.kind {
            case .choice(let choice): (forms, weights) = (choice.options, nil)
            case .weighed(let weighed): (forms, weights) = (weighed.options, weighed.weights)
            case .uniform, .log, .integer, .logInteger, .believed, nil:
                self = .domain(try ParameterDomain(range: domain))
                return
            }
            guard weights.map({ $0.count == forms.count && $0.allSatisfy { $0.isFinite && $0 >= 0 } }) ?? true,
                weights.map({ $0.contains { $0 > 0 } }) ?? true
            else { throw .undecodable("a choice whose weights are not one from 0 for each option, one above it") }
            var options: [ChoiceOption] = []
            var labels: Set<ParameterValue> = []
            for (index, option) in forms.enumerated() {
                let label = try ParameterValue(option.label)
                guard labels.insert(label).inserted else {
                    throw .undecodable("two options of a choice have the label \(label)")
                }
                options.append(
                    ChoiceOption(
                        label: label,
                        node: try SpecNode(option.node, depth: depth + 1, &budget),
                        weight: weights?[index]
                    )
                )
            }
            guard !options.isEmpty else { throw .undecodable("a choice without options") }
            self = .domain(.choice(options))
        case nil: throw .undecodable("a node of no kind that is known here")
        }
    }
}

/// What is left of a tree's limits while it is walked.
struct TreeBudget {
    private var nodes = 0

    /// Counts one node at `depth`, the root being at 1.
    mutating func spend(depth: Int) throws(WireError) {
        nodes += 1
        guard depth <= WireLimits.treeDepth else {
            throw .undecodable("a tree deeper than \(WireLimits.treeDepth) levels")
        }
        guard nodes <= WireLimits.treeNodes else {
            throw .undecodable("a tree of more than \(WireLimits.treeNodes) nodes")
        }
    }
}

extension ParameterDomain {
    /// The form of a domain that is not a choice.
    fileprivate var rangeForm: Sweepd_Wire_Domain {
        var form = Sweepd_Wire_Domain()
        switch self {
        case .uniform(let low, let high, let step, let points):
            form.uniform.low = low
            form.uniform.high = high
            if let step { form.uniform.step = step }
            if let points { form.uniform.points = UInt64(clamping: points) }
        case .logUniform(let low, let high, let points):
            form.log.low = low
            form.log.high = high
            if let points { form.log.points = UInt64(clamping: points) }
        case .integer(let low, let high, let step):
            form.integer.low = Int64(low)
            form.integer.high = Int64(high)
            form.integer.step = UInt64(clamping: step)
        case .logInteger(let low, let high, let points):
            form.logInteger.low = Int64(low)
            form.logInteger.high = Int64(high)
            if let points { form.logInteger.points = UInt64(clamping: points) }
        case .believed(let range, let prior):
            switch range.rangeForm.kind {
            case .uniform(let range): form.believed.uniform = range
            case .log(let range): form.believed.log = range
            case .integer(let range): form.believed.integer = range
            case .logInteger(let range): form.believed.logInteger = range
            case .choice, .weighed, .believed, nil: break
            }
            form.believed.mean = prior.mean
            form.believed.deviation = prior.deviation
        case .choice: break
        }
        return form
    }

    /// The domain of a form that is not a choice; ordered, finite, with a step above 0, so that no user of it can trap.
    fileprivate init(range form: Sweepd_Wire_Domain) throws(WireError) {
        func points(_ has: Bool, _ value: UInt64) throws(WireError) -> Int? {
            has ? try Check.integer(value, "a domain's points", in: 1...Int(Int32.max)) : nil
        }
        // Beyond ±2⁵³ the span of a domain could overflow, and a JSON reader would not get the number back.
        func integer(_ value: Int64) throws(WireError) -> Int {
            try Check.integer(value, "a domain's bound", in: -(1 << 53)...(1 << 53))
        }
        func ordered(_ low: Double, _ high: Double, above least: Double) throws(WireError) {
            guard low.isFinite, high.isFinite, low <= high, low > least else {
                throw .undecodable("a domain from \(low) to \(high)")
            }
        }
        switch form.kind {
        case .uniform(let range):
            try ordered(range.low, range.high, above: -.infinity)
            let step = range.hasStep ? range.step : nil
            if let step, !(step > 0 && step.isFinite) { throw .undecodable("a domain's step is \(step)") }
            self = .uniform(
                low: range.low,
                high: range.high,
                step: step,
                points: try points(range.hasPoints, range.points)
            )
        case .log(let range):
            try ordered(range.low, range.high, above: 0)
            self = .logUniform(low: range.low, high: range.high, points: try points(range.hasPoints, range.points))
        case .integer(let range):
            guard range.low <= range.high else { throw .undecodable("a domain from \(range.low) to \(range.high)") }
            self = .integer(
                low: try integer(range.low),
                high: try integer(range.high),
                step: try Check.integer(range.step, "a domain's step", in: 1...(1 << 53))
            )
        case .logInteger(let range):
            guard range.low <= range.high, range.low > 0 else {
                throw .undecodable("a domain from \(range.low) to \(range.high)")
            }
            self = .logInteger(
                low: try integer(range.low),
                high: try integer(range.high),
                points: try points(range.hasPoints, range.points)
            )
        case .believed(let believed):
            var plain = Sweepd_Wire_Domain()
            switch believed.range {
            case .uniform(let range): plain.uniform = range
            case .log(let range): plain.log = range
            case .integer(let range): plain.integer = range
            case .logInteger(let range): plain.logInteger = range
            case nil: throw .undecodable("a prior of no range that is known here")
            }
            let range = try ParameterDomain(range: plain)
            self = .believed(range, RangePrior(mean: believed.mean, deviation: believed.deviation))
            // Of a range of one value, which its readers refuse, a prior has nothing to say either.
            guard faults(at: SpecPath()).isEmpty else {
                throw .undecodable("a prior of \(believed.mean) ± \(believed.deviation) for \(range.text)")
            }
        case .choice, .weighed, nil: throw .undecodable("a domain of no kind that is known here")
        }
    }
}
