import SweepCore
import SweepReports
import Testing

/// The screen of a sweep, its sparkline and the width of text.
@Suite struct ScreenTests {
    private static func style(_ width: Int, _ height: Int = 24, colour: Bool = false, ascii: Bool = false)
        -> ScreenStyle
    {
        ScreenStyle(width: width, height: height, hasColour: colour, isASCII: ascii)
    }

    private static func screen(workers: Int = 2) -> SweepScreen {
        var counts = TrialCounts()
        (counts.running, counts.pruned, counts.completed) = (4, 28, 8)
        let status = StatusDocument(
            sweep: "digits",
            state: "running",
            trials: counts,
            trialsPlanned: 80,
            epochs: 412,
            epochsPerSecond: 103.4,
            secondsLeft: 72,
            best: .init(trial: 17, configurationID: "ab", objective: 0.05213, epoch: 27),
            workers: (0..<workers).map { number in
                .init(
                    id: "node\(number)",
                    host: "h",
                    slots: 4,
                    busy: number == 1 ? 0 : 4,
                    kernels: "v3",
                    lastSeen: 0.1,
                    idleBecause: number == 1 ? "no trial is ready" : nil
                )
            }
        )
        let best = SweepScreen.Incumbent(
            metric: .validationLoss,
            configuration: Configuration([.init(path: "train.optimizer.adam.learning_rate", value: .real(0.0031))]),
            interval: 0.049...0.0551,
            values: [0.91, 0.4, 0.2, 0.1, 0.06, 0.0521]
        )
        return SweepScreen(
            status: status,
            best: best,
            findings: SweepScreen.counts(["plateau", "rising", "plateau"])
        )
    }

    @Test func `eighty columns hold all of it`() {
        let expected = """
            digits  running  about 1 min 12 s left
            █████████████████████████▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  36 of 80 trials ended
            trials   4 running, 8 completed, 28 pruned
            epochs   412, 103 a second
            best     validation.loss 0.05213 (95 %: 0.0490 to 0.0551) in epoch 27 of trial …
                     learning_rate 0.0031
                     █▆▄▂▁▁  0.910 to 0.0521 in 6 epochs
            findings 2 plateau, 1 rising
            workers  node0  4/4 busy
                     node1  0/4 busy  idle: no trial is ready
            """
        let lines = Self.screen().lines(Self.style(80))
        let text = lines.joined(separator: "\n")
        #expect(text == expected, "\(text)")
    }

    @Test(arguments: [20, 40, 80, 120]) func `no line is wider than the terminal`(width: Int) {
        for style in [Self.style(width), Self.style(width, ascii: true)] {
            for line in Self.screen().lines(style) {
                #expect(DisplayWidth.of(line) <= width, "\(line)")
                #expect(!style.isASCII || line.utf8.allSatisfy { $0 < 0x80 }, "\(line)")
            }
        }
    }

    @Test func `colour changes no letter`() {
        let plain = Self.screen().lines(Self.style(60))
        let coloured = Self.screen().lines(Self.style(60, colour: true))
        #expect(coloured.map { $0.replacing(/\u{1B}\[[0-9]+m/, with: "") } == plain)
        #expect(coloured.contains { $0.contains("\u{1B}[32m") } && plain.allSatisfy { !$0.contains("\u{1B}") })
    }

