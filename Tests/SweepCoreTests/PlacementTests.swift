import SweepCore
import Testing

@Suite struct PlacementTests {
    /// A right sweep file.
    static func source(train: String = "", search: String = "trials: 3, seed: 1", _ entries: [SpecEntry] = [])
        -> SpecNode
    {
        let text =
            "{name: s, data: {source: d.csv, target: y}, train: {model: linear, optimizer: {sgd: {learning_rate: 0.1}}, "
            + "l2: {choice: [0.1, 0.2]}, epochs: 9\(train)}, search: {\(search)}}"
        guard case .map(let file) = FlowText.node(text) else { return .null }
        return .map(file + entries)
    }

    static func read(_ entries: [SpecEntry]) -> (Sweep?, [String]) {
        let problems = SpecProblems()
        let sweep = Sweep.read(source(entries), problems: problems)
        return (
            sweep,
            problems.all.map { "\($0.path): \($0.message); found \($0.found ?? ""); allowed \($0.allowed ?? "")" }
        )
    }

    static func requires(_ entries: (String, SpecNode)...) -> SpecEntry {
        SpecEntry("requires", .map(entries.map { SpecEntry($0.0, $0.1) }))
    }

    @Test func `without these keys a sweep has no wishes`() {
        #expect(Self.read([]).0?.placement == Placement())
    }

    @Test func `what stands in the file is read, labels in the order of their keys`() {
        let more = [
            SpecEntry("priority", .integer(-5)), SpecEntry("max_parallel", .integer(3)),
            Self.requires(
                ("gpu", .boolean(true)),
                ("kernels", .text("v3")),
                ("cores", .integer(8)),
                ("a.b/c_d-e", .text("x"))
            ),
        ]
        let sweep = Sweep.read(Self.source(train: ", threads: 4", more), problems: SpecProblems())
        #expect(
            sweep?.placement
                == Placement(
                    priority: -5,
                    maxParallel: 3,
                    requires: [("a.b/c_d-e", "x"), ("cores", "8"), ("gpu", "true"), ("kernels", "v3")].map {
                        WorkerRequirement(key: $0.0, value: $0.1)
                    },
                    slots: 4
                )
        )
    }

    static let wrong: [([SpecEntry], String)] = [
        (
            [SpecEntry("priority", .integer(1001))],
            "priority: not an allowed value; found 1001; allowed an integer from -1000 to 1000"
        ),
        (
            [SpecEntry("priority", .text("high"))],
            "priority: not an allowed value; found high; allowed an integer from -1000 to 1000"
        ),
        (
            [SpecEntry("max_parallel", .integer(0))],
            "max_parallel: not an allowed value; found 0; allowed an integer from 1 to 65536"
        ),
        (
            [SpecEntry("requires", .text("gpu"))],
            "requires: not an allowed value; found gpu; allowed a map of labels with their values, as in {gpu: yes, kernels: v3}"
        ),
        (
            [requires(("slots", .text("many")))],
            "requires.slots: not an allowed value; found many; allowed an integer from 1 to 65536"
        ),
        (
            [requires(("kernels", .text("v9")))],
            "requires.kernels: not an allowed value; found v9; allowed v2, v3 or v4"
        ),
        (
            [requires(("cuda", .real(12.1)))],
            "requires.cuda: not text; found 12.1; allowed text; a number with a point in quotes, as the label has it"
        ),
        (
            [requires(("gpu", .list([])))],
            "requires.gpu: not an allowed value; found []; allowed text of 1 to 256 bytes, an integer, true or false"
        ),
        (
            [SpecEntry("priority", .domain(.integer(low: 1, high: 3, step: 1)))],
            "priority: a range is not allowed here; found {int: [1, 3]}; allowed a single value"
        ),
    ]

    @Test(arguments: wrong.indices) func `what cannot be is told`(index: Int) {
        let (entries, sentence) = Self.wrong[index]
        let (sweep, problems) = Self.read(entries)
        #expect(sweep == nil)
        #expect(problems == [sentence])
    }

    @Test func `a key that no label can have is told at the key`() {
        let (_, problems) = Self.read([Self.requires(("my gpu", .text("x")))])
        #expect(problems.count == 1)
        #expect(problems.first?.contains("not a label; found my gpu; allowed letters, digits") == true)
    }

    @Test func `a requirement is met by the label of that value, and by what a worker tells of itself`() {
        func met(_ key: String, _ value: String, kernels: String = "v3") -> Bool {
            WorkerRequirement(key: key, value: value).isMet(host: "node1", kernels: kernels, slots: 4) {
                ["gpu": "yes"][$0]
            }
        }
        #expect(met("gpu", "yes") && !met("gpu", "no") && !met("disk", "yes"))
        #expect(met("host", "node1") && !met("host", "node2"))
        #expect(met("slots", "4") && met("slots", "1") && !met("slots", "5"))
        #expect(met("kernels", "v2") && met("kernels", "v3") && !met("kernels", "v4"))
        #expect(!met("kernels", "v2", kernels: "reference"))
    }

    @Test func `files that differ in these keys alone are one sweep, and other numbers of trials are told apart`() {
        let plain = Self.source()
        let place = [
            SpecEntry("priority", .integer(3)), SpecEntry("max_parallel", .integer(2)),
            Self.requires(("gpu", .text("yes"))),
        ]
        let placed = Self.source(train: ", threads: 2", place)
        #expect(plain.difference(from: plain) == .none)
        #expect(placed.difference(from: plain) == .placement && plain.difference(from: placed) == .placement)
        let longer = Self.source(train: ", threads: 2", search: "trials: 99, seed: 1", place)
        #expect(longer.difference(from: plain) == .trials)
        #expect(Self.source(search: "seed: 1").difference(from: plain) == .trials)
        #expect(Self.source(search: "trials: 99, seed: 2", place).difference(from: plain) == .another)
        #expect(Self.source(train: ", batch_size: 8").difference(from: plain) == .another)
    }

    @Test func `nothing of it names a configuration or a trial`() throws {
        let placed = Self.source(train: ", threads: 8", [SpecEntry("priority", .integer(3))])
        let one = try #require(Sweep.read(Self.source(), problems: SpecProblems()))
        let other = try #require(Sweep.read(placed, problems: SpecProblems()))
        let configuration = one.space.configuration { $0.domain.extremes[0] }
        #expect(configuration.entries.count == 1)
        #expect(configuration == other.space.configuration { $0.domain.extremes[0] })
        #expect(configuration.id == other.space.configuration { $0.domain.extremes[0] }.id)
        #expect(one.search == other.search)
    }

    @Test func `changes out of bounds are told`() {
        #expect(SweepAdjustment(priority: 7, maxParallel: .atMost(1), trials: 1).problem == nil)
        #expect(
            SweepAdjustment(maxParallel: .unlimited).problem == nil && !SweepAdjustment(maxParallel: .unlimited).isEmpty
        )
        #expect(SweepAdjustment().isEmpty)
        #expect(
            SweepAdjustment(priority: 1001).problem == "priority: found 1001, allowed an integer from -1000 to 1000"
        )
        #expect(
            SweepAdjustment(maxParallel: .atMost(0)).problem
                == "max_parallel: found 0, allowed an integer from 1 to 65536, or none"
        )
        #expect(SweepAdjustment(trials: 0).problem == "trials: found 0, allowed an integer from 1 to 10000000")
    }
}
