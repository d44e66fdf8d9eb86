import SweepCore
import Yams

/// The one document of a text, as the YAML library composes it.
///
/// The library throws at the first map with a key twice and says where the first of the two is. To report every such key
/// together with all else, that first key is given a marker in place of its first letter and the text is composed again;
/// `restore` says which letter each marker stands for.
struct YAMLDocument {
    /// The document's value; nil for a text without one.
    let root: Node?
    /// The letters that markers stand for.
    let restore: [Unicode.Scalar: Unicode.Scalar]

    /// Values that the library may have to visit when it compares keys: aliases in keys can make them exponentially many.
    private static let greatestExpansion = 10_000_000.0
    /// Repetitions of keys that are looked for in one text, and scalars read over all those attempts.
    private static let greatestRepetitions = 100
    private static let greatestWork = 64 * 1_048_576

    static func compose(_ text: String) throws(YAMLFault) -> YAMLDocument {
        var text = YAMLText(text)
        if let offset = text.firstForbidden {
            let mark = text.mark(at: offset)
            let code = String(text.scalars[offset].value, radix: 16, uppercase: true)
            throw YAMLFault(line: mark.line, column: mark.column, "not YAML: a control character (U+\(code))")
        }
        guard expansion(of: text) <= greatestExpansion else {
            throw YAMLFault("anchors and aliases that would write out to more values than a sweep file may hold")
        }
        // Markers come from the private use area; a text that uses it itself gets its first repeated key alone.
        let usesMarkers = text.scalars.contains { (0xE000...0xF8FF).contains($0.value) }
        let attempts = usesMarkers ? 0 : min(greatestRepetitions, greatestWork / max(1, text.scalars.count))
        var restore: [Unicode.Scalar: Unicode.Scalar] = [:]
        while true {
            do {
                let parser = try Parser(yaml: text.string, resolver: .basic, encoding: .utf8)
                return YAMLDocument(root: try parser.singleRoot(), restore: restore)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context)
                where restore.count < attempts
            {
                guard let offset = firstLetter(of: keys, at: context.mark, in: text),
                    let marker = Unicode.Scalar(0xE000 + UInt32(restore.count))
                else {
                    throw YAMLFault(YamlError.duplicatedKeysInMapping(duplicates: keys, context: context), in: text)
                }
                restore[marker] = text.scalars[offset]
                text.replace(at: offset, with: marker)
            } catch let error as YamlError {
                throw YAMLFault(error, in: text)
            } catch {
                throw YAMLFault("not YAML: \(error)")
            }
        }
    }

    /// Where the first letter of the key at `mark` is written; nil when the key is not written as it reads.
    private static func firstLetter(of keys: [String], at mark: Mark, in text: YAMLText) -> Int? {
        guard var offset = text.offset(of: mark) else { return nil }
        if text.scalars[offset] == "\"" || text.scalars[offset] == "'" { offset += 1 }
        guard text.scalars.indices.contains(offset) else { return nil }
        let letter = text.scalars[offset]
        return keys.contains { $0.unicodeScalars.first == letter } ? offset : nil
    }

    /// An upper bound of the values in the text with aliases written out.
    ///
    /// With d anchors and m aliases, an anchor used m/d times multiplies what is above it by at most 1 + m/d; so the text's
    /// length times (1 + m/d)^d. What looks like an anchor or alias within quotes or comments counts too.
    private static func expansion(of text: YAMLText) -> Double {
        var anchors: Set<String> = []
        var aliases = 0
        for (index, scalar) in text.scalars.enumerated() where scalar == "&" || scalar == "*" {
            let name = text.scalars[(index + 1)...].prefix { $0.properties.isAlphabetic || $0.isASCII && $0.isName }
            guard !name.isEmpty else { continue }
            if scalar == "&" { anchors.insert(String(String.UnicodeScalarView(name))) } else { aliases += 1 }
        }
        var bound = Double(text.scalars.count)
        let factor = 1 + Double(aliases) / Double(max(1, anchors.count))
        for _ in anchors where bound <= greatestExpansion { bound *= factor }
        return bound
    }
}

extension Unicode.Scalar {
    /// Whether an anchor's name may hold this ASCII scalar.
    fileprivate var isName: Bool {
        switch self {
        case "0"..."9", "a"..."z", "A"..."Z", "-", "_": true
        default: false
        }
    }
}
