import SweepCore
package import SweepReports

extension Predictions {
    /// A line a row: the class and each class's probability, or the number.
    package func table(of model: TrainedModel) -> Table {
        guard values.isEmpty, !model.schema.classes.isEmpty else {
            var table = Table(columns: [Table.Column(model.targetName, isNumeric: true)])
            for value in values { table.add(["\(value)"]) }
            return table
        }
        let labels = model.schema.classes
        var table = Table(
            columns: [Table.Column(model.targetName)]
                + labels.map { Table.Column("probability of \($0)", isNumeric: true) }
        )
        for row in 0..<rowCount { table.add([labels[classes[row]]] + shares(row, labels.count).map { "\($0)" }) }
        return table
    }

    /// `{"target", "rows": [{"class", "probabilities": {label: share}} or {"value"}]}`.
    ///
    /// A number beyond float32 is null, as everywhere.
    package func json(of model: TrainedModel) -> JSONValue {
        let labels = model.schema.classes
        let rows: [JSONValue] = (0..<rowCount).map { row in
            guard !labels.isEmpty else { return .object([JSONMember("value", .number(Double(values[row])))]) }
            let shares = zip(labels, shares(row, labels.count)).map { JSONMember($0, .number(Double($1))) }
            return .object([
                JSONMember("class", .text(labels[classes[row]])), JSONMember("probabilities", .object(shares)),
            ])
        }
        return .object([JSONMember("target", .text(model.targetName)), JSONMember("rows", .array(rows))])
    }

    private func shares(_ row: Int, _ count: Int) -> ArraySlice<Float> {
        probabilities[(row * count)..<((row + 1) * count)]
    }
}
