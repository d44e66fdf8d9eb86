import SweepCore
import Testing

@Suite struct MetricTests {
    private func schema(classes: [String]) -> DataSchema {
        DataSchema(
            features: ["a"],
            task: .classification(classes: classes, trainingCounts: classes.map { _ in 9 }),
            trainingRows: 9 * classes.count,
            validationRows: 9,
            testRows: 0
        )
    }

    private func schema(classes count: Int) -> DataSchema { schema(classes: (0..<count).map { "\($0)" }) }

    private let numbers = DataSchema(
        features: ["a"],
        task: .regression(mean: 0, variance: 1),
        trainingRows: 9,
        validationRows: 9,
        testRows: 0
    )

    private func names(_ schema: DataSchema) -> [String] { Metric.reported(for: schema).map(\.rawValue) }

    private static let ending = [
        "training.penalty", "learning_rate", "gradient.norm", "weight.norm", "update.ratio", "clip.share",
    ]

    @Test func `classes report losses, scores, a recall each, and what every run tells of itself`() {
        #expect(
            names(schema(classes: ["no", "yes"])) == [
                "training.loss", "probe.loss", "validation.loss", "validation.accuracy",
                "validation.balanced_accuracy", "validation.f1", "validation.auc", "validation.recall.no",
                "validation.recall.yes",
            ] + Self.ending
        )
        #expect(!names(schema(classes: 5)).contains("validation.top5_accuracy"))
        #expect(names(schema(classes: 6))[7...8] == ["validation.top5_accuracy", "validation.recall.0"])
    }

    @Test func `a sweep that asks for another number of largest outputs has it reported too, where classes suffice`() {
        func tops(_ also: [Metric], classes: Int) -> [Int] {
            Metric.reported(for: schema(classes: classes), also: also).compactMap(\.top)
        }
        #expect(tops([.validationTopAccuracy(3), .validationLoss], classes: 4) == [3])
        #expect(tops([.validationTopAccuracy(3)], classes: 3) == [])
        #expect(tops([.validationTopAccuracy(7)], classes: 8) == [5, 7])
        #expect(tops([.validationTopAccuracy(5)], classes: 8) == [5])
        #expect(Metric.reported(for: numbers, also: [.validationTopAccuracy(3)]) == Metric.reported(for: numbers))
    }

    @Test func `the name of a top accuracy is written in one way`() {
        for top in [2, 3, 5, 10, Metric.greatestTop] {
            let metric = Metric.validationTopAccuracy(top)
            #expect(metric.rawValue == "validation.top\(top)_accuracy")
            #expect(Metric(measured: metric.rawValue) == metric && metric.direction == .maximize)
        }
        for wrong in ["0", "1", "-3", "+3", "03", "3.0", "", "10000", "K"] {
            #expect(Metric(measured: "validation.top\(wrong)_accuracy") == nil, "\(wrong)")
        }
    }

    @Test func `numbers report losses, R², the absolute error, and what every run tells of itself`() {
        #expect(
            names(numbers)
                == ["training.loss", "probe.loss", "validation.loss", "validation.r2", "validation.mae"] + Self.ending
        )
    }

    @Test func `test rows are measured where there are some, and nothing may be chosen by them`() {
        for task in [schema(classes: 2).task, numbers.task] {
            func reported(testRows: Int) -> [Metric] {
                Metric.reported(
                    for: DataSchema(
                        features: ["a"],
                        task: task,
                        trainingRows: 9,
                        validationRows: 9,
                        testRows: testRows
                    )
                )
            }
            let (without, with) = (reported(testRows: 0), reported(testRows: 1))
            #expect(!without.contains { $0.isOfTestRows })
            #expect(with.filter { !$0.isOfTestRows } == without)
            for metric in with where metric.isOfTestRows {
                let twin = Metric(measured: "validation." + metric.rawValue.dropFirst("test.".count))
                #expect(without.contains { $0 == twin } && twin?.direction == metric.direction, "\(metric.rawValue)")
            }
            #expect(with.count { $0.isOfTestRows } == (task.kind == .classification ? 5 : 3))
        }
        for metric in Metric.ofTestRows {
            #expect(Metric(measured: metric.rawValue) == metric)
            let problems = SpecProblems()
            let node = SpecNode.map([SpecEntry("minimize", .text(metric.rawValue))])
            #expect(Objective.read(SpecReader(node, problems: problems)) == nil)
            #expect(problems.all.map(\.message) == ["test rows tell what was chosen, nothing may be chosen by them"])
            #expect(problems.all.first?.allowed?.contains("test.") == false)
        }
    }

    @Test func `recalls are reported for at most twenty classes, and for labels that fit a name`() {
        func recalls(_ schema: DataSchema) -> Int { names(schema).count { $0.hasPrefix("validation.recall.") } }
        #expect(recalls(schema(classes: 20)) == 20)
        #expect(recalls(schema(classes: 21)) == 0)
        let long = String(repeating: "ä", count: 64)
        #expect(recalls(schema(classes: [long, long + "a", "", "b"])) == 2)
    }

    @Test func `every metric is found by its name, and no other name is one that is measured here`() {
        for metric in Metric.fixed + [.validationRecall("a.b c"), .validationRecall("validation.loss")] {
            #expect(Metric(rawValue: metric.rawValue) == metric)
            #expect(Metric(measured: metric.rawValue) == metric)
        }
        #expect(Set(Metric.fixed.map(\.rawValue)).count == Metric.fixed.count)
        for name in [
            "", "validation", "validation.luck", "validation.recall", "validation.recall.", "Validation.Loss",
            "validation.recall." + String(repeating: "a", count: Metric.recallLabelBytes + 1),
        ] {
            #expect(Metric(measured: name) == nil, "\(name)")
        }
    }

    @Test func `a program's metric is a score by the last word of its name, else a cost`() {
        for name in ["accuracy", "val/acc", "macro_F1", "valid.auc", "top-score"] {
            #expect(Metric.custom(name).usualDirection == .maximize, "\(name)")
        }
        for name in ["loss", "accuracy_loss", "scores", "perplexity", "accurate"] {
            #expect(Metric.custom(name).usualDirection == .minimize, "\(name)")
        }
        #expect(Metric.validationR2.usualDirection == .maximize && Metric.validationLoss.usualDirection == .minimize)
    }

    @Test func `a program may call a metric by any word that documents have room for`() {
        for name in ["loss", "val/acc", "_f1", "bleu-4", "validation.luck", "Validation.Loss"] {
            #expect(Metric(rawValue: name) == .custom(name) && Metric.custom(name).rawValue == name)
            #expect(Metric.custom(name).direction == nil)
        }
        let wrong = [
            "", "1st", "my loss", "loss,", "ä", "validation.recall.", String(repeating: "a", count: 129),
        ]
        for name in wrong + Metric.reservedNames { #expect(Metric(rawValue: name) == nil, "\(name)") }
    }

    @Test func `what a program calls a loss must be finite, another word of its own need not`() {
        for (name, ends) in [
            ("loss", true), ("eval/Loss", true), ("log_loss", true), ("accuracy", false), ("lossy", false),
        ] {
            let curve = LearningCurve(metrics: [.custom(name)])
            #expect(curve.hasNonFinite([Observation(epoch: 1, values: [.nan], seconds: 0)]) == ends, "\(name)")
        }
    }

    @Test func `what is reported are fixed metrics and recalls, each once`() {
        for schema in [schema(classes: 2), schema(classes: 20), schema(classes: 300), numbers] {
            let reported = Metric.reported(for: schema)
            #expect(Set(reported).count == reported.count)
            for metric in reported {
                if case .validationRecall = metric { continue }
                #expect(Metric.fixed.contains(metric))
            }
        }
        #expect(
            Set(Metric.fixed).isSubset(of: Metric.reported(for: schema(classes: 6)) + Metric.reported(for: numbers))
        )
    }

    @Test func `an objective takes every metric in its better direction, and those without one in both`() {
        func problem(_ direction: Objective.Direction, _ metric: Metric) -> String? {
            let problems = SpecProblems()
            let node = SpecNode.map([SpecEntry(direction.rawValue, .text(metric.rawValue))])
            let objective = Objective.read(SpecReader(node, problems: problems))
            #expect(objective.map(\.metric) == (problems.all.isEmpty ? metric : nil))
            return problems.all.first.map { "\($0.message), allowed \($0.allowed ?? "")" }
        }
        for metric in Metric.fixed + [.validationRecall("x")] {
            for direction in Objective.Direction.allCases {
                let fits = metric.direction == nil || metric.direction == direction
                #expect((problem(direction, metric) == nil) == fits, "\(direction) \(metric.rawValue)")
            }
        }
        #expect(
            problem(.minimize, .validationAUC)
                == "this metric is better when it is greater, allowed maximize: validation.auc"
        )
        #expect(Metric.learningRate.direction == nil && Metric.validationMAE.direction == .minimize)
    }

    @Test func `a word that is no metric is told with the one that is meant`() throws {
        let problems = SpecProblems()
        let node = SpecNode.map([SpecEntry("maximize", .text("validation.fi"))])
        #expect(Objective.read(SpecReader(node, problems: problems)) == nil)
        let allowed = try #require(problems.all.first?.allowed)
        #expect(allowed.hasSuffix("validation.recall.LABEL (did you mean validation.f1?)"))
    }

    @Test func `other tools' names for a metric are told ours`() throws {
        func allowed(_ name: String) throws -> String {
            let problems = SpecProblems()
            let node = SpecNode.map([SpecEntry("minimize", .text(name))])
            #expect(Objective.read(SpecReader(node, problems: problems)) == nil)
            return try #require(problems.all.first?.allowed)
        }
        for (name, ours) in [
            ("val_loss", "validation.loss"), ("val/acc", "validation.accuracy"), ("accuracy", "validation.accuracy"),
            ("loss", "validation.loss"), ("train_loss", "training.loss"), ("eval.roc_auc", "validation.auc"),
        ] {
            #expect(try allowed(name).hasSuffix(" (did you mean \(ours)?)"), "\(name)")
        }
        #expect(try allowed("perplexity").hasSuffix("validation.recall.LABEL"))
    }

    @Test func `a note is cut to its limit between characters`() {
        let long = TrialNote(epoch: 1, text: String(repeating: "a", count: 199) + "ä")
        #expect(long.text.utf8.count == 199)
        let fits = TrialNote(epoch: 1, text: String(repeating: "ä", count: 100))
        #expect(fits.text.utf8.count == TrialNote.textBytes)
    }
}
