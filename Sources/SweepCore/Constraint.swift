/// A condition on the parameters of a configuration: one expression of `search: {where: …}`.
///
/// Grammar, loosest first: `a or b`, `a and b`, `not a`, one of `< <= > >= == !=` between two sums, sums and differences,
/// products and quotients, `-a`, and numbers, words in quotes, `true`, `false`, `null`, parameters' names and parentheses.
/// A name is a parameter's path in the sweep file or the end of one, from a dot on, that only one parameter has.
///
/// It does not apply, and so holds, where one of its parameters is not active.
package struct Constraint: Hashable, Sendable {
    /// As written.
    package let text: String
    private let root: Node

    indirect enum Node: Hashable, Sendable {
        case constant(ParameterValue)
        case name(String, column: Int)
        case unary(Operator, Node, column: Int)
        case binary(Operator, Node, Node, column: Int)
    }

    enum Operator: String, Hashable, Sendable {
        case or, and, not
        case less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">=", equal = "==", different = "!="
        case plus = "+", minus = "-", times = "*", over = "/"
    }

    /// What is wrong with an expression, at a column of it, from 1.
    package struct Fault: Error, Hashable, Sendable {
        package let column: Int
        package let message: String
        /// A text for the place of a message.
        package var description: String { "\(message) at column \(column)" }
    }

    /// Reads `text`.
    package init(_ text: String) throws(Fault) {
        self.text = text
        var parser = ConstraintParser(text)
        root = try parser.whole()
    }

    private init(text: String, root: Node) {
        self.text = text
        self.root = root
    }

    /// The same with every name replaced by the path of the parameter of `space` that it means, and its kinds checked.
    package func resolved(in space: SearchSpace) throws(Fault) -> Constraint {
        let node = try Self.resolve(root, space)
        guard Self.kind(try Self.check(node, space)) == .truth else {
            throw Fault(column: 1, message: "a condition is true or false; this is a value")
        }
        return Constraint(text: text, root: node)
    }

    /// Whether `configuration`, of the space that the names were resolved in, meets it.
    package func holds(_ configuration: Configuration) -> Bool {
        guard let value = Self.evaluate(root, configuration) else { return true }
        return value == .flag(true)
    }

    // MARK: Names and kinds

    private enum Kind: Hashable {
        case number, text, truth, null, any
    }

    private static func kind(_ kinds: Set<Kind>) -> Kind { kinds.count == 1 ? kinds.first ?? .any : .any }

    private static func resolve(_ node: Node, _ space: SearchSpace) throws(Fault) -> Node {
        switch node {
        case .constant: return node
        case .name(let name, let column):
            let paths = space.parameters.map(\.path)
            if paths.contains(name) { return node }
            let found = paths.filter { $0.hasSuffix("." + name) }
            guard let only = found.first else {
                throw Fault(column: column, message: "no parameter is called \(name)")
            }
            guard found.count == 1 else {
                throw Fault(column: column, message: "\(name) may mean " + found.joined(separator: " or "))
            }
            return .name(only, column: column)
        case .unary(let sign, let operand, let column):
            return .unary(sign, try resolve(operand, space), column: column)
        case .binary(let sign, let left, let right, let column):
            return .binary(sign, try resolve(left, space), try resolve(right, space), column: column)
        }
    }

    /// The kinds of values that `node` may have.
    private static func check(_ node: Node, _ space: SearchSpace) throws(Fault) -> Set<Kind> {
        switch node {
        case .constant(let value): return [kind(value)]
        case .name(let path, _):
            guard let parameter = space.parameters.first(where: { $0.path == path }) else { return [.any] }
            guard case .choice(let options) = parameter.domain else { return [.number] }
            return Set(options.map { kind($0.label) })
        case .unary(let sign, let operand, let column):
            let kinds = try check(operand, space)
            let asked: Kind = sign == .not ? .truth : .number
            guard kinds.contains(asked) else { throw mismatch(sign, asked, column) }
            return [asked]
        case .binary(let sign, let left, let right, let column):
            let a = try check(left, space)
            let b = try check(right, space)
            switch sign {
            case .or, .and:
                guard a.contains(.truth), b.contains(.truth) else { throw mismatch(sign, .truth, column) }
                return [.truth]
            case .equal, .different:
                guard !a.isDisjoint(with: b) else {
                    throw Fault(column: column, message: "\(sign.rawValue) compares values that are never of one kind")
                }
                return [.truth]
            case .less, .lessOrEqual, .greater, .greaterOrEqual:
                guard a.contains(.number), b.contains(.number) else { throw mismatch(sign, .number, column) }
                return [.truth]
            case .plus, .minus, .times, .over, .not:
                guard a.contains(.number), b.contains(.number) else { throw mismatch(sign, .number, column) }
                return [.number]
            }
        }
    }

    private static func mismatch(_ sign: Operator, _ asked: Kind, _ column: Int) -> Fault {
        Fault(
            column: column,
            message: "\(sign.rawValue) is for " + (asked == .number ? "numbers" : "conditions")
        )
    }

    private static func kind(_ value: ParameterValue) -> Kind {
        switch value {
        case .none: .null
        case .flag: .truth
        case .integer, .real: .number
        case .text: .text
        }
    }

    // MARK: Values

    /// The value; nil where a parameter is not active, or one is not of the kind that an operator takes.
    private static func evaluate(_ node: Node, _ configuration: Configuration) -> ParameterValue? {
        switch node {
        case .constant(let value): return value
        case .name(let path, _): return configuration[path]
        case .unary(let sign, let operand, _):
            guard let value = evaluate(operand, configuration) else { return nil }
            if sign == .not {
                guard case .flag(let truth) = value else { return nil }
                return .flag(!truth)
            }
            return value.number.map { .real(-$0) }
        case .binary(let sign, let left, let right, _):
            guard let a = evaluate(left, configuration), let b = evaluate(right, configuration) else { return nil }
            switch sign {
            case .or, .and:
                guard case .flag(let x) = a, case .flag(let y) = b else { return nil }
                return .flag(sign == .or ? x || y : x && y)
            case .equal: return .flag(isEqual(a, b))
            case .different: return .flag(!isEqual(a, b))
            default: break
            }
            guard let x = a.number, let y = b.number else { return nil }
            switch sign {
            case .less: return .flag(x < y)
            case .lessOrEqual: return .flag(x <= y)
            case .greater: return .flag(x > y)
            case .greaterOrEqual: return .flag(x >= y)
            case .plus: return .real(x + y)
            case .minus: return .real(x - y)
            case .times: return .real(x * y)
            case .over: return .real(x / y)
            default: return nil
            }
        }
    }

    private static func isEqual(_ a: ParameterValue, _ b: ParameterValue) -> Bool {
        if let x = a.number, let y = b.number { return x == y }
        return a == b
    }
}

