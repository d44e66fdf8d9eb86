/// A file about a sweep, made when it is asked for: a report for a colleague, or the history for other tools.
package enum SweepDownload: String, Hashable, CaseIterable, Sendable {
    case html, markdown
    case csv, jsonl, optuna, tensorboard

    /// Those that `report` is asked for, the one that is meant unless told first.
    package static let reports: [SweepDownload] = [.html, .markdown]
    /// Those that `export` is asked for.
    package static let exports: [SweepDownload] = [.csv, .jsonl, .optuna, .tensorboard]

    /// Whether it is a report.
    package var isReport: Bool { Self.reports.contains(self) }

    /// Its media type.
    var type: String {
        switch self {
        case .html: "text/html; charset=utf-8"
        case .markdown: "text/markdown; charset=utf-8"
        case .csv: "text/csv; charset=utf-8"
        // A JSON document a line; Optuna's journal is that too.
        case .jsonl, .optuna: "application/x-ndjson"
        // Event files are many.
        case .tensorboard: "application/x-tar"
        }
    }

    /// What a browser calls it that keeps it.
    func name(of sweep: String) -> String {
        let ending =
            switch self {
            case .html: ".html"
            case .markdown: ".md"
            case .csv: ".csv"
            case .jsonl: ".jsonl"
            case .optuna: ".optuna.log"
            case .tensorboard: ".tensorboard.tar"
            }
        // Names of sweeps have no other characters; whoever calls one otherwise writes no header.
        let safe = sweep.unicodeScalars.filter { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "._-".unicodeScalars.contains(scalar))
        }
        return String(String.UnicodeScalarView(safe)) + ending
    }
}
