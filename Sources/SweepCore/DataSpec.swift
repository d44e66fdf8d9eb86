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
        categorical: CategoryRule = .oneHot
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

/// Which rows a part of the split takes.
package enum SplitPart: Hashable, Sendable {
    case none
    /// A share of all rows, drawn by the seed, stratified by class.
    case fraction(Double)
    /// The last rows of the source, in order.
    case last(Int)
    /// The rows of another file.
    case source(DataSource)
}

/// A change of the features, fitted on training rows only.
package enum PreprocessStep: Hashable, Sendable {
    /// Zero mean, unit variance; constant columns become zero.
    case standardize
    /// Onto [0, 1] by the training rows' least and greatest value.
    case minmax
    /// Times a constant.
    case scale(Double)
    /// Missing values are replaced.
    case imputing(Imputation)

    /// Missing values become the column's training mean.
    package static let impute = PreprocessStep.imputing(Imputation())
}

extension DataSpec {
    static let keys = [
        "source", "header", "target", "columns", "categorical", "task", "validation", "test", "seed", "preprocess",
    ]

    /// Reads `data`; nil when something is missing or wrong (and reported).
    package static func read(_ reader: SpecReader) -> DataSpec? {
        guard let fields = reader.fields(keys, planned: ["augment", "generate", "weights"]) else { return nil }
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
        if case .fraction(let a)? = validation, case .fraction(let b)? = test, a + b >= 1 {
            fixed("test")?.report(
                "validation and test leave no training rows",
                allowed: "shares that sum to less than 1"
            )
        }
        if case .none? = validation {
            fixed("validation")?.report("a sweep needs validation rows", allowed: "a share above 0")
        }
        guard let source, let header, let target, let validation, let test, let seed, let preprocess else { return nil }
        guard let columns, let categorical else { return nil }
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
            categorical: categorical
        )
    }
}

extension PreprocessStep {
    static let plannedKinds = ["robust", "power", "winsorize", "one_hot", "normalize"]

    /// Reads `preprocess`, a list of steps.
    package static func readList(_ reader: SpecReader) -> [PreprocessStep]? {
        reader.alternatives { reader in
            guard let items = reader.items(count: 0...32) else { return nil }
            let steps = items.map { item in
                item.alternatives { item -> PreprocessStep? in
                    let kinds = ["standardize", "minmax", "scale", "impute"]
                    guard let (kind, settings) = item.tagged(kinds, planned: plannedKinds) else { return nil }
                    switch kind {
                    case "standardize": return settings.fields([]).map { _ in .standardize }
                    case "minmax": return settings.fields([]).map { _ in .minmax }
                    case "impute": return settings.imputation().map { .imputing($0) }
                    default:
                        if settings.node == .map([]) {
                            settings.reportMissing("a number above 0, as in {scale: 0.0625}")
                            return nil
                        }
                        return settings.real(in: 0...1e12, above: true).map { .scale($0) }
                    }
                }
            }
            return steps.contains { $0 == nil } ? nil : steps.compactMap { $0 }
        }
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

    fileprivate func splitPart() -> SplitPart? {
        switch node {
        case .integer(0), .real(0): return SplitPart.none
        case .map:
            guard let fields = fields(["last", "source"]) else { return nil }
            if let last = fields.optional("last") {
                fields.optional("source")?.report("both last and source", allowed: "one of them")
                return last.integer(in: 1...Int(Int32.max)).map { .last($0) }
            }
            return fields.required("source", "a file (or last: ROWS)")?.dataSource().map { .source($0) }
        default: return real(in: 0...1, below: true).map { .fraction($0) }
        }
    }
}
