internal import Glibc
package import SweepCore

/// Rows of a file that a trained model shall answer for: the columns of its data set, and perhaps others.
///
/// What a file is, is told by its content: IDX, NPY, NPZ, PNG and JPEG by how they begin, libsvm by its first line; any
/// other is a table. A folder is one of pictures.
///
/// A table with a header may have its columns in any order; columns that the model does not know (the target, names of
/// rows) are left out. Without a header the columns are taken in order, and there must be as many. Categories keep the
/// indices of training; one that no training row had is −1. Pictures become what training made of them.
package struct NewRows: Sendable {
    /// (rows × columns of the model), row after row, as a `DataSet` holds them.
    package let features: [Float]
    package let rowCount: Int
    /// Each row's picture, below its folder; empty where rows are no pictures.
    package let names: [String]

    init(features: [Float], rowCount: Int, names: [String] = []) {
        self.features = features
        self.rowCount = rowCount
        self.names = names
    }

    /// What a model reads: the columns of its data set, what images they are, and how its rows were stored, where that is known.
    package struct Expectation: Sendable {
        package var columns: [DataColumn]
        package var image: ImageShape?
        package var form: RowForm?

        package init(columns: [DataColumn], image: ImageShape? = nil, form: RowForm? = nil) {
            self.columns = columns
            self.image = image
            self.form = form
        }
    }

    /// Reads the rows of a file or a folder, or all its mistakes; `name` is what messages call it.
    ///
    /// `array` is the array of an NPZ archive that holds the rows; nil: that of training, else the only one.
    package static func read(
        path: String,
        name: String,
        expecting expectation: Expectation,
        header: HeaderRule = .auto,
        array: String? = nil,
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<NewRows, DataProblems> {
        var problems = ProblemList()
        let reader = NewRowReader(file: name, expectation: expectation, limits: limits)
        let rows: NewRows?
        if isFolder(path) {
            rows = reader.readFolder(path, problems: &problems)
        } else {
            do throws(DataProblem) {
                let bytes = try FileBytes.hold(path: path, name: name, limits: limits)
                rows = reader.read(bytes, header, array: array, problems: &problems)
            } catch { return .failure(DataProblems([error])) }
        }
        guard problems.isEmpty, let rows else { return .failure(problems.sorted()) }
        return .success(rows)
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

extension NewRowReader {
    /// Reads a file's content in the format that it has.
    fileprivate func read(
        _ bytes: Blob,
        _ header: HeaderRule,
        array: String?,
        problems: inout ProblemList
    ) -> NewRows? {
        if ZipArchive.isArchive(bytes) { return readArchive(bytes, array, problems: &problems) }
        if let array {
            problems.add(
                DataProblem(
                    .array,
                    file: file,
                    wrong: "an array is named, and the file is no NPZ archive",
                    found: "the name '\(array)'",
                    allowed: "what numpy.savez writes, or no name"
                )
            )
            return nil
        }
        if bytes.starts(with: [0, 0]) {
            return readArray(problems: &problems) { () throws(DataProblem) in
                try IDXFile(bytes: bytes, file: file)
            }
        }
        if bytes.starts(with: NPYFile.mark) {
            return readArray(problems: &problems) { () throws(DataProblem) in
                try NPYFile(bytes: bytes, file: file)
            }
        }
        if Picture.isPicture(Array(bytes.prefix(16))) || Self.isNamedAsPicture(file) {
            return readPicture(bytes.array, problems: &problems)
        }
        if columns.allSatisfy({ $0.kind == .number }),
            LibsvmReader.isLikely(bytes, isExpected: expectation.form == .libsvm)
        {
            return readLibsvm(bytes, problems: &problems)
        }
        return readTable(bytes, header, problems: &problems)
    }
}
