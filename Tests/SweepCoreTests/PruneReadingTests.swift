import SweepCore
import Testing

@Suite struct PruneReadingTests {
    private func read(_ entries: [SpecEntry], epochs: Int? = 50) -> (spec: PruneSpec?, problems: [String]) {
        let problems = SpecProblems()
        let spec = PruneSpec.read(SpecReader(.map(entries), problems: problems), epochs: epochs)
        return (spec, problems.all.map { "\($0.path): \($0.message)" })
    }

    @Test(arguments: PruneSpec.Method.allCases.filter { ![.patience, .threshold].contains($0) })
    func `a word alone is the method`(_ method: PruneSpec.Method) {
        let problems = SpecProblems()
        let spec = PruneSpec.read(SpecReader(.text(method.rawValue), problems: problems), epochs: 27)
        #expect(spec == PruneSpec(method: method))
        #expect(problems.all.isEmpty)
    }

    @Test func `settings are read`() {
        let (spec, problems) = read([
            SpecEntry("method", .text("percentile")), SpecEntry("percentile", .integer(40)),
            SpecEntry("startup_trials", .integer(7)), SpecEntry("warmup_epochs", .integer(3)),
            SpecEntry("interval", .integer(2)),
        ])
        var expected = PruneSpec(method: .percentile)
        expected.percentile = 40
        expected.startupTrials = 7
        expected.warmupEpochs = 3
        expected.interval = 2
        #expect(spec == expected)
        #expect(problems.isEmpty)
        #expect(read([SpecEntry("budget", .real(0.3))]).spec?.budget == 0.3)
    }

    @Test(arguments: [(0.1, 3, 3), (0.2, 5, 5), (0.01, 1, 0), (0.999, 27, 27), (0.5, 14, 14)])
    func `the grace of a trial may be a share of its epochs`(_ share: Double, _ rung: Int, _ warmup: Int) {
        let (asha, problems) = read([SpecEntry("first_rung", .real(share))], epochs: 27)
        #expect(asha?.firstRung == rung && asha?.resolvedMethod == .asha && problems.isEmpty)
        let median = read(
            [SpecEntry("method", .text("median")), SpecEntry("warmup_epochs", .real(share))],
            epochs: 27
        )
        #expect(median.spec?.warmupEpochs == warmup && median.problems.isEmpty)
        // What was a number of epochs still is.
        #expect(read([SpecEntry("first_rung", .real(1))]).spec?.firstRung == 1)
        #expect(read([SpecEntry("first_rung", .integer(50))]).spec?.firstRung == 50)
    }

    @Test func `a setting of another method is refused`() {
        let (spec, problems) = read([SpecEntry("method", .text("median")), SpecEntry("reduction_factor", .integer(3))])
        #expect(spec == nil)
        #expect(problems == ["reduction_factor: not a setting of median"])
    }

    @Test(arguments: PruneSpec.Method.allCases.filter { ![.patience, .threshold].contains($0) })
    func `whether hopeless trials are stopped goes with every method, and is off unless told`(
        _ method: PruneSpec.Method
    ) {
        let name = SpecEntry("method", .text(method.rawValue))
        #expect(read([name]).spec?.stopsHopeless == false)
        let (spec, problems) = read([name, SpecEntry("stop_hopeless", .boolean(true))])
        #expect(spec?.stopsHopeless == true && spec?.method == method && problems == [])
        #expect(read([name, SpecEntry("stop_hopeless", .boolean(false))]).spec == PruneSpec(method: method))
        #expect(read([name, SpecEntry("stop_hopeless", .integer(1))]).problems.count == 1)
    }

    @Test func `patience and threshold need their number`() {
        #expect(read([SpecEntry("method", .text("patience"))]).problems == ["patience: missing"])
        #expect(read([SpecEntry("method", .text("threshold"))]).problems == ["above: missing"])
        let crossed = [
            SpecEntry("method", .text("threshold")), SpecEntry("above", .integer(1)), SpecEntry("below", .integer(2)),
        ]
        #expect(read(crossed).problems.count == 1)
        #expect(read([SpecEntry("method", .text("threshold")), SpecEntry("below", .real(0.2))]).spec?.below == 0.2)
    }

    @Test(arguments: [
        ("budget", SpecNode.integer(0)), ("budget", .real(1.5)), ("first_rung", .integer(51)),
        ("reduction_factor", .integer(1)), ("first_rung", .real(0)), ("first_rung", .real(1.5)),
        ("first_rung", .real(-0.1)), ("first_rung", .real(51)), ("first_rung", .real(.nan)),
        ("first_rung", .text("half")),
    ])
    func `a value that is not allowed is told`(_ key: String, _ value: SpecNode) {
        let (spec, problems) = read([SpecEntry(key, value)])
        #expect(spec == nil)
        #expect(problems == ["\(key): not an allowed value"])
    }

    @Test func `auto is promotion ASHA, or extrapolation where its budget is given`() {
        #expect(PruneSpec().resolvedMethod == .asha)
        #expect(PruneSpec(reductionFactor: 4).resolvedMethod == .asha)
        #expect(read([SpecEntry("budget", .real(0.3))]).spec?.resolvedMethod == .extrapolate)
        let both = read([SpecEntry("budget", .real(0.3)), SpecEntry("first_rung", .integer(2))])
        #expect(both.problems.count == 1 && both.problems[0].hasSuffix("settings of two methods"))
        #expect(PruneSpec(method: .median).resolvedMethod == .median)
    }
}
