package import SweepCore

extension DataSet {
    /// Reads what `spec` names, checks it, and splits it; or all mistakes of all files. Of folds it is the first.
    ///
    /// `directory` is where relative paths start: the sweep file's. Missing numbers and dates are mistakes unless
    /// `spec.preprocess` has the step `impute`; then they are NaN here, and only imputing lets them pass into training.
    package static func load(
        _ spec: DataSpec,
        relativeTo directory: String,
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<DataSet, DataProblems> {
        SourceRows.read(spec, relativeTo: directory, limits: limits).flatMap { $0.split(as: spec) }
    }
}

/// The rows of all files that a specification names, read and checked, and not yet split: once for all folds.
package struct SourceRows {
    private let main: RawTable
    private let validation: RawTable?
    private let test: RawTable?
    private let assembly: TargetAssembly
    private let binding: RowBinding
    private let resident: Int

    /// Reads what `spec` names; or all mistakes of all files. As `DataSet.load`.
    package static func read(
        _ spec: DataSpec,
        relativeTo directory: String,
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<SourceRows, DataProblems> {
        let spec = spec.onFold(1)
        var problems = ProblemList()
        let reader = SourceReader(spec: spec, directory: directory, limits: limits)
        let main = reader.read(spec.source, problems: &problems)
        let validation = reader.readPart(spec.validation, "validation", main, problems: &problems)
        let test = reader.readPart(spec.test, "test", main, problems: &problems)
        guard problems.isEmpty, let main else { return .failure(problems.sorted()) }
        for part in [validation, test] {
            if let part { reader.compare(part, with: main, problems: &problems) }
        }
        let rows = [validation, test].reduce(main.rowCount) { $0 + ($1?.rowCount ?? 0) }
        guard rows <= Int(Int32.max) else {
            problems.add(
                DataProblem(
                    .tooLarge,
                    file: spec.source.name,
                    wrong: "there are too many rows",
                    found: "\(rows)",
                    allowed: "at most \(Int32.max)"
                )
            )
            return .failure(problems.sorted())
        }
        let task = spec.task ?? spec.source.task
        let assembly = TargetAssembly(main: main, parts: [validation, test], task: task, problems: &problems)
        let binding = RowBinding(spec.rowRule, main: main, parts: [validation, test], problems: &problems)
        guard problems.isEmpty, let assembly, let binding else { return .failure(problems.sorted()) }
        return .success(
            SourceRows(
                main: main,
                validation: validation,
                test: test,
                assembly: assembly,
                binding: binding,
                resident: limits.resident
            )
        )
    }

    /// The rows as `spec` splits them, which is the specification that they were read by or one of its folds; or all mistakes.
    package func split(as spec: DataSpec) -> Result<DataSet, DataProblems> {
        let spec = spec.onFold(1)
        var problems = ProblemList()
        let rule = SplitRule(
            validation: spec.validation,
            test: spec.test,
            seed: spec.seed,
            file: spec.source.name,
            mainRows: main.rowCount,
            validationRows: validation?.rowCount ?? 0,
            testRows: test?.rowCount ?? 0,
            binding: binding
        )
        guard let split = rule.split(assembly.targets, classes: assembly.classes, problems: &problems) else {
            return .failure(problems.sorted())
        }
        let fitting = CategoryFitting(
            [main] + [validation, test].compactMap { $0 },
            split: split,
            rule: spec.categorical,
            resident: resident,
            problems: &problems
        )
        guard let fitting, spec.checkSize(fitting, rows: assembly.targets.count, problems: &problems) else {
            return .failure(problems.sorted())
        }
        return .success(
            DataSet(
                columns: fitting.columns,
                image: main.image,
                targetName: main.targetName,
                features: fitting.features,
                targets: assembly.targets,
                classes: assembly.classes,
                split: split
            )
        )
    }
}

extension DataSpec {
    /// Whether the inputs that the columns become can be held; reported when not.
    fileprivate func checkSize(_ fitting: CategoryFitting, rows: Int, problems: inout ProblemList) -> Bool {
        let inputs = FeatureLayout.inputCount(fitting.columns)
        if PreparedData.fits(rows: rows, inputs: inputs) { return true }
        problems.add(
            DataProblem(
                .tooLarge,
                file: source.name,
                wrong: "the columns become too many inputs",
                found: "\(inputs) inputs of \(rows) rows",
                allowed:
                    "at most \(FeatureLayout.greatestCount) inputs and \(PreparedData.greatestSize >> 30) GiB in all; "
                    + "write data.categorical: {hash: BUCKETS} or ignore columns"
            )
        )
        return false
    }
}
