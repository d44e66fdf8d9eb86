extension NewRowReader {
    /// Reads the rows of an array.
    func readArray(
        problems: inout ProblemList,
        _ open: () throws(DataProblem) -> any NumberArray
    ) -> NewRows? {
        let array: any NumberArray
        do throws(DataProblem) { array = try open() } catch {
            problems.add(error)
            return nil
        }
        let rows = array.sizes.first ?? 0
        guard array.sizes.count > 1, array.rowSize == columns.count, columns.allSatisfy({ $0.kind == .number }) else {
            problems.add(
                DataProblem(
                    .array,
                    file: file,
                    wrong: "the rows are not those that the model was trained on",
                    found: array.shape,
                    allowed: columns.allSatisfy { $0.kind == .number }
                        ? "rows of \(columns.count) numbers" : "a table, since the model reads categories or dates"
                )
            )
            return nil
        }
        let features = [Float](unsafeUninitializedCapacity: array.elementCount) { output, initialized in
            if let start = output.baseAddress { array.write(to: start) }
            initialized = array.elementCount
        }
        for index in features.indices where features[index].isInfinite {
            problems.add(.number, file: file) {
                DataProblem(
                    .number,
                    file: file,
                    wrong: "a number of row \(index / columns.count + 1) is infinite or beyond what 32 bits hold",
                    allowed: "finite numbers, or NaN for a missing one"
                )
            }
        }
        return NewRows(features: features, rowCount: rows)
    }

    /// Reads the rows of an array of an archive: the one of this name, else that of training, else the only one.
    func readArchive(_ bytes: Blob, _ name: String?, problems: inout ProblemList) -> NewRows? {
        do throws(DataProblem) {
            let archive = try ZipArchive(bytes: bytes, file: file)
            let wanted: String
            if let given = name ?? trained { wanted = given } else { wanted = try archive.onlyArray() }
            let content = try archive.content(of: wanted + ".npy", limits: limits)
            return NewRowReader(file: "\(file)[\(wanted)]", expectation: expectation, limits: limits)
                .readArray(problems: &problems) { () throws(DataProblem) in
                    try NPYFile(bytes: content, file: "\(file)[\(wanted)]")
                }
        } catch {
            problems.add(error)
            return nil
        }
    }

    /// The name of the array that the model was trained on.
    private var trained: String? {
        if case .archive(let features) = expectation.form { features } else { nil }
    }

    /// Reads rows in the libsvm format, whose labels do not count and may be absent.
    func readLibsvm(_ bytes: Blob, problems: inout ProblemList) -> NewRows? {
        let reader = LibsvmReader(
            allowsMissing: true,
            limit: limits.unpacked,
            columns: columns.map { RawColumn(name: $0.name) },
            needsLabels: false
        )
        guard let table = reader.read(bytes, file: file, problems: &problems) else { return nil }
        return NewRows(features: Array(table.features), rowCount: table.rowCount)
    }
}
