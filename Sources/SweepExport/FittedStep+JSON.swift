import SweepData
import SweepReports

extension FittedStep {
    /// `{"affine": {"shift", "divisor"}}`, `{"scale": factor}`, `{"fill": values}`, `{"clip": {"lower", "upper"}}` (null where
    /// there is no bound), `{"power": exponents}`, `{"log1p": null}`.
    var json: JSONValue {
        switch self {
        case .affine(let shift, let divisor):
            .object([
                JSONMember(
                    "affine",
                    .object([JSONMember("shift", .numbers(shift)), JSONMember("divisor", .numbers(divisor))])
                )
            ])
        case .scale(let factor): .object([JSONMember("scale", .number(factor))])
        case .fill(let values): .object([JSONMember("fill", .numbers(values))])
        case .clip(let lower, let upper):
            .object([
                JSONMember(
                    "clip",
                    .object([JSONMember("lower", .numbers(lower)), JSONMember("upper", .numbers(upper))])
                )
            ])
        case .power(let exponents): .object([JSONMember("power", .numbers(exponents))])
        case .logarithm: .object([JSONMember("log1p", .null)])
        }
    }

    /// Reads a step back.
    init(_ reader: DocumentReader) throws(DocumentError) {
        let members = try reader.members()
        guard members.count == 1, let (kind, settings) = members.first else { throw reader.wrong("one step") }
        switch kind {
        case "affine":
            self = .affine(
                shift: try settings.field("shift").numbers(),
                divisor: try settings.field("divisor").numbers()
            )
        case "scale": self = .scale(try settings.number())
        case "fill": self = .fill(try settings.numbers())
        case "clip":
            self = .clip(
                lower: try settings.field("lower").numbers(absent: -.infinity),
                upper: try settings.field("upper").numbers(absent: .infinity)
            )
        case "power": self = .power(exponents: try settings.numbers())
        case "log1p": self = .logarithm
        default: throw reader.wrong("a step that this program knows, found \(kind)")
        }
    }
}

extension JSONValue {
    static func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
}

extension DocumentReader {
    /// A list of numbers; `absent` stands for null, where null is allowed.
    func numbers(absent: Double? = nil) throws(DocumentError) -> [Double] {
        try items().each { item throws(DocumentError) in
            if let absent, item.value == .null { return absent }
            return try item.number()
        }
    }
}
