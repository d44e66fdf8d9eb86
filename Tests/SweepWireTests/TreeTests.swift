import SweepCore
import SweepWire
import Testing

@Suite struct TreeTests {
    /// A tree of `levels` levels, in the shape that takes the most messages a level.
    static func deep(_ levels: Int) -> SpecNode {
        var node = SpecNode.integer(1)
        for level in 1..<levels {
            switch level % 3 {
            case 0: node = .list([node])
            case 1: node = .map([SpecEntry("k", node)])
            default: node = .domain(.choice([ChoiceOption(label: .text("a"), node: node)]))
            }
        }
        return node
    }

    @Test func `trees come back as they were`() throws {
        var random = RandomMessages(seed: 1)
        for round in 0..<300 {
            let node = random.node()
            #expect(try SpecNode(wireBytes: node.wireBytes()) == node, "round \(round)")
        }
    }

    @Test func `a sweep is read back from its bytes`() throws {
        let source = SpecNode.map([
            SpecEntry("name", .text("digits")),
            SpecEntry("data", .map([SpecEntry("source", .text("digits.csv"))])),
            SpecEntry(
                "train",
                .map([
                    SpecEntry("model", .text("linear")),
                    SpecEntry(
                        "optimizer",
                        .map([
                            SpecEntry(
                                "adam",
                                .map([
                                    SpecEntry(
                                        "learning_rate",
                                        .domain(.logUniform(low: 1e-4, high: 1e-1, points: nil))
                                    )
                                ])
                            )
                        ])
                    ),
                    SpecEntry("epochs", .integer(27)),
                ])
            ),
            SpecEntry("search", .map([SpecEntry("trials", .integer(9))])),
        ])
        let problems = SpecProblems()
        let sweep = try #require(Sweep.read(source, problems: problems), "\(problems.all)")
        let received = try SpecNode(wireBytes: sweep.source.wireBytes())
        #expect(Sweep.read(received, problems: SpecProblems()) == sweep)
    }

    @Test func `64 levels go over the wire, 65 do not`() throws {
        #expect(try SpecNode(wireBytes: Self.deep(64).wireBytes()) == Self.deep(64))
        #expect(throws: WireError(.undecodable, "a tree deeper than 64 levels")) { try Self.deep(65).wireBytes() }
    }

    @Test func `bytes that nest without end are refused`() throws {
        // node { list { items: node { … } } }, the innermost empty.
        var bytes: [UInt8] = []
        for _ in 0..<2000 {
            bytes = Self.field(6, Self.field(1, bytes))
        }
        #expect(throws: WireError.self) { try SpecNode(wireBytes: bytes) }
        var shallow: [UInt8] = [0x0A, 0x00]
        for _ in 0..<64 { shallow = Self.field(6, Self.field(1, shallow)) }
        #expect(throws: WireError(.undecodable, "a tree deeper than 64 levels")) { try SpecNode(wireBytes: shallow) }
    }

    @Test func `a tree of too many nodes or bytes is refused on both sides`() throws {
        let wide = SpecNode.list(Array(repeating: .null, count: 65_536))
        #expect(throws: WireError(.undecodable, "a tree of more than 65536 nodes")) { try wide.wireBytes() }
        let fits = SpecNode.list(Array(repeating: .null, count: 65_535))
        #expect(try SpecNode(wireBytes: fits.wireBytes()) == fits)
        let heavy = SpecNode.text(String(repeating: "x", count: WireLimits.tree))
        #expect(throws: WireError.self) { try heavy.wireBytes() }
    }

    @Test func `domains that could not be drawn from are refused`() throws {
        func refused(_ domain: ParameterDomain) throws -> Bool {
            let bytes = try SpecNode.domain(domain).wireBytes()
            return (try? SpecNode(wireBytes: bytes)) == nil
        }
        #expect(try refused(.uniform(low: 2, high: 1, step: nil, points: nil)))
        #expect(try refused(.uniform(low: 2, high: .nan, step: nil, points: nil)))
        #expect(try !refused(.uniform(low: 2, high: 3, step: nil, points: nil)))
        #expect(try refused(.uniform(low: 2, high: 3, step: 0, points: nil)))
        #expect(try refused(.uniform(low: 2, high: 3, step: nil, points: 0)))
        #expect(try refused(.logUniform(low: 0, high: 1, points: nil)))
        #expect(try refused(.integer(low: .min, high: .max, step: 1)))
        #expect(try !refused(.integer(low: 0, high: 9, step: 1)))
        #expect(try refused(.integer(low: 0, high: 9, step: 0)))
        #expect(try refused(.logInteger(low: 0, high: 9, points: nil)))
        #expect(try refused(.choice([])))
    }

    private static let ranges: [ParameterDomain] = [
        .uniform(low: -1, high: 1, step: 0.5, points: nil), .logUniform(low: 1e-5, high: 1, points: 3),
        .integer(low: -5, high: 5, step: 2), .logInteger(low: 1, high: 64, points: nil),
    ]

