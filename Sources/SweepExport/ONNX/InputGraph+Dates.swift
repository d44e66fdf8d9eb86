import SweepData

/// Computes what dates become, as `FeatureLayout` does: the same operations in int64 and float64, each rounded to float32
/// once, so the inputs have the same bits.
extension InputGraph {
    /// The five inputs of a column of days since 1970-01-01, rows × 1; NaN where that is no day of the years 1 to 9999.
    mutating func add(days column: String) -> String {
        let least = graph.constant("first_day", shape: [], floats: [Float(FeatureLayout.days.lowerBound)])
        let greatest = graph.constant("last_day", shape: [], floats: [Float(FeatureLayout.days.upperBound)])
        let inRange = graph.add(
            "And",
            [graph.add("GreaterOrEqual", [column, least]), graph.add("LessOrEqual", [column, greatest])]
        )
        let isDay = graph.add("And", [inRange, graph.add("Equal", [column, graph.add("Floor", [column])])])
        let first = graph.constant("epoch", shape: [], floats: [0])
        let day = graph.add(
            "Cast",
            [graph.add("Where", [isDay, column, first])],
            [.integer("to", Onnx_TensorProto.DataType.int64.rawValue)]
        )
        // Days since 0000-03-01, none negative, so that quotients that are cut off are rounded down.
        let shifted = graph.add("Add", [day, whole("shift", 719_468)])
        // 1970-01-01 was a Thursday, and Monday is 0.
        let weekday = remainder(graph.add("Add", [shifted, whole("shift", 7 - (719_468 - 3) % 7)]), 7)
        let week = graph.add("Div", [wide(weekday), scalar("seven", 7)])
        let turns = graph.add("Concat", [turnOfYear(shifted), week], [.integer("axis", 1)])
        let (sines, cosines) = add(turns: turns)
        let joined = graph.add("Concat", [column, narrow(sines), narrow(cosines)], [.integer("axis", 1)])
        let ordered = columns([0, 1, 3, 2, 4], joined)
        return graph.add("Where", [isDay, ordered, graph.constant("no_day", shape: [], floats: [.nan])])
    }

    /// The three inputs of a column of seconds since midnight, rows × 1.
    mutating func add(seconds column: String) -> String {
        let turn = graph.add("Div", [wide(column), scalar("day", 86_400)])
        let hours = graph.add("Mul", [scalar("hours", 24), turn])
        let (sines, cosines) = add(turns: turn)
        return graph.add("Concat", [narrow(hours), narrow(sines), narrow(cosines)], [.integer("axis", 1)])
    }