    @Test func `a low terminal shows the first workers and counts the others`() {
        let lines = Self.screen(workers: 40).lines(Self.style(80, 14))
        #expect(lines.count == 13, "a row stays for the cursor")
        #expect(
            lines[8].hasPrefix("workers  node0   4/4 busy") && lines.last == "         36 more, 140/144 busy",
            "\(lines)"
        )
        #expect(Self.screen().lines(Self.style(80, 4)).count == 3)
        #expect(Self.screen().lines(Self.style(80, 1)).count == 1)
    }

    @Test func `without workers, an end or a trial it says so`() {
        let status = StatusDocument(
            sweep: "s\u{1B}[2J",
            state: "halted",
            reason: "the disk is full",
            trials: TrialCounts(),
            epochs: 0,
            workers: []
        )
        let lines = SweepScreen(status: status).lines(Self.style(80))
        #expect(
            lines == [
                "s\\u{1b}[2J  halted: the disk is full", "0 trials ended, no end is set", "trials   none has begun",
                "epochs   0", "workers  none is connected",
            ]
        )
    }

    private static func stranger(_ name: String, seconds: Double, build: String = "0.0.9") -> TurnedAwayWorker {
        TurnedAwayWorker(
            id: name,
            host: "node\u{1B}3",
            softwareVersion: build,
            oldestProtocol: 1,
            newestProtocol: 1,
            lastSeen: seconds,
            because: "no protocol version in common: the worker is sweepd 0.0.9; upgrade the worker"
        )
    }

    @Test func `workers that were turned away stand below the others, with what to do`() {
        let wide = Self.style(100)
        var screen = Self.screen()
        #expect(!screen.lines(wide).contains { $0.contains("turned away") })
        screen.status.turnedAway = [Self.stranger("old", seconds: 59), Self.stranger("older", seconds: 185, build: "")]
        var lines = screen.lines(wide)
        #expect(
            lines.suffix(4) == [
                "workers  node0  4/4 busy", "         node1  0/4 busy  idle: no trial is ready",
                "         old on node\\u{1b}3 (sweepd 0.0.9) turned away just now: upgrade the worker",
                "         older on node\\u{1b}3 turned away 3 min ago: upgrade the worker",
            ],
            "\(lines)"
        )
        // No second of it is drawn.
        screen.status.turnedAway[1].lastSeen = 239
        #expect(screen.lines(wide) == lines)
        #expect(screen.lines(Self.style(100, colour: true)).count { $0.contains("\u{1B}[31m") } == 2)

        // Without any other worker too.
        screen.status.workers = []
        lines = screen.lines(wide)
        #expect(lines[8] == "workers  none is connected" && lines[9].hasPrefix("         old on node"), "\(lines)")
        // A time that nobody knows is no trap.
        screen.status.turnedAway[0].lastSeen = .infinity
        #expect(screen.lines(wide)[9].contains("1440 min ago"))
    }

    @Test func `many that were turned away leave the other workers their lines`() {
        var screen = Self.screen(workers: 40)
        screen.status.turnedAway = (0..<64).map { Self.stranger("w\($0)", seconds: 1) }
        let lines = screen.lines(Self.style(80, 24))
        #expect(lines.count == 23 && lines.count { $0.contains("just now") } == 2)
        #expect(lines.last == "         62 more turned away, see `sweepd status`", "\(lines)")
        #expect(lines[8].hasPrefix("workers  node0") && lines[19].hasSuffix(" busy"), "\(lines)")
        // Where there is one line for them, how many there are; where there is none, the workers.
        #expect(screen.lines(Self.style(80, 11)).last == "         64 turned away, see `sweepd status`")
        #expect(screen.lines(Self.style(80, 10)).last == "workers  40, 156/160 busy")
    }

    @Test func `a curve is drawn by what it has`() {
        #expect(Sparkline.text([], width: 10) == "" && Sparkline.text([1, 2], width: 0) == "")
        #expect(Sparkline.text([1, 2, 3, 4, 5, 6, 7, 8], width: 8) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline.text([8, 1], width: 8, isASCII: true) == "#_")
        #expect(Sparkline.text([3, 3, 3], width: 8) == "▁▁▁")
        #expect(Sparkline.text([.nan, .infinity], width: 8) == "!!")
        #expect(Sparkline.text([1, .nan, 2], width: 8) == "▁!█")
        // Five hundred values, each a share of ten columns.
        #expect(Sparkline.text((0..<500).map { Double($0) }, width: 10).count == 10)
        // Over decades, by logarithms.
        #expect(Sparkline.text([1000, 100, 10, 1], width: 4) == "█▆▃▁")
    }

    @Test func `text is as wide as terminals draw it`() {
        #expect(DisplayWidth.of("abc") == 3 && DisplayWidth.of("日本") == 4 && DisplayWidth.of("e\u{301}") == 1)
        #expect(DisplayWidth.of("👩‍🔬") == 2 && DisplayWidth.of("한") == 2 && DisplayWidth.of("▁█…") == 3)
        #expect(
            DisplayWidth.cut("abcdef", to: 4, mark: "…") == "abc…" && DisplayWidth.cut("abc", to: 3, mark: "…") == "abc"
        )
        #expect(DisplayWidth.cut("日本語", to: 4, mark: "…") == "日…" && DisplayWidth.cut("abc", to: 0, mark: "…") == "")
    }
}
