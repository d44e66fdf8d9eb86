import Yams

/// A text as the YAML library counts it: lines by its own line breaks, columns in Unicode scalars.
struct YAMLText {
    private(set) var scalars: [Unicode.Scalar]

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    }

    var string: String { String(String.UnicodeScalarView(scalars)) }

    /// The scalar at `mark`; nil at the end of the text.
    func scalar(at mark: Mark) -> Unicode.Scalar? { offset(of: mark).map { scalars[$0] } }

    /// The position of `mark`; nil at the end of the text.
    func offset(of mark: Mark) -> Int? {
        var line = 1
        var index = 0
        while line < mark.line, index < scalars.count {
            if isBreak(at: index) { line += 1 }
            index += 1
        }
        let offset = index + mark.column - 1
        return line == mark.line && scalars.indices.contains(offset) ? offset : nil
    }

    /// Line and column of a position.
    func mark(at offset: Int) -> (line: Int, column: Int) {
        var line = 1
        var start = 0
        for index in 0..<offset where isBreak(at: index) {
            line += 1
            start = index + 1
        }
        return (line, offset - start + 1)
    }

    /// The first scalar that YAML does not allow anywhere: control characters and the two non-characters.
    var firstForbidden: Int? {
        scalars.firstIndex { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x85: false
            case 0x00...0x1F, 0x7F...0x9F, 0xFFFE, 0xFFFF, 0xFEFF: true
            default: false
            }
        }
    }

    /// Puts `scalar` at `offset`.
    mutating func replace(at offset: Int, with scalar: Unicode.Scalar) { scalars[offset] = scalar }

    /// Whether a line ends with the scalar at `index`; of CR LF only the LF ends it.
    private func isBreak(at index: Int) -> Bool {
        switch scalars[index] {
        case "\n", "\u{85}", "\u{2028}", "\u{2029}": true
        case "\r": index + 1 >= scalars.count || scalars[index + 1] != "\n"
        default: false
        }
    }
}