    /// Where in the year days since 0000-03-01 stand, in float64; months are twelfths.
    ///
    /// Source: `CivilDate.date`. Years count from March, within an era of 400 years.
    private mutating func turnOfYear(_ shifted: String) -> String {
        let dayOfEra = remainder(shifted, 146_097)
        func sum(_ first: String, _ others: [(sign: String, term: String)]) -> String {
            others.reduce(first) { graph.add($1.sign, [$0, $1.term]) }
        }
        let days = sum(
            dayOfEra,
            [
                ("Sub", quotient(dayOfEra, 1460)), ("Add", quotient(dayOfEra, 36_524)),
                ("Sub", quotient(dayOfEra, 146_096)),
            ]
        )
        let year = quotient(days, 365)
        let dayOfYear = sum(
            dayOfEra,
            [("Sub", product(year, 365)), ("Sub", quotient(year, 4)), ("Add", quotient(year, 100))]
        )
        // Months from March, then from January.
        let ahead = graph.add("Add", [product(dayOfYear, 5), whole("shift", 2)])
        let march = quotient(ahead, 153)
        let passed = quotient(graph.add("Add", [product(march, 153), whole("shift", 2)]), 5)
        let month = remainder(graph.add("Add", [march, whole("shift", 2)]), 12)
        let isEarly = graph.add("Less", [month, whole("march", 2)])
        let calendarYear = graph.add("Where", [isEarly, graph.add("Add", [year, whole("one", 1)]), year])
        let lengths = graph.constant("month_lengths", integers: [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        let usual = graph.add("Gather", [lengths, month], [.integer("axis", 0)])
        let isLong = graph.add("And", [isLeap(calendarYear), graph.add("Equal", [month, whole("february", 1)])])
        let length = graph.add("Where", [isLong, whole("leap_february", 29), usual])
        let place = graph.add("Div", [wide(graph.add("Sub", [dayOfYear, passed])), wide(length)])
        return graph.add("Div", [graph.add("Add", [wide(month), place]), scalar("twelve", 12)])
    }

    /// Whether years of an era, 0 to 400, have a 29th of February.
    private mutating func isLeap(_ year: String) -> String {
        func divides(_ number: Int) -> String {
            graph.add("Equal", [remainder(year, number), whole("zero", 0)])
        }
        let isFourth = graph.add("And", [divides(4), graph.add("Not", [divides(100)])])
        return graph.add("Or", [isFourth, divides(400)])
    }

    /// Sine and cosine of whole turns, in float64.
    ///
    /// Source: `Elementary.sine(turns:)`: the nearest quarter, and series of the rest.
    private mutating func add(turns: String) -> (sines: String, cosines: String) {
        let doubled = graph.add("Mul", [scalar("four", 4), turns])
        let quarter = graph.add("Floor", [graph.add("Add", [doubled, scalar("half", 0.5)])])
        let quarters = graph.add("Div", [quarter, scalar("four", 4)])
        let angle = graph.add("Mul", [graph.add("Sub", [turns, quarters]), scalar("turn", 2 * Double.pi)])
        let before = graph.add("Mul", [scalar("four", 4), graph.add("Floor", [quarters])])
        let place = graph.add("Sub", [quarter, before])
        let square = graph.add("Mul", [angle, angle])
        let sine = graph.add("Mul", [angle, series(square, [272, 210, 156, 110, 72, 42, 20, 6])])
        let cosine = series(square, [240, 182, 132, 90, 56, 30, 12, 2])
        func isPlace(_ number: Double) -> String { graph.add("Equal", [place, scalar("place", number)]) }
        let isOdd = graph.add("Or", [isPlace(1), isPlace(3)])
        let isSecondHalf = graph.add("Greater", [place, scalar("place", 1)])
        let isInner = graph.add("Or", [isPlace(1), isPlace(2)])
        func signed(_ value: String, _ isNegative: String) -> String {
            graph.add("Where", [isNegative, graph.add("Neg", [value]), value])
        }
        return (
            signed(graph.add("Where", [isOdd, cosine, sine]), isSecondHalf),
            signed(graph.add("Where", [isOdd, sine, cosine]), isInner)
        )
    }

    /// 1 − s for s = (1 − …) · x² / factor, the innermost factor first.
    private mutating func series(_ square: String, _ factors: [Double]) -> String {
        var rest = scalar("one", 1)
        for factor in factors {
            let term = graph.add("Div", [graph.add("Mul", [rest, square]), scalar("factor", factor)])
            rest = graph.add("Sub", [scalar("one", 1), term])
        }
        return rest
    }

    private mutating func whole(_ name: String, _ value: Int) -> String {
        graph.constant(name, integers: [value])
    }

    private mutating func product(_ value: String, _ factor: Int) -> String {
        graph.add("Mul", [value, whole("factor", factor)])
    }

    /// value / divisor, cut off; neither is negative.
    private mutating func quotient(_ value: String, _ divisor: Int) -> String {
        graph.add("Div", [value, whole("divisor", divisor)])
    }

    private mutating func remainder(_ value: String, _ divisor: Int) -> String {
        graph.add("Mod", [value, whole("divisor", divisor)])
    }
}
