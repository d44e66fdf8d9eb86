package import SweepCore

extension DataSet {
    /// Reads what `spec` names, checks it, and splits it; or all mistakes of all files.
    ///
    /// `directory` is where relative paths start: the sweep file's. Missing feature values are mistakes unless
    /// `spec.preprocess` has the step `impute`; then they are NaN here, and only imputing lets them pass into training.
    package static func load(
        _ spec: DataSpec,
        relativeTo directory: String,
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<DataSet, DataProblems> {
        var problems = ProblemList()
        let reader = SourceReader(spec: spec, directory: directory, limits: limits)
        let main = reader.read(spec.source, problems: &problems)
        let validation = reader.readPart(spec.validation, "validation", problems: &problems)
        let test = reader.readPart(spec.test, "test", problems: &problems)
        guard problems.isEmpty, let main else { return .failure(problems.sorted()) }
        for part in [validation, test] {
            if let part { reader.compare(part, with: main, problems: &problems) }
        }
        let task = spec.task ?? spec.source.task
        let assembly = TargetAssembly(main: main, parts: [validation, test], task: task, problems: &problems)
        let binding = RowBinding(spec.rowRule, main: main, parts: [validation, test], problems: &problems)
        guard problems.isEmpty, let assembly, let binding else { return .failure(problems.sorted()) }
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
        return .success(
            DataSet(
                featureNames: main.featureNames,
                image: main.image.map { ImageShape(height: $0.height, width: $0.width) },
                targetName: main.targetName,
                features: main.features + (validation?.features ?? []) + (test?.features ?? []),
                targets: assembly.targets,
                classes: assembly.classes,
                split: split
            )
        )
    }
}

extension DataSource {
    /// What messages about the whole source call it.
    var name: String {
        switch self {
        case .table(let file): file
        case .images(let images, _): images
        case .generated(let spec): "generated \(spec.kind.name)"
        }
    }

    /// What is predicted, where the source knows it.
    var task: TaskKind? {
        if case .generated(let spec) = self { spec.task } else { nil }
    }
}

/// Reads the sources of one data spec.
struct SourceReader {
    let spec: DataSpec
    let directory: String
    let limits: FileBytes.Limits

    private var allowsMissing: Bool { spec.preprocess.contains(.impute) }

    func read(_ source: DataSource, problems: inout ProblemList) -> RawTable? {
        switch source {
        case .table(let file):
            let reader = CSVReader(
                header: spec.header,
                target: spec.target,
                task: spec.task,
                allowsMissing: allowsMissing,
                rowRule: spec.rowRule
            )
            guard let bytes = bytes(file, problems: &problems) else { return nil }
            return reader.read(bytes, file: file, problems: &problems)
        case .images(let images, let labels):
            let reader = IDXReader(allowsMissing: allowsMissing)
            return reader.read(
                images: (bytes(images, problems: &problems), images),
                labels: (bytes(labels, problems: &problems), labels),
                problems: &problems
            )
        case .generated(let spec): return Generator(spec).table()
        }
    }

    /// Reads a part of the split that is a file of its own; nil for all other parts.
    func readPart(_ part: SplitPart, _ key: String, problems: inout ProblemList) -> RawTable? {
        guard case .source(let source) = part else { return nil }
        if source == spec.source {
            problems.add(
                DataProblem(
                    .split,
                    file: source.name,
                    specPath: SpecPath.data(key),
                    wrong: "the \(key) rows are the rows of the source, so they would also be trained on",
                    allowed: "another file, a share, or {last: ROWS}"
                )
            )
            return nil
        }
        return read(source, problems: &problems)
    }

    private func bytes(_ file: String, problems: inout ProblemList) -> [UInt8]? {
        let path = file.hasPrefix("/") || directory.isEmpty ? file : directory + "/" + file
        do throws(DataProblem) {
            return try FileBytes.read(path: path, name: file, limits: limits)
        } catch {
            problems.add(error)
            return nil
        }
    }

    /// Reports where the columns of `part` are not those of `main`.
    func compare(_ part: RawTable, with main: RawTable, problems: inout ProblemList) {
        guard part.featureNames.count == main.featureNames.count else {
            problems.add(
                DataProblem(
                    .header,
                    file: part.file,
                    wrong: "there are not as many features as in \(main.file)",
                    found: "\(part.featureNames.count)",
                    allowed: "\(main.featureNames.count)"
                )
            )
            return
        }
        if let a = part.image, let b = main.image, a != b {
            problems.add(
                DataProblem(
                    .idx,
                    file: part.file,
                    wrong: "the images are not as large as those of \(main.file)",
                    found: "\(a.height) × \(a.width)",
                    allowed: "\(b.height) × \(b.width)"
                )
            )
        }
        guard part.isNamed, main.isNamed else { return }
        for (index, pair) in zip(part.featureNames, main.featureNames).enumerated() where pair.0 != pair.1 {
            problems.add(
                DataProblem(
                    .header,
                    file: part.file,
                    line: 1,
                    field: pair.0,
                    wrong: "feature \(index) is not the feature of \(main.file)",
                    found: "'\(pair.0)'",
                    allowed: "'\(pair.1)', the same columns in the same order"
                )
            )
        }
    }
}

extension SpecPath {
    /// A key of the sweep file's `data`.
    static func data(_ key: String) -> SpecPath {
        SpecPath().appending(.key("data")).appending(.key(key))
    }
}
