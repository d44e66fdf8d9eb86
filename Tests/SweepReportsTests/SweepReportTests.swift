import SweepCore
import SweepDiagnosis
import SweepReports
import SweepSearch
import Testing

@Suite struct SweepReportTests {
    private static func report(
        text: String = "name: digits\n",
        rank: RankDocument = Samples.rank,
        importance: ImportanceDocument? = Samples.importance
    ) -> SweepReport {
        SweepReport(
            status: Samples.status,
            rank: rank,
            curves: Samples.curves,
            diagnosis: Samples.diagnosis,
            importance: importance,
            submission: Submission(
                text: text,
                fileName: "digits.yaml",
                tree: [],
                dataSet: DataSetID(hash: ContentHash(hex: String(repeating: "07", count: 32))!, size: 1),
                schema: DataSchema(
                    features: ["a"],
                    task: .regression(mean: 0, variance: 1),
                    trainingRows: 80,
                    validationRows: 20,
                    testRows: 0
                )
            ),
            version: "1.2.3"
        )
    }

    @Test func `it has the ranking, the curves, what is wrong, and how to do it again`() throws {
        let markdown = Self.report().markdown
        for heading in ["Summary", "Ranking", "Learning curves", "Findings", "Where it ran", "How to do it again"] {
            #expect(markdown.contains("\n## \(heading)\n"), "\(heading)")
        }
        #expect(markdown.contains("sweepd run digits.yaml") && markdown.contains("sweepd 1.2.3"))
        #expect(markdown.contains(String(repeating: "07", count: 32)))
        let html = Self.report().html
        #expect(html.contains("<svg") && html.contains("<th class=\"n\" scope=\"col\">"))
        // A hash is broken on a narrow screen, and the two spaces between parameters are seen.
        #expect(html.contains("p, h1 { overflow-wrap: anywhere; } p, td { white-space: pre-wrap; }"))
        #expect(html.ranges(of: "<section>").count == html.ranges(of: "</section>").count)
    }

    @Test func `it says which parameters matter, once that is known`() {
        let markdown = Self.report().markdown
        #expect(markdown.contains("\n## What matters\n"))
        #expect(
            markdown.contains(
                "Shares are in percent: validation.loss of 80 configurations at epoch 3; the forest explains"
            )
        )
        let html = Self.report().html
        for part in [
            "<td>learning_rate</td><td class=\"n\">75.0</td>",
            "<td>learning_rate × activation</td><td class=\"n\">6.3</td>",
            "<p>train.batch_size: 7 of the 8 best lie at the high end; try a range up to 96.</p>",
        ] { #expect(html.contains(part), "\(part)") }
        #expect(!Self.report(importance: nil).markdown.contains("What matters"))
    }

    @Test func `it says where it ran and how long, and leaves open what nobody knows`() {
        let html = Self.report().html
        for row in [
            "<td>node-a</td><td class=\"n\">1</td><td class=\"n\"></td>",
            "<td>node-b</td><td class=\"n\">3</td><td class=\"n\">750 ms</td>",
        ] { #expect(html.contains(row), "\(row)") }
        #expect(html.contains("its core time, 1.6 s in all, stands with none. Attempts beyond the first: 1."))
    }

    @Test func `trials of one verdict stand together, the most frequent first`() throws {
        func report(_ number: Int, _ verdict: String, _ kind: String) -> String {
            """
            {"trial": \(number), "name": "t", "metric": "validation.loss", "value": null, "symptoms": [], "causes": [], "verdict": "\(verdict)",
            "verdict_kind": "\(kind)", "not_judged": [], "unknown": []}
            """
        }
        let trials = [
            report(1, "one of two", "undecided"), report(2, "no fault", "no_fault"), report(3, "rate high", "causes"),
            report(4, "rate low", "causes"), report(7, "rate high", "causes"),
        ]
        let text = "{\"sweep\": \"digits\", \"trials\": [\(trials.joined(separator: ", "))]}"
        let found = FindingsDocument(try DiagnosisDocument(json: JSONValue(parsing: Array(text.utf8))))
        #expect(found.trials == 5 && found.sound == 1)
        #expect(found.groups.map(\.verdict) == ["rate high", "one of two", "rate low"])
        #expect(found.groups.map(\.trials) == [[3, 7], [1], [4]])
        #expect(
            found.json["groups"]?.text().hasPrefix(
                #"[{"verdict":"rate high", "verdict_kind":"causes", "count":2, "trials":[3, 7], "cause":null}, "#
            ) == true
        )
        // With its cause and the regions, as `diagnose` tells them.
        let sick = FindingsDocument(Samples.diagnosis)
        let diagnosed = Samples.diagnosis.json
        #expect(sick.json["regions"] == diagnosed["regions"] && sick.groups.count == 1)
        guard case .array(let groups)? = sick.json["groups"], case .array(let reports)? = diagnosed["trials"],
            case .array(let causes)? = reports.first?["causes"]
        else {
            Issue.record("no groups")
            return
        }
        #expect(groups.first?["cause"] == causes.first && causes.first != nil)
    }

