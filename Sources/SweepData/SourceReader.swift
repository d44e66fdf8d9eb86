import SweepCore

extension DataSource {
    /// What messages about the whole source call it.
    var name: String {
        switch self {
        case .table(let file): file
        case .images(let images, _): images
        case .arrays(let file, _, _), .libsvm(let file): file
        case .arrayFiles(let features, _): features
        case .folder(let folder): folder.path
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

    private var allowsMissing: Bool {
        spec.preprocess.contains { if case .imputing = $0 { true } else { false } }
    }

    /// The rows of `source`, which stands at `place` in the sweep file; what columns of a table are is told from the cells, unless
    /// `settled`, a source of the same columns, has it.
    func read(
        _ source: DataSource,
        at place: SpecPath = .data("source"),
        settled: RawTable? = nil,
        problems: inout ProblemList
    ) -> RawTable? {
        switch source {
        case .table(let file):
            let reader = CSVReader(
                header: spec.header,
                target: spec.target,
                task: spec.task,
                allowsMissing: allowsMissing,
                rules: spec.columns,
                categorical: spec.categorical,
                settled: settled?.uses ?? [],
                rowRule: spec.rowRule,
                resident: limits.resident
            )
            guard let bytes = bytes(file, at: place, problems: &problems) else { return nil }
            return reader.read(bytes, file: file, problems: &problems)
        case .images(let images, let labels):
            func array(_ file: String, _ key: String) -> IDXFile? {
                open(file, at: place.appending(.key(key)), problems: &problems) { (bytes) throws(DataProblem) in
                    try IDXFile(bytes: bytes, file: file)
                }
            }
            let pixels = array(images, "images")
            let classes = array(labels, "labels")
            return ArrayJoin(kind: .idx, allowsMissing: allowsMissing, resident: limits.resident)
                .join(features: (pixels, images), labels: (classes, labels), problems: &problems)
        case .arrayFiles(let features, let labels):
            func array(_ file: String, _ key: String) -> NPYFile? {
                open(file, at: place.appending(.key(key)), problems: &problems) { (bytes) throws(DataProblem) in
                    try NPYFile(bytes: bytes, file: file)
                }
            }
            let values = array(features, "features")
            let classes = array(labels, "labels")
            return ArrayJoin(kind: .array, allowsMissing: allowsMissing, resident: limits.resident)
                .join(features: (values, features), labels: (classes, labels), problems: &problems)
        case .arrays(let file, let features, let labels):
            return arrays(file, features, labels, at: place.appending(.key("arrays")), problems: &problems)
        case .libsvm(let file):
            guard let bytes = bytes(file, at: place.appending(.key("libsvm")), problems: &problems) else { return nil }
            return LibsvmReader(
                allowsMissing: allowsMissing,
                limit: limits.unpacked,
                resident: limits.resident,
                columns: settled?.columns
            ).read(bytes, file: file, problems: &problems)
        case .folder(let folder):
            return ImageFolderReader(folder: folder, path: path(folder.path), limits: limits).read(problems: &problems)
        case .generated(let spec): return Generator(spec).table()
        }
    }

    private func arrays(
        _ file: String,
        _ features: String,
        _ labels: String,
        at place: SpecPath,
        problems: inout ProblemList
    ) -> RawTable? {
        let archive = open(file, at: place, problems: &problems) { (bytes) throws(DataProblem) in
            try ZipArchive(bytes: bytes, file: file)
        }
        guard let archive else { return nil }
        func array(_ name: String) -> NPYFile? {
            do throws(DataProblem) {
                return try NPYFile(
                    bytes: archive.content(of: name + ".npy", limits: limits),
                    file: "\(file)[\(name)]"
                )
            } catch {
                problems.add(error)
                return nil
            }
        }
        let values = array(features)
        let classes = array(labels)
        return ArrayJoin(kind: .array, allowsMissing: allowsMissing, resident: limits.resident).join(
            features: (values, "\(file)[\(features)]"),
            labels: (classes, "\(file)[\(labels)]"),
            problems: &problems
        )
    }

    /// What `make` makes of a file's content; nil when it cannot be read or is wrong, and then it is reported.
    private func open<Value>(
        _ file: String,
        at place: SpecPath,
        problems: inout ProblemList,
        _ make: (Blob) throws(DataProblem) -> Value
    ) -> Value? {
        guard let bytes = bytes(file, at: place, problems: &problems) else { return nil }
        do throws(DataProblem) {
            return try make(bytes)
        } catch {
            problems.add(error)
            return nil
        }
    }

    /// Reads a part of the split that is a file of its own; nil for all other parts.
    func readPart(
        _ part: SplitPart,
        _ key: String,
        _ settled: RawTable?,
        problems: inout ProblemList
    ) -> RawTable? {
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
        return read(
            source,
            at: .data(key).appending(.key("source")),
            settled: settled,
            problems: &problems
        )
    }

    private func path(_ file: String) -> String {
        file.hasPrefix("/") || directory.isEmpty ? file : directory + "/" + file
    }

    private func bytes(_ file: String, at place: SpecPath, problems: inout ProblemList) -> Blob? {
        do throws(DataProblem) {
            return try FileBytes.hold(path: path(file), name: file, limits: limits)
        } catch {
            // The name of a file that is not there may be what is wrong.
            problems.add(error.kind == .unreadable ? error.at(place) : error)
            return nil
        }
    }

    /// Reports where the columns of `part` are not those of `main`.
    func compare(_ part: RawTable, with main: RawTable, problems: inout ProblemList) {
        guard part.columns.count == main.columns.count else {
            problems.add(
                DataProblem(
                    .header,
                    file: part.file,
                    wrong: "there are not as many features as in \(main.file)",
                    found: "\(part.columns.count)",
                    allowed: "\(main.columns.count)"
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
                    found: a.text,
                    allowed: b.text
                )
            )
        }
        guard part.isNamed, main.isNamed else { return }
        for (index, pair) in zip(part.columns, main.columns).enumerated() where pair.0.name != pair.1.name {
            problems.add(
                DataProblem(
                    .header,
                    file: part.file,
                    line: 1,
                    field: pair.0.name,
                    wrong: "feature \(index) is not the feature of \(main.file)",
                    found: "'\(pair.0.name)'",
                    allowed: "'\(pair.1.name)', the same columns in the same order"
                )
            )
        }
    }
}

extension ImageShape {
    /// `28 × 28`, with the channels where there are more than one.
    var text: String { "\(height) × \(width)" + (channels == 1 ? "" : " × \(channels)") }
}

extension SpecPath {
    /// A key of the sweep file's `data`.
    static func data(_ key: String) -> SpecPath {
        SpecPath().appending(.key("data")).appending(.key(key))
    }
}