    @Test(arguments: ranges) func `what is believed of a range comes back as it was`(_ range: ParameterDomain) throws {
        let node = SpecNode.domain(.believed(range, RangePrior(mean: 1, deviation: 0.5)))
        #expect(try SpecNode(wireBytes: node.wireBytes()) == node)
        #expect(try SpecNode(wireBytes: node.wireBytes()) != .domain(range))
    }

    /// Field 8 of a node is a domain, whose field 6 is a range in its field 1 (uniform, of which low is 0) and what is believed of it.
    @Test func `a prior has a kind of its own, so that no reader drops it`() throws {
        let unit = ParameterDomain.uniform(low: 0, high: 1, step: nil, points: nil)
        func real(_ number: UInt8, _ value: Double) -> [UInt8] {
            [number << 3 | 1] + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
        }
        let believed = Self.field(1, real(2, 1)) + real(5, 0.25) + real(6, 0.5)
        let bytes = try SpecNode.domain(.believed(unit, RangePrior(mean: 0.25, deviation: 0.5))).wireBytes()
        #expect(bytes == Self.field(8, Self.field(6, believed)))
    }

    @Test func `priors that could not be drawn from are refused`() throws {
        func refused(_ mean: Double, _ deviation: Double, _ range: ParameterDomain = Self.ranges[0]) throws -> Bool {
            let bytes = try SpecNode.domain(.believed(range, RangePrior(mean: mean, deviation: deviation))).wireBytes()
            return (try? SpecNode(wireBytes: bytes)) == nil
        }
        #expect(try !refused(0, 0.5))
        #expect(try refused(2, 0.5))
        #expect(try refused(.nan, 0.5))
        #expect(try refused(0, 0))
        #expect(try refused(0, -1))
        #expect(try refused(0, .nan))
        #expect(try refused(0, .infinity))
        #expect(try refused(0, 0.5, .uniform(low: 2, high: 1, step: nil, points: nil)))
        #expect(try refused(1, 1, .choice([ChoiceOption(.integer(1))])))
    }

    private static func choice(_ weights: [Double?]) -> ParameterDomain {
        .choice(weights.enumerated().map { ChoiceOption(.integer($0), weight: $1) })
    }

    @Test func `what is believed of a choice comes back as it was`() throws {
        let plain = SpecNode.domain(Self.choice([nil, nil, nil]))
        let weighed = SpecNode.domain(Self.choice([3, 0, 0.5]))
        #expect(try SpecNode(wireBytes: weighed.wireBytes()) == weighed)
        #expect(try SpecNode(wireBytes: plain.wireBytes()) == plain)
        #expect(weighed != plain)
    }

    /// Field 8 of a node is a domain, whose field 7 is options (field 1, as in a choice, which is field 5) and their weights (field 2, packed).
    @Test func `a choice with weights has a kind of its own, so that no reader drops them`() throws {
        func real(_ value: Double) -> [UInt8] {
            (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
        }
        let bytes = try SpecNode.domain(.choice([ChoiceOption(.integer(1), weight: 2)])).wireBytes()
        let plain = try SpecNode.domain(.choice([ChoiceOption(.integer(1))])).wireBytes()
        let options = Array(plain.dropFirst(4))
        #expect(plain == Self.field(8, Self.field(5, options)))
        #expect(bytes == Self.field(8, Self.field(7, options + Self.field(2, real(2)))))
    }

    @Test(arguments: [[0, 0], [1, -1], [1, .nan], [1, .infinity]] as [[Double]])
    func `weights that could not be drawn by are refused`(_ weights: [Double]) throws {
        let bytes = try SpecNode.domain(Self.choice(weights)).wireBytes()
        #expect(throws: WireError.self) { try SpecNode(wireBytes: bytes) }
    }

    @Test func `a choice with too few weights is refused`() throws {
        let options = Array(try SpecNode.domain(Self.choice([nil, nil])).wireBytes().dropFirst(4))
        let one = Self.field(2, Array(repeating: 0, count: 6) + [0xF0, 0x3F])
        #expect(throws: WireError.self) { try SpecNode(wireBytes: Self.field(8, Self.field(7, options + one))) }
        let two = Self.field(2, (Array(repeating: 0, count: 6) + [0xF0, 0x3F]) + Array(repeating: 0, count: 8))
        #expect(try SpecNode(wireBytes: Self.field(8, Self.field(7, options + two))) == .domain(Self.choice([1, 0])))
    }

    /// A length-delimited field.
    static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var length = bytes.count
        var header = [number << 3 | 2]
        while length >= 0x80 {
            header.append(UInt8(length & 0x7F) | 0x80)
            length >>= 7
        }
        return header + [UInt8(length)] + bytes
    }
}