    @Test func `what a sound run shows stands under remarks, what a sick one shows under symptoms`() {
        func report(_ losses: [Double], validation: [Double]) -> DiagnosisDocument.Report {
            let curve = LearningCurve(
                metrics: [.probeLoss, .validationLoss],
                observations: losses.indices.map {
                    Observation(epoch: $0 + 1, values: [losses[$0], validation[$0]], seconds: 0)
                }
            )
            var run = RunEvidence(curve: curve, budget: losses.count, chanceLoss: 2.3)
            // A start above guessing: it may explain a course, and is no complaint.
            run.instruments = Instruments()
            run.instruments?.initialLoss = 7
            return DiagnosisDocument.Report(name: "run", metric: .validationLoss, value: nil, Diagnosis(run))
        }
        let falling = (1...20).map { (epoch: Int) -> Double in
            let left: Double = (0..<epoch).reduce(2.25) { value, _ in value * 0.55 }
            return 0.05 + left
        }
        let sound = report(falling, validation: falling)
        #expect(sound.verdictKind == "no_fault" && sound.symptoms.map(\.symptom) == [.initialLoss])
        #expect(sound.text.contains("symptoms  none that asks for a cause\nremarks   S-INITLOSS"), "\(sound.text)")
        let sick = report((1...20).map { 2.3 * Double($0) }, validation: falling)
        #expect(sick.verdictKind != "no_fault")
        #expect(sick.text.contains("symptoms  S-DIVERGE"), "\(sick.text)")
        #expect(!sick.text.contains("remarks   S-INITLOSS"))
    }

