import SweepNumerics

/// How a data set's columns become the inputs of a model.
///
/// | column | inputs |
/// |---|---|
/// | number | itself |
/// | ordinal | the category's index, −1 for one that no training row has |
/// | day | days since 1970; sine and cosine of the place in the year and in the week |
/// | second of the day | hours since midnight, and their sine and cosine |
/// | one-hot, buckets | an input of 0 or 1 each; all 0 for a category that no training row has |
///
/// The inputs that hold numbers come first, in the order of columns; those that are 0 or 1 follow in the same order, then the
/// indicators of missing values. So preprocessing works on the first `numberCount` inputs and leaves the rest as it is.
package struct FeatureLayout: Hashable, Sendable {
    /// The data set's columns.
    package let columns: [DataColumn]
    /// The columns that have an indicator: an input that is 1 where the column's value is missing.
    package let indicators: [Int]
    /// The inputs' names.
    package let names: [String]
    /// How many inputs hold numbers.
    package let numberCount: Int

    /// The days that a date can be, counted from 1970-01-01: those of the years 1 to 9999, and one more on both sides.
    package static var days: ClosedRange<Int> { CivilDate.days }

    /// The greatest number of inputs: a dense layer of it already has a million weights a unit.
    package static let greatestCount = 1 << 20

    /// Inputs of these columns.
    package init(columns: [DataColumn], indicators: [Int] = []) {
        self.columns = columns
        self.indicators = indicators
        let numbers = columns.flatMap(Self.numberNames)
        numberCount = numbers.count
        names = numbers + columns.flatMap(Self.flagNames) + indicators.map { columns[$0].name + "_missing" }
    }

    /// How many inputs `columns` have, without making their names; saturates.
    package static func inputCount(_ columns: [DataColumn]) -> Int {
        columns.reduce(0) { sum, column in
            let count =
                switch column.kind {
                case .number, .ordinal: 1
                case .oneHot(let categories): categories.count
                case .buckets(let count): count
                case .day: 5
                case .secondOfDay: 3
                }
            return min(sum + count, Int(Int32.max))
        }
    }

    private static func numberNames(_ column: DataColumn) -> [String] {
        let name = column.name
        switch column.kind {
        case .number, .ordinal: return [name]
        case .day:
            return [name, name + "_year_sin", name + "_year_cos", name + "_week_sin", name + "_week_cos"]
        case .secondOfDay: return [name, name + "_sin", name + "_cos"]
        case .oneHot, .buckets: return []
        }
    }

    private static func flagNames(_ column: DataColumn) -> [String] {
        switch column.kind {
        case .oneHot(let categories): categories.map { "\(column.name)=\($0)" }
        case .buckets(let count): (0..<count).map { "\(column.name)#\($0)" }
        case .number, .ordinal, .day, .secondOfDay: []
        }
    }

    /// Writes the inputs of `row`, a value a column, to `inputs`, a value a name. Missing numbers stay NaN.
    package func expand(_ row: UnsafePointer<Float>, into inputs: UnsafeMutablePointer<Float>) {
        var number = 0
        var flag = numberCount
        for (index, column) in columns.enumerated() {
            let value = row[index]
            switch column.kind {
            case .number, .ordinal:
                inputs[number] = value
                number += 1
            case .day:
                Self.expandDay(value, into: inputs + number)
                number += 5
            case .secondOfDay:
                Self.expandSecond(value, into: inputs + number)
                number += 3
            case .oneHot, .buckets:
                let count = column.categoryCount ?? 0
                (inputs + flag).update(repeating: 0, count: count)
                if value >= 0, value < Float(count) { inputs[flag + Int(value)] = 1 }
                flag += count
            }
        }
        for column in indicators {
            inputs[flag] = row[column].isNaN ? 1 : 0
            flag += 1
        }
    }

    private static func expandDay(_ value: Float, into inputs: UnsafeMutablePointer<Float>) {
        guard let day = Int(exactly: value), CivilDate.days.contains(day) else {
            return inputs.update(repeating: .nan, count: 5)
        }
        let (year, week) = (CivilDate.turnOfYear(day), CivilDate.turnOfWeek(day))
        inputs[0] = value
        inputs[1] = Float(Elementary.sine(turns: year))
        inputs[2] = Float(Elementary.cosine(turns: year))
        inputs[3] = Float(Elementary.sine(turns: week))
        inputs[4] = Float(Elementary.cosine(turns: week))
    }

    private static func expandSecond(_ value: Float, into inputs: UnsafeMutablePointer<Float>) {
        guard !value.isNaN else { return inputs.update(repeating: .nan, count: 3) }
        let turn = Double(value) / 86_400
        inputs[0] = Float(24 * turn)
        inputs[1] = Float(Elementary.sine(turns: turn))
        inputs[2] = Float(Elementary.cosine(turns: turn))
    }
}
