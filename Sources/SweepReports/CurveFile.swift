package import SweepCore

/// A learning curve that another program wrote, as comma-, semicolon- or tab-separated text.
///
/// A header names the columns, in the spelling of any framework: `loss`, `train_loss`, `Training Loss`, `val_loss`, `valid/loss`,
/// `eval_accuracy`, `lr`, …, also behind the name of a run, as W&B exports charts (`run-7 - train_loss`): of several runs the first
/// with a training loss is taken. Without an epoch column each row is an epoch. Rows of one epoch are joined, as loggers write training
/// and validation on lines of their own; empty cells say nothing. Epochs may begin at 0 or 1 and must rise.
package struct CurveFile: Sendable {
    package let curve: LearningCurve
    /// Columns that were not understood.
    package let ignored: [String]
    /// What is missing or was left out, in sentences.
    package let remarks: [String]

    /// A mistake with its line and, where one cell is wrong, the cell's number.
    package struct Problem: Error, Hashable, Sendable {
        package let line: Int
        package let column: Int?
        package let text: String

        /// `FILE:LINE:COLUMN: what is wrong`.
        package func description(file: String) -> String {
            "\(file):\(line)\(column.map { ":\($0)" } ?? ""): \(text)"
        }
    }

    /// All mistakes, at most twenty.
    package struct Problems: Error, Sendable {
        package let problems: [Problem]
    }

    private enum Role: Hashable {
        case epoch
        case metric(Metric)
    }

    private static let greatestEpochs = 1_000_000

    /// Reads the text; throws every mistake.
    package init(_ text: String) throws(Problems) {
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
        if let first = lines.first, first.hasPrefix("\u{FEFF}") { lines[0] = String(first.dropFirst()) }
        let rows = lines.enumerated().filter { !$0.element.allSatisfy(\.isWhitespace) }.map {
            (line: $0.offset + 1, text: $0.element)
        }
        guard let header = rows.first else {
            throw Problems(problems: [
                Problem(line: 1, column: nil, text: "the file is empty; allowed: a header and a row an epoch")
            ])
        }
        let delimiter =
            ([",", ";", "\t"] as [Character]).max { a, b in
                header.text.count { $0 == a } < header.text.count { $0 == b }
            } ?? ","
        let names = Self.cells(header.text, delimiter)
        if names.allSatisfy({ Double($0) != nil }) {
            throw Problems(problems: [
                Problem(
                    line: header.line,
                    column: nil,
                    text: "the first row holds numbers; allowed: a header such as epoch,train_loss,validation_loss"
                )
            ])
        }
        var roles: [Int: Role] = [:]
        var ignored: [String] = []
        let columns = names.map(Self.column)
        // Columns of different runs are no curve.
        let runs = columns.filter { $0.run != nil && $0.role != nil }
        let run = (runs.first { $0.role == .metric(.trainingLoss) } ?? runs.first)?.run
        for (index, name) in names.enumerated() {
            let column = columns[index]
            if let role = column.role, column.run == nil || column.run == run, !roles.values.contains(role) {
                roles[index] = role
            } else {
                ignored.append(name)
            }
        }
        self.ignored = ignored.filter { !$0.isEmpty }
        guard roles.values.contains(.metric(.trainingLoss)) else {
            throw Problems(problems: [
                Problem(
                    line: header.line,
                    column: nil,
                    text:
                        "no column of the training loss; found \(names.joined(separator: ", ")), allowed: train_loss, "
                        + "training_loss or loss, and beside it epoch, validation_loss, validation_accuracy, learning_rate"
                )
            ])
        }
        var found: [Problem] = []
        let epochs = Self.epochs(rows.dropFirst(), names.count, roles, delimiter, &found)
        guard found.isEmpty else { throw Problems(problems: Array(found.prefix(20))) }
        (curve, remarks) = Self.curve(epochs, roles)
    }

    /// What a column is, and of which run where its name says so.
    private static func column(_ name: String) -> (run: String?, role: Role?) {
        if let role = role(name) { return (nil, role) }
        let parts = name.split(separator: " - ")
        guard parts.count > 1, let last = parts.last else { return (nil, nil) }
        return (parts.dropLast().joined(separator: " - "), role(String(last)))
    }

    private typealias Epoch = (line: Int, values: [Metric: Double])

    private static func epochs(
        _ rows: some Sequence<(line: Int, text: String)>,
        _ width: Int,
        _ roles: [Int: Role],
        _ delimiter: Character,
        _ found: inout [Problem]
    ) -> [Epoch] {
        var epochs: [Epoch] = []
        var last: Double?
        let hasEpochs = roles.values.contains(.epoch)
        for (line, text) in rows {
            let cells = cells(text, delimiter)
            guard cells.count == width else {
                found.append(
                    Problem(line: line, column: nil, text: "the row has \(cells.count) fields, the header \(width)")
                )
                continue
            }
            var values: [Metric: Double] = [:]
            var epoch: Double?
            for (index, cell) in cells.enumerated() {
                guard let role = roles[index], !cell.isEmpty else { continue }
                guard let value = number(cell) else {
                    found.append(
                        Problem(line: line, column: index + 1, text: "not a number; found '\(cell.prefix(40))'")
                    )
                    continue
                }
                switch role {
                case .epoch: epoch = value
                case .metric(let metric): values[metric] = value
                }
            }
            if hasEpochs {
                guard let epoch, epoch.isFinite else {
                    found.append(Problem(line: line, column: nil, text: "the row has no epoch"))
                    continue
                }
                if let last, epoch < last {
                    found.append(
                        Problem(
                            line: line,
                            column: nil,
                            text: "epoch \(short(epoch)) comes after \(short(last)); allowed: rising epochs"
                        )
                    )
                    continue
                }
                if epoch == last, var merged = epochs.popLast() {
                    merged.values.merge(values) { _, new in new }
                    epochs.append(merged)
                    continue
                }
                last = epoch
            }
            epochs.append((line, values))
            if epochs.count > greatestEpochs {
                found.append(Problem(line: line, column: nil, text: "more than \(greatestEpochs) epochs"))
                break
            }
        }
        if epochs.isEmpty, found.isEmpty {
            found.append(Problem(line: 1, column: nil, text: "a header and no epoch; allowed: a row an epoch"))
        }
        for epoch in epochs where epoch.values[.trainingLoss] == nil && found.isEmpty {
            found.append(Problem(line: epoch.line, column: nil, text: "the epoch has no training loss"))
        }
        return epochs
    }

    private static func curve(_ epochs: [Epoch], _ roles: [Int: Role]) -> (LearningCurve, [String]) {
        var remarks: [String] = []
        var metrics: [Metric] = [.trainingLoss]
        for case .metric(let metric) in roles.sorted(by: { $0.key < $1.key }).map(\.value) where metric != .trainingLoss
        {
            let missing = epochs.count { $0.values[metric] == nil }
            if missing == 0 {
                metrics.append(metric)
            } else {
                remarks.append(
                    "\(metric.rawValue) is missing in \(missing) of \(epochs.count) epochs, and was left out"
                )
            }
        }
        return (
            LearningCurve(
                metrics: metrics,
                observations: epochs.enumerated().map { index, epoch in
                    Observation(epoch: index + 1, values: metrics.map { epoch.values[$0] ?? .nan }, seconds: 0)
                }
            ), remarks
        )
    }

    /// The fields of a line, without blanks and quotes around them.
    private static func cells(_ line: String, _ delimiter: Character) -> [String] {
        line.split(separator: delimiter, omittingEmptySubsequences: false).map { field in
            var cell = field.trimmed
            if cell.count > 1, cell.first == "\"", cell.last == "\"" { cell = cell.dropFirst().dropLast() }
            return String(cell)
        }
    }

    private static func number(_ text: String) -> Double? {
        switch text.lowercased() {
        case "nan", "+nan", "-nan": .nan
        case "inf", "+inf", "infinity", "+infinity": .infinity
        case "-inf", "-infinity": -.infinity
        default: Double(text)
        }
    }

    private static func short(_ epoch: Double) -> String {
        epoch == epoch.rounded() && abs(epoch) < 1e15 ? String(Int(epoch)) : "\(epoch)"
    }

    /// What a column is, told from its name: `val/loss`, `Validation Loss`, `eval_loss` and `valLoss` are one.
    private static func role(_ name: String) -> Role? {
        var word = String(name.lowercased().filter { $0.isLetter || $0.isNumber })
        for suffix in ["epoch", "mean", "avg", "total"]
        where word != suffix && word.hasSuffix(suffix) && word.count > suffix.count + 2 {
            word.removeLast(suffix.count)
        }
        switch word {
        case "epoch", "epochs", "ep", "iteration", "iter", "step", "round": return .epoch
        case "lr", "learningrate", "rate", "lrscheduler": return .metric(.learningRate)
        case "gradnorm", "gradientnorm", "gradnormtotal": return .metric(.gradientNorm)
        default: break
        }
        func remainder(_ prefixes: [String]) -> String? {
            for prefix in prefixes.sorted(by: { $0.count > $1.count }) {
                if word.hasPrefix(prefix) { return String(word.dropFirst(prefix.count)) }
                // Also `loss_val`.
                if word.hasSuffix(prefix) { return String(word.dropLast(prefix.count)) }
            }
            return nil
        }
        let losses = ["loss", "crossentropy", "mse", "nll", "objective", "logloss", "cost"]
        if let rest = remainder(["validation", "valid", "val", "eval", "dev", "test", "heldout"]) {
            if losses.contains(rest) { return .metric(.validationLoss) }
            if ["accuracy", "acc", "top1", "sparsecategoricalaccuracy", "categoricalaccuracy"].contains(rest) {
                return .metric(.validationAccuracy)
            }
            if ["r2", "rsquared", "r2score"].contains(rest) { return .metric(.validationR2) }
            if ["mae", "meanabsoluteerror"].contains(rest) { return .metric(.validationMAE) }
            return nil
        }
        if let rest = remainder(["training", "train", "tr"]) {
            return losses.contains(rest) ? .metric(.trainingLoss) : nil
        }
        return losses.contains(word) ? .metric(.trainingLoss) : nil
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var part = self
        while let first = part.first, first.isWhitespace { part.removeFirst() }
        while let last = part.last, last.isWhitespace { part.removeLast() }
        return part
    }
}
