/// A date, and a time where one is given, as a table's cell writes it.
///
/// Formats: `YYYY-MM-DD`, `YYYY/MM/DD` and `DD.MM.YYYY`, each alone or followed by `T` or a blank and `hh:mm[:ss[.fff]]`
/// with `Z` or `±hh:mm` (ISO 8601) at choice. A time with an offset is moved to UTC, one without is taken as it stands.
struct CivilDate: Equatable {
    /// Days since 1970-01-01, after the move to UTC.
    let day: Int
    /// Seconds since the day's midnight; 0 where no time is given.
    let second: Double
    /// Whether a time is given.
    let hasTime: Bool

    /// Days of the years 1 to 9999, and one more on both sides for offsets; exact in 32-bit floats.
    static let days = -719_163...2_932_897

    /// Nil when `bytes` are none of the formats, or no day of the calendar.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        // The longest: 2024-01-31T12:00:00.123456789+00:00.
        guard bytes.count >= 8, bytes.count <= 40, let first = bytes.first, first &- 48 < 10 else { return nil }
        var reader = DigitReader(bytes: bytes)
        guard let lead = reader.number(digits: 1...4), let separator = reader.next() else { return nil }
        guard let month = reader.number(digits: 1...2), reader.next() == separator else { return nil }
        let year: Int
        let day: Int
        switch separator {
        case UInt8(ascii: "-"), UInt8(ascii: "/"):
            guard lead.digits == 4, let last = reader.number(digits: 1...2) else { return nil }
            (year, day) = (lead.value, last.value)
        case UInt8(ascii: "."):
            guard lead.digits <= 2, let last = reader.number(digits: 4...4) else { return nil }
            (year, day) = (last.value, lead.value)
        default: return nil
        }
        guard year >= 1, 1...12 ~= month.value, 1...Self.length(ofMonth: month.value, year: year) ~= day else {
            return nil
        }
        let number = Self.number(year: year, month: month.value, day: day)
        guard !reader.isAtEnd else {
            (self.day, second, hasTime) = (number, 0, false)
            return
        }
        guard let mark = reader.next(), mark == UInt8(ascii: "T") || mark == UInt8(ascii: " "),
            let time = reader.time()
        else { return nil }
        let shifted = time.seconds - 60 * time.offset
        let carry = (Double(shifted) / 86_400).rounded(.down)
        self.day = number + Int(carry)
        second = Double(shifted - Int(carry) * 86_400) + time.fraction
        hasTime = true
    }

    /// Days since 1970-01-01 of a date of the Gregorian calendar.
    ///
    /// Source: H. Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
    static func number(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date of a day number; the inverse of `number`, from the same source.
    static func date(of number: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// Days of a month.
    static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Where in the year the day stands, from 0 to below 1: whole twelfths at the first of each month.
    static func turnOfYear(_ number: Int) -> Double {
        let date = date(of: number)
        let length = Double(length(ofMonth: date.month, year: date.year))
        return (Double(date.month - 1) + Double(date.day - 1) / length) / 12
    }

    /// Where in the week the day stands: Monday 0, Sunday 6/7.
    static func turnOfWeek(_ number: Int) -> Double {
        // 1970-01-01 was a Thursday.
        let weekday = (number + 3) % 7
        return Double(weekday < 0 ? weekday + 7 : weekday) / 7
    }
}

/// Reads decimal fields of fixed width.
private struct DigitReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        position += 1
        return bytes[position - 1]
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func number(digits: ClosedRange<Int>) -> (value: Int, digits: Int)? {
        var value = 0
        var count = 0
        while count < digits.upperBound, position < bytes.count, bytes[position] &- 48 < 10 {
            value = value * 10 + Int(bytes[position] &- 48)
            count += 1
            position += 1
        }
        return digits.contains(count) ? (value, count) : nil
    }

    /// `hh:mm[:ss[.fff]][Z|±hh:mm]` up to the end; seconds, their fraction, and the offset in minutes.
    mutating func time() -> (seconds: Int, fraction: Double, offset: Int)? {
        guard let hour = number(digits: 1...2)?.value, hour < 24, skip(UInt8(ascii: ":")),
            let minute = number(digits: 2...2)?.value, minute < 60
        else { return nil }
        var second = 0
        var fraction = 0.0
        if skip(UInt8(ascii: ":")) {
            // 60: a leap second; it counts as the next minute's first.
            guard let value = number(digits: 2...2)?.value, value <= 60 else { return nil }
            second = value
            if skip(UInt8(ascii: ".")) {
                guard let digits = number(digits: 1...9) else { return nil }
                fraction = Double(digits.value)
                for _ in 0..<digits.digits { fraction /= 10 }
            }
        }
        let seconds = hour * 3600 + minute * 60 + second
        if isAtEnd || (skip(UInt8(ascii: "Z")) && isAtEnd) { return (seconds, fraction, 0) }
        guard let sign = next(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let hours = number(digits: 2...2)?.value, hours < 24
        else { return nil }
        _ = skip(UInt8(ascii: ":"))
        guard let minutes = number(digits: 2...2)?.value, minutes < 60, isAtEnd else { return nil }
        let offset = hours * 60 + minutes
        return (seconds, fraction, sign == UInt8(ascii: "-") ? -offset : offset)
    }
}
