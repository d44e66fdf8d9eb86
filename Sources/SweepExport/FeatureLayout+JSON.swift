import SweepData
import SweepReports

extension FeatureLayout {
    /// Reads `"columns"` and `"indicators"` of a model's description.
    init(_ reader: DocumentReader) throws(DocumentError) {
        let list = try reader.field("columns")
        let columns = try list.items().each { column throws(DocumentError) in try DataColumn(column) }
        guard Self.inputCount(columns) <= Self.greatestCount else { throw list.wrong("fewer inputs") }
        let indicators = try reader.field("indicators").items().each { index throws(DocumentError) in
            let number = try index.integer()
            guard columns.indices.contains(number) else { throw index.wrong("the index of a column") }
            return number
        }
        self.init(columns: columns, indicators: indicators)
    }
}

extension DataColumn {
    /// `{"name", "kind"}`, with `"categories"` in the order of their indices, or the number of `"buckets"`.
    var json: JSONValue {
        var members = [JSONMember("name", .text(name))]
        func add(_ kind: String, _ more: JSONMember?) {
            members.append(JSONMember("kind", .text(kind)))
            if let more { members.append(more) }
        }
        func list(_ categories: [String]) -> JSONMember {
            JSONMember("categories", .array(categories.map { .text($0) }))
        }
        switch kind {
        case .number: add("number", nil)
        case .oneHot(let categories): add("one_hot", list(categories))
        case .ordinal(let categories): add("ordinal", list(categories))
        case .buckets(let count): add("buckets", JSONMember("buckets", .integer(count)))
        case .day: add("day", nil)
        case .secondOfDay: add("second_of_day", nil)
        }
        return .object(members)
    }

    /// Reads a column back.
    init(_ reader: DocumentReader) throws(DocumentError) {
        func categories() throws(DocumentError) -> [String] {
            try reader.field("categories").items().each { text throws(DocumentError) in try text.text() }
        }
        let kind = try reader.field("kind")
        let read: Kind
        switch try kind.text() {
        case "number": read = .number
        case "one_hot": read = .oneHot(categories: try categories())
        case "ordinal": read = .ordinal(categories: try categories())
        case "buckets":
            let buckets = try reader.field("buckets")
            let count = try buckets.integer()
            guard 1...FeatureLayout.greatestCount ~= count else { throw buckets.wrong("a number of buckets") }
            read = .buckets(count)
        case "day": read = .day
        case "second_of_day": read = .secondOfDay
        default: throw kind.wrong("a kind of column that this program knows")
        }
        self.init(name: try reader.field("name").text(), kind: read)
    }
}
