import SweepCore
import SweepData
import SweepReports

extension RowForm {
    /// `"table"`, `"array"`, `"libsvm"`, `{"archive": name}` or `{"pictures": "stretch" | "crop" | "pad"}`.
    var json: JSONValue {
        switch self {
        case .table: .text("table")
        case .array: .text("array")
        case .libsvm: .text("libsvm")
        case .archive(let features): .object([JSONMember("archive", .text(features))])
        case .pictures(let fit): .object([JSONMember("pictures", .text(fit.rawValue))])
        }
    }

    /// Reads a form back.
    init(_ reader: DocumentReader) throws(DocumentError) {
        if let archive = reader.optional("archive") {
            self = .archive(features: try archive.text())
        } else if let pictures = reader.optional("pictures") {
            self = .pictures(try pictures.word(ImageFolder.Fit.self))
        } else {
            switch try reader.text() {
            case "table": self = .table
            case "array": self = .array
            case "libsvm": self = .libsvm
            default: throw reader.wrong("a form of rows that this program knows")
            }
        }
    }
}
