import SweepCore
package import SweepReports

extension Predictions {
    /// A line a row: the class and each class's probability, or the number; where rows are pictures the picture's name first.
    package func table(of model: TrainedModel, names: [String] = []) -> Table {
        let first = names.isEmpty ? [] : [Table.Column("picture")]
        func name(_ row: Int) -> [String] { names.isEmpty ? [] : [names[row]] }
        guard values.isEmpty, !model.schema.classes.isEmpty else {
            var table = Table(columns: first + [Table.Column(model.targetName, isNumeric: true)])
            for (row, value) in values.enumerated() { table.add(name(row) + ["\(value)"]) }
            return table
        }
        let labels = model.schema.classes
        var table = Table(
            columns: first + [Table.Column(model.targetName)]
                + labels.map { Table.Column("probability of \($0)", isNumeric: true) }
        )
        for row in 0..<rowCount {
            table.add(name(row) + [labels[classes[row]]] + shares(row, labels.count).map { "\($0)" })
        }
        return table
    }

    /// `{"target", "rows": [{"class", "probabilities": {label: share}} or {"value"}]}`.
    ///
    /// A number beyond float32 is null, as everywhere. Where rows are pictures each has its name, `"picture"`, first.
    package func json(of model: TrainedModel, names: [String] = []) -> JSONValue {
        let labels = model.schema.classes
        let rows: [JSONValue] = (0..<rowCount).map { row in
            let name = names.isEmpty ? [] : [JSONMember("picture", .text(names[row]))]
            guard !labels.isEmpty else { return .object(name + [JSONMember("value", .number(Double(values[row])))]) }
            let shares = zip(labels, shares(row, labels.count)).map { JSONMember($0, .number(Double($1))) }
            return .object(
                name + [
                    JSONMember("class", .text(labels[classes[row]])), JSONMember("probabilities", .object(shares)),
                ]
            )
        }
        return .object([JSONMember("target", .text(model.targetName)), JSONMember("rows", .array(rows))])
    }

    private func shares(_ row: Int, _ count: Int) -> ArraySlice<Float> {
        probabilities[(row * count)..<((row + 1) * count)]
    }
}
