package import SweepCore

/// How the rows that a model was trained on were stored; new rows are read in the same way.
package enum RowForm: Hashable, Sendable {
    /// Delimited text.
    case table
    /// An array by itself (IDX, NPY), or rows that were made.
    case array
    /// The array of this name in an NPZ archive.
    case archive(features: String)
    /// `label index:value …`.
    case libsvm
    /// PNG and JPEG files, brought to one size in this way.
    case pictures(ImageFolder.Fit)

    /// The form of a source's rows.
    package init(_ source: DataSource) {
        switch source {
        case .table: self = .table
        case .images, .arrayFiles, .generated: self = .array
        case .arrays(_, let features, _): self = .archive(features: features)
        case .libsvm: self = .libsvm
        case .folder(let folder): self = .pictures(folder.fit)
        }
    }
}