/// Reads expressions by recursive descent.
private struct ConstraintParser {
    private enum Token: Hashable {
        case number(Double)
        case word(String)
        case quoted(String)
        case sign(String)
        case end
    }

    /// Expressions in one another: deeper ones are nobody's intention, and the stack is bounded.
    private static let greatestDepth = 64

    private let characters: [Character]
    private var place = 0
    private var token = Token.end
    private var column = 1
    private var depth = 0

    init(_ text: String) { characters = Array(text) }

    mutating func whole() throws(Constraint.Fault) -> Constraint.Node {
        try advance()
        if token == .end { throw Constraint.Fault(column: 1, message: "there is no expression") }
        let node = try disjunction()
        guard token == .end else { throw fault("expected an operator or the end, found \(text(of: token))") }
        return node
    }

    private mutating func disjunction() throws(Constraint.Fault) -> Constraint.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.greatestDepth else { throw fault("nested more than \(Self.greatestDepth) deep") }
        var node = try conjunction()
        while let (sign, at) = try take([.or]) { node = .binary(sign, node, try conjunction(), column: at) }
        return node
    }

    private mutating func conjunction() throws(Constraint.Fault) -> Constraint.Node {
        var node = try negation()
        while let (sign, at) = try take([.and]) { node = .binary(sign, node, try negation(), column: at) }
        return node
    }

    private mutating func negation() throws(Constraint.Fault) -> Constraint.Node {
        guard token == .word("not") else { return try comparison() }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.greatestDepth else { throw fault("nested more than \(Self.greatestDepth) deep") }
        let at = column
        try advance()
        return .unary(.not, try negation(), column: at)
    }

    private mutating func comparison() throws(Constraint.Fault) -> Constraint.Node {
        let left = try sum()
        guard let (sign, at) = try take([.less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .different]) else {
            return left
        }
        return .binary(sign, left, try sum(), column: at)
    }

    private mutating func sum() throws(Constraint.Fault) -> Constraint.Node {
        var node = try product()
        while let (sign, at) = try take([.plus, .minus]) { node = .binary(sign, node, try product(), column: at) }
        return node
    }

    private mutating func product() throws(Constraint.Fault) -> Constraint.Node {
        var node = try factor()
        while let (sign, at) = try take([.times, .over]) { node = .binary(sign, node, try factor(), column: at) }
        return node
    }

    /// The operator that comes next, taken, and its column; nil when it is none of `operators`.
    private mutating func take(
        _ operators: [Constraint.Operator]
    ) throws(Constraint.Fault) -> (Constraint.Operator, Int)? {
        let text: String
        switch token {
        case .sign(let sign): text = sign
        case .word(let word): text = word
        case .number, .quoted, .end: return nil
        }
        guard let found = Constraint.Operator(rawValue: text), operators.contains(found) else { return nil }
        let at = column
        try advance()
        return (found, at)
    }

    private mutating func factor() throws(Constraint.Fault) -> Constraint.Node {
        let at = column
        switch token {
        case .number(let value):
            try advance()
            return .constant(.real(value))
        case .quoted(let text):
            try advance()
            return .constant(.text(text))
        case .word(let word):
            guard !["and", "or", "not"].contains(word) else { break }
            try advance()
            switch word {
            case "true": return .constant(.flag(true))
            case "false": return .constant(.flag(false))
            case "null": return .constant(.none)
            default: return .name(word, column: at)
            }
        case .sign("-"):
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.greatestDepth else { throw fault("nested more than \(Self.greatestDepth) deep") }
            try advance()
            return .unary(.minus, try factor(), column: at)
        case .sign("("):
            try advance()
            let node = try disjunction()
            guard token == .sign(")") else { throw fault("expected ), found \(text(of: token))") }
            try advance()
            return node
        case .sign, .end: break
        }
        throw fault("expected a value, found \(text(of: token))")
    }

    // MARK: Tokens

    private mutating func advance() throws(Constraint.Fault) {
        while place < characters.count, characters[place].isWhitespace { place += 1 }
        column = place + 1
        guard place < characters.count else {
            token = .end
            return
        }
        let character = characters[place]
        if character == "\"" || character == "'" {
            guard let end = characters[(place + 1)...].firstIndex(of: character) else {
                throw fault("a quote is not closed")
            }
            token = .quoted(String(characters[(place + 1)..<end]))
            place = end + 1
            return
        }
        if character.isASCII, character.isNumber || character == "." {
            token = .number(try number())
            return
        }
        if Self.isWord(character) {
            let from = place
            while place < characters.count,
                Self.isWord(characters[place]) || characters[place].isNumber
                    || characters[place] == "."
            { place += 1 }
            token = .word(String(characters[from..<place]))
            return
        }
        for sign in ["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")"]
        where characters[place...].starts(with: sign) {
            token = .sign(sign)
            place += sign.count
            return
        }
        throw fault("unexpected \(character)")
    }

    private mutating func number() throws(Constraint.Fault) -> Double {
        let from = place
        while place < characters.count {
            let character = characters[place]
            let follows = place > from && "eE".contains(characters[place - 1]) && "+-".contains(character)
            guard character.isASCII, character.isNumber || ".eE".contains(character) || follows else { break }
            place += 1
        }
        let text = String(characters[from..<place])
        guard let value = Double(text), value.isFinite else { throw fault("\(text) is no number") }
        return value
    }

    private static func isWord(_ character: Character) -> Bool { character.isLetter || character == "_" }

    private func text(of token: Token) -> String {
        switch token {
        case .number(let value): ParameterValue.real(value).description
        case .word(let text), .sign(let text): text
        case .quoted(let text): "\"\(text)\""
        case .end: "the end"
        }
    }

    private func fault(_ message: String) -> Constraint.Fault { Constraint.Fault(column: column, message: message) }
}
