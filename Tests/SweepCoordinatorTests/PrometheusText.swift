import Testing

/// What a scraper reads: a parser of Prometheus' exposition format 0.0.4, written from its description alone.
struct PrometheusText {
    struct Sample: Hashable {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    private(set) var samples: [Sample] = []
    private(set) var types: [String: String] = [:]
    private(set) var help: [String: String] = [:]

    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Mistake(description: "the last line has no end") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
                guard words.count == 4, Self.isName(words[2]) else { throw Mistake(description: "cannot read \(line)") }
                if words[1] == "HELP" {
                    help[words[2]] = words[3]
                } else {
                    guard ["counter", "gauge", "histogram"].contains(words[3]), types[words[2]] == nil,
                        !samples.contains(where: { family(of: $0.name) == words[2] })
                    else { throw Mistake(description: "a type stands once, before its samples: \(line)") }
                    types[words[2]] = words[3]
                }
            } else {
                samples.append(try Self.sample(line))
            }
        }
        for sample in samples where types[family(of: sample.name)] == nil {
            throw Mistake(description: "\(sample.name) has no type")
        }
        guard Set(samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" }).count == samples.count else {
            throw Mistake(description: "a sample stands twice")
        }
    }

    /// The value of the sample with exactly these labels.
    subscript(name: String, labels: [String: String]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    func family(of name: String) -> String {
        for end in ["_bucket", "_sum", "_count"] where name.hasSuffix(end) {
            let stem = String(name.dropLast(end.count))
            if types[stem] == "histogram" { return stem }
        }
        return name
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
        return text.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_" || $0 == ":"
        }
    }

    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line[...]
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        guard isName(name) else { throw Mistake(description: "no name: \(line)") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let key = String(rest.prefix { $0 != "=" })
                rest = rest.dropFirst(key.count)
                guard isName(key), rest.hasPrefix("=\"") else { throw Mistake(description: "no label: \(line)") }
                rest = rest.dropFirst(2)
                var value = ""
                while let letter = rest.popFirst(), letter != "\"" {
                    guard letter == "\\" else {
                        value.append(letter)
                        continue
                    }
                    switch rest.popFirst() {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw Mistake(description: "no escape: \(line)")
                    }
                }
                guard labels.updateValue(value, forKey: key) == nil else {
                    throw Mistake(description: "twice: \(line)")
                }
                if rest.first == "," {
                    rest = rest.dropFirst()
                } else if rest.first != "}" {
                    throw Mistake(description: "no end: \(line)")
                }
            }
            rest = rest.dropFirst()
        }
        let number = rest.dropFirst()
        let special = ["+Inf": Double.infinity, "-Inf": -Double.infinity, "NaN": Double.nan]
        guard rest.first == " ", let value = special[String(number)] ?? Double(number) else {
            throw Mistake(description: "no value: \(line)")
        }
        return Sample(name: name, labels: labels, value: value)
    }
}
