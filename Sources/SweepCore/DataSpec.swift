/// Where the rows come from and how they are parted: `data` of the sweep file.
package struct DataSpec: Hashable, Sendable {
    package var source: DataSource
    package var header: HeaderRule
    package var target: TargetColumn
    /// Classes or numbers; nil: told from the target column.
    package var task: TaskKind?
    package var validation: SplitPart
    package var test: SplitPart
    /// Seed of the split, the same for all trials.
    package var seed: UInt64
    /// What is done to the features, in order; fitted on training rows. In a sweep file this is a representative.
    package var preprocess: [PreprocessStep]
    /// What columns of a table are, where their cells should not decide.
    package var columns: [ColumnRule]
    /// How the categories of text columns become numbers.
    package var categorical: CategoryRule
    /// What binds rows together or orders them when they are parted.
    package var rowRule: RowRule
    /// What is done to the targets of numbers. In a sweep file this is a representative.
    package var targetScale: TargetScale
    /// How training rows are changed each time they are seen. In a sweep file this is a representative.
    package var augment: [AugmentStep]

    package init(
        source: DataSource,
        header: HeaderRule = .auto,
        target: TargetColumn = .last,
        task: TaskKind? = nil,
        validation: SplitPart = .fraction(0.2),
        test: SplitPart = .none,
        seed: UInt64 = 0,
        preprocess: [PreprocessStep] = [],
        columns: [ColumnRule] = [],
        categorical: CategoryRule = .oneHot,
        rowRule: RowRule = .independent,
        targetScale: TargetScale = .none,
        augment: [AugmentStep] = []
    ) {
        self.source = source
        self.header = header
        self.target = target
        self.task = task
        self.validation = validation
        self.test = test
        self.seed = seed
        self.preprocess = preprocess
        self.columns = columns
        self.categorical = categorical
        self.rowRule = rowRule
        self.targetScale = targetScale
        self.augment = augment
    }
}

/// Whether a table's first row holds names.
package enum HeaderRule: String, CaseIterable, Sendable {
    case auto, `true`, `false`
}

/// Which column is predicted; indices count from 0.
package enum TargetColumn: Hashable, Sendable {
    case name(String)
    case index(Int)
    case last
    /// Columns of 0 and 1, by name or index, of which one is 1 in each row: the class.
    case oneHot([String])
}

/// What is predicted.
package enum TaskKind: String, CaseIterable, Sendable {
    case classification, regression
}

extension DataSpec {
    /// Folds over which finalists may be judged: each is a data set of its own, which the coordinator and the workers keep.
    package static let greatestFolds = 100

    /// The number of folds over which finalists are judged; nil where all trials have one split.
    package var folds: Int? {
        if case .folds(let count, _) = validation { count } else { nil }
    }

    /// The same rows, parted as this fold of `folds`, from 1, parts them; the same where all trials have one split.
    package func onFold(_ number: Int) -> DataSpec {
        guard case .folds(let count, let isStratified) = validation else { return self }
        var spec = self
        spec.validation = .fold(number, of: count, isStratified: isStratified)
        return spec
    }
}

extension SpecNode {
    /// The sweep file with one fold in place of all folds; the same where it has none.
    package func onFold(_ number: Int) -> SpecNode {
        guard case .map(let entries) = self, let data = self["data"], case .map(let parts) = data,
            let validation = data["validation"], case .map(let rule) = validation, let count = validation["folds"]
        else { return self }
        let one = [SpecEntry("fold", .integer(number)), SpecEntry("of", count)] + rule.filter { $0.key != "folds" }
        func replaced(_ entries: [SpecEntry], _ key: String, _ value: SpecNode) -> SpecNode {
            .map(entries.map { $0.key == key ? SpecEntry(key, value) : $0 })
        }
        return replaced(entries, "data", replaced(parts, "validation", .map(one)))
    }
}

extension DataSpec {
    static let keys = [
        "source", "header", "target", "columns", "categorical", "task", "validation", "test", "group", "time", "seed",
        "preprocess", "target_scale", "augment",
    ]

    /// Reads `data`; nil when something is missing or wrong (and reported).
    package static func read(_ reader: SpecReader) -> DataSpec? {
        guard let fields = reader.fields(keys, planned: ["weights"]) else { return nil }
        func fixed(_ key: String) -> SpecReader? { fields.optional(key)?.allowingDomains(false) }
        let source = fields.required("source", SpecReader.dataSources)?
            .allowingDomains(false).dataSource()
        let header: HeaderRule? =
            fixed("header").map { reader in
                if case .boolean(let value) = reader.node { return value ? .true : .false }
                return reader.word(HeaderRule.self)
            } ?? .auto
        let target = fixed("target").map { $0.targetColumn() } ?? .last
        let columns = fixed("columns").map { $0.columnRules() } ?? []
        let categorical = fixed("categorical").map { $0.categoryRule() } ?? .oneHot
        let task: TaskKind?? = fixed("task").map { $0.word(TaskKind.self) }
        let validation = fixed("validation").map { $0.splitPart() } ?? .fraction(0.2)
        let test = fixed("test").map { $0.splitPart() } ?? SplitPart.none
        let seed = fixed("seed").map { $0.integer(in: 0...Int.max) } ?? 0
        let preprocess = fields.optional("preprocess").map(PreprocessStep.readList) ?? []
        let rowRule = RowRule.read(fields)
        let targetScale = fields.optional("target_scale").map { $0.word(TargetScale.self) } ?? TargetScale.none
        let augment = fields.optional("augment").map(AugmentStep.readList) ?? []
        if let validation, let test {
            SplitPart.check(validation: validation, test: test, rowRule: rowRule ?? .independent, fields)
        }
        guard let source, let header, let target, let validation, let test, let seed, let preprocess else { return nil }
        guard let columns, let categorical else { return nil }
        guard let rowRule, let targetScale, let augment else { return nil }
        if case .some(.none) = task { return nil }
        return DataSpec(
            source: source,
            header: header,
            target: target,
            task: task ?? nil,
            validation: validation,
            test: test,
            seed: UInt64(seed),
            preprocess: preprocess,
            columns: columns,
            categorical: categorical,
            rowRule: rowRule,
            targetScale: targetScale,
            augment: augment
        )
    }
}

extension SpecReader {
    fileprivate func targetColumn() -> TargetColumn? {
        switch node {
        case .text("last"): return .last
        case .text(let name) where !name.isEmpty: return .name(name)
        case .integer(let index) where index >= 0: return .index(index)
        case .map: return fields(["one_hot"])?.required("one_hot", "a list of columns")?.oneHotColumns()
        default:
            refuse("a column's name, its index from 0, or last")
            return nil
        }
    }

    private func oneHotColumns() -> TargetColumn? {
        guard let items = items(count: 2...10_000) else { return nil }
        let names = items.map { item -> String? in
            switch item.node {
            case .text(let name) where !name.isEmpty: return name
            case .integer(let index) where index >= 0: return String(index)
            default:
                item.refuse("a column's name or its index from 0")
                return nil
            }
        }
        guard !names.contains(nil) else { return nil }
        if Set(names).count < names.count {
            report("a column stands twice", allowed: "different columns")
            return nil
        }
        return .oneHot(names.compactMap { $0 })
    }
}