    @Test func `it says which part of the space is sick, and of what`() {
        let markdown = Self.report().markdown
        #expect(
            markdown.contains(
                "36 of the 37 trials with learning_rate at least 0.12 and width at least 128: diverging "
                    + "(38 of 81 in all; by chance 2e-5)"
            ),
            "\(markdown)"
        )
        #expect(
            markdown.contains(
                "9 of the 9 trials with optimizer sgd and learning_rate at most 1e-5: slow (9 of 81 in all; by chance below 1e-12)"
            ),
            "\(markdown)"
        )
        #expect(Self.report().html.contains("36 of the 37 trials with learning_rate at least 0.12"))
    }

    @Test func `regions go through JSON, and a coordinator without them has none`() throws {
        let json = try JSONValue(parsing: Samples.diagnosis.json.bytes)
        #expect(try DiagnosisDocument(json: json).regions == Samples.diagnosis.regions)
        let bare = JSONValue.object([JSONMember("sweep", .text("digits")), JSONMember("trials", .array([]))])
        #expect(try DiagnosisDocument(json: bare).regions.isEmpty)
    }

    @Test func `what the sweep has shown already of a trial is told, and goes through JSON`() throws {
        var report = try #require(Samples.diagnosis.reports.first)
        #expect(!report.text.contains("in sweep") && report.json.text().contains("in_sweep") == false)
        report.inSweep = [
            SweepPair(
                trial: 9,
                path: "train.optimizer.sgd.learning_rate",
                from: .real(0.1),
                to: .real(0.01),
                value: 0.1251
            )
        ]
        #expect(
            report.text.contains(
                "\nin sweep  trial 9, with learning_rate 0.01 in place of 0.1 alone: validation.loss 0.125 (one run)\n"
            ),
            "\(report.text)"
        )
        let document = DiagnosisDocument(sweep: "digits", reports: [report])
        let read = try DiagnosisDocument(json: try JSONValue(parsing: document.json.bytes))
        #expect(read.reports.first?.inSweep == report.inSweep)
    }

    private static func classes(_ losses: [Double]) -> [ClassState] {
        losses.enumerated().map { index, loss in
            ClassState(
                label: "c\(index)",
                trainingRows: 100,
                rows: 25,
                loss: loss,
                recall: 0.5,
                probeLoss: loss / 2,
                guessLoss: 2
            )
        }
    }

    @Test func `classes that differ are shown, those that do not are told to programs alone`() throws {
        var report = try #require(Samples.diagnosis.reports.first)
        #expect(!report.text.contains("\nclasses") && report.json["classes"] == nil)
        #expect(!report.text.contains("\nnoise") && report.json["gradient_noise"] == nil)
        report.classes = Self.classes([0.5, 3])
        report.noise = NoiseState(epoch: 4, scale: 45.23, rows: 128, batch: 32)
        #expect(!report.text.contains("\nclasses"))
        report.classesDiffer = true
        report.classesEpoch = 16
        for line in [
            "\n          after epoch 16\n",
            "\nclasses   class  training rows  validation rows   loss  recall  loss in training  guessing\n",
            "\n          c1               100               25   3.00    0.50              1.50      2.00\n",
            "\nnoise     the gradient's noise scale after epoch 4 is 45.2 rows (of 128 rows), a batch has 32\n",
        ] { #expect(report.text.contains(line), "\(line) in\n\(report.text)") }
        // Where the terminal is narrow, whole columns are left out.
        let narrow = report.plainText(width: 80)
        #expect(narrow.contains("\nclasses   class  training rows  validation rows   loss  recall  loss in training\n"))
        #expect(narrow.contains("\n          (left out for width: guessing)\n"))
        let document = DiagnosisDocument(sweep: "digits", reports: [report])
        let read = try DiagnosisDocument(json: try JSONValue(parsing: document.json.bytes))
        #expect(read.reports.first?.classes == report.classes && read.reports.first?.classesDiffer == true)
        #expect(read.reports.first?.noise == report.noise && read.reports.first?.classesEpoch == 16)
        // What was not measured stays so, and a coordinator of before tells nothing of it.
        report.classes = [ClassState(label: "a", rows: 0)]
        report.noise = NoiseState(epoch: 1, scale: nil, rows: nil, batch: nil)
        #expect(report.text.contains("noise scale after epoch 1 is beyond what was measured\n"), "\(report.text)")
        let bare = DiagnosisDocument(sweep: "digits", reports: [report])
        let again = try DiagnosisDocument(json: try JSONValue(parsing: bare.json.bytes))
        #expect(again.reports.first?.classes == report.classes && again.reports.first?.noise == report.noise)
        let former = try DiagnosisDocument(json: try JSONValue(parsing: Samples.diagnosis.json.bytes))
        #expect(former.reports.first?.classes == [] && former.reports.first?.noise == nil)
    }

    @Test func `of many classes the text has the twelve with the greatest losses`() throws {
        var report = try #require(Samples.diagnosis.reports.first)
        report.classes = Self.classes((0..<14).map { Double($0) })
        report.classesDiffer = true
        #expect(report.text.contains("\n          c2 ") && report.text.contains("\n          c13"), "\(report.text)")
        #expect(
            !report.text.contains("\n          c1 ") && report.text.contains("and 2 classes more, with smaller losses")
        )
    }

    @Test func `it fetches nothing, and text of others stays text`() {
        let html = Self.report(text: "name: x # <script>alert(1)</script> & \"q\"\n").html
        #expect(!html.contains("<script") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot;"))
        for word in ["https://", "src=", "@import", "url("] {
            #expect(!html.contains(word), "\(word)")
        }
        // The only address is the name of a namespace.
        #expect(html.replacing("http://www.w3.org/2000/svg", with: "").contains("http://") == false)
    }

    @Test func `text of others is text in Markdown too`() {
        var table = Table(columns: [.init("a")])
        table.add(["<script>alert(1)</script> & |"])
        #expect(table.markdown.hasSuffix("| &lt;script&gt;alert(1)&lt;/script&gt; &amp; \\| |\n"))
    }

    @Test func `what the command line replaced is in the command`() {
        let text = OverriddenText.of("name: digits\ntrain: {}", overrides: ["search.trials=3", "data.source=it's"])
        #expect(text == "name: digits\ntrain: {}\n# --set search.trials=3\n# --set data.source=it's\n")
        let markdown = Self.report(text: text).markdown
        #expect(markdown.contains("sweepd run digits.yaml --set search.trials=3 --set 'data.source=it'\\''s'\n"))
        #expect(OverriddenText.options(in: "name: digits\n") == "" && OverriddenText.of("a", overrides: []) == "a")
    }

    @Test func `a word of a shell is in quotes only where it needs to be`() {
        #expect(ShellWord.typed("train.epochs=9") == "train.epochs=9" && ShellWord.typed("a b") == "'a b'")
        #expect(ShellWord.typed("") == "''" && ShellWord.typed("it's $x") == "'it'\\''s $x'")
        #expect(ShellWord.typed("data.preprocess=[]") == "'data.preprocess=[]'")
    }

    @Test func `a fence is longer than any within`() {
        let markdown = Self.report(text: "a: |\n  ```\n  ````\n").markdown
        #expect(markdown.contains("`````text\na: |\n"))
    }

    @Test func `a sweep without a trial has a report too`() {
        let empty = RankDocument(sweep: "digits", objective: Objective(), rows: [])
        let markdown = Self.report(text: "", rank: empty).markdown
        #expect(!markdown.contains("## Ranking") && markdown.contains("submitted by a program"))
    }
}
