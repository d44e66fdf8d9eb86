import SweepCore
import SweepDiagnosis
import Testing

@Suite struct InterventionTests {
    private static let digits = DataSchema(
        features: (0..<64).map { "p\($0)" },
        task: .classification(classes: ["0", "1"], trainingCounts: [900, 100]),
        trainingRows: 1000,
        validationRows: 200,
        testRows: 0
    )
    private static let prices = DataSchema(
        features: ["a", "b"],
        task: .regression(mean: 2000, variance: 1e6),
        trainingRows: 100,
        validationRows: 20,
        testRows: 0
    )

    private func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }

    private func run(
        optimizer: SpecNode,
        model: SpecNode,
        more: [(String, SpecNode)] = [],
        data: SpecNode? = nil
    ) -> SpecNode {
        let training: [(String, SpecNode)] =
            [("model", model), ("optimizer", optimizer), ("batch_size", .integer(32)), ("epochs", .integer(20))] + more
        var entries = [SpecEntry("train", .map(training.map { SpecEntry($0.0, $0.1) }))]
        if let data { entries.insert(SpecEntry("data", data), at: 0) }
        return .map(entries)
    }

    private func names(_ template: SpecNode, _ schema: DataSchema) throws -> [String] {
        try #require(InterventionCatalogue(template: template, schema: schema)).all.map(\.name)
    }

    private var adam: SpecNode { map(("adam", map(("learning_rate", .real(0.1))))) }
    private var mlp: SpecNode { map(("mlp", map(("layers", .integer(2)), ("width", .integer(64))))) }

    @Test func aPlainRunOnATable() throws {
        let names = try names(run(optimizer: adam, model: mlp), Self.digits)
        #expect(
            names == [
                "learning rate / 10", "learning rate / 3", "learning rate × 10", "learning rate × 3", "decay to zero",
                "batch × 16", "batch / 8", "clip at norm 1", "features standardised", "outliers bounded", "warm-up",
                "leaky relu", "batch norm", "l2 0.001", "dropout 0.25", "width × 4", "width / 4",
                "rare classes oversampled", "sgd, rate 0.05, momentum 0.9",
            ]
        )
    }

    @Test func whatTheRunHasAlreadyIsNotTried() throws {
        let data = map(("preprocess", .list([.text("standardize")])), ("target_scale", .text("standardize")))
        let more: [(String, SpecNode)] = [
            ("learning_rate_schedule", .text("cosine")), ("clip", map(("norm", .integer(1)))), ("loss", .text("huber")),
            ("l2", .real(0.01)), ("warmup", map(("epochs", .integer(2)))), ("batch_size", .integer(100)),
        ]
        let run = run(optimizer: adam, model: .text("linear"), more: more.filter { $0.0 != "batch_size" }, data: data)
        let names = try names(run, Self.prices)
        #expect(names.contains("constant learning rate"))
        #expect(names.contains("the task's usual loss"))
        #expect(names.contains("no penalties, no dropout"))
        #expect(names.contains("outliers bounded"))
        for absent in [
            "decay to zero", "clip at norm 1", "features standardised", "target standardised", "huber loss", "warm-up",
            "l2 0.001", "width × 4", "relu", "rare classes oversampled",
        ] {
            #expect(!names.contains(absent), "\(absent)")
        }
    }

    @Test func everyInterventionIsARunThatCanBeTrained() throws {
        let sgd = map(("sgd", map(("learning_rate", .real(0.01)), ("momentum", .real(0.999)))))
        for (template, schema) in [
            (run(optimizer: adam, model: mlp), Self.digits), (run(optimizer: sgd, model: mlp), Self.prices),
            (run(optimizer: sgd, model: .text("linear")), Self.prices),
        ] {
            let catalogue = try #require(InterventionCatalogue(template: template, schema: schema))
            #expect(catalogue.all.count >= 9)
            for intervention in catalogue.all {
                let node = try #require(Arm(name: "x", changes: intervention.changes).applied(to: template))
                let problems = SpecProblems()
                let spec = TrialSpec.read(node, problems: problems)
                #expect(problems.all.isEmpty, "\(intervention.name): \(problems.all)")
                #expect(spec?.problems(on: schema).isEmpty == true, "\(intervention.name)")
                #expect(!intervention.causes.isEmpty)
            }
        }
    }

    @Test func aRateIsWrittenAsPeopleWriteIt() throws {
        let template = run(optimizer: map(("adam", map(("learning_rate", .real(0.0123))))), model: mlp)
        let all = try #require(InterventionCatalogue(template: template, schema: Self.digits)).all
        let tenth = try #require(all.first { $0.name == "learning rate / 10" })
        #expect(tenth.changes[0].value == .real(0.00123))
        #expect(tenth.changes[0].path == ["train", "optimizer", "adam", "learning_rate"])
        let third = try #require(all.first { $0.name == "learning rate / 3" })
        #expect(third.changes[0].value == .real(0.0041))
    }

    @Test func outliersAreBoundedAfterGapsAreFilledAndBeforeScales() throws {
        let data = map(("preprocess", .list([.text("impute"), .text("standardize")])))
        let template = run(optimizer: adam, model: mlp, data: data)
        let all = try #require(InterventionCatalogue(template: template, schema: Self.digits)).all
        let bounded = try #require(all.first { $0.name == "outliers bounded" })
        let mads = map(("winsorize", map(("mads", .real(5)))))
        #expect(bounded.changes[0].value == .list([.text("impute"), mads, .text("standardize")]))
    }

    @Test func twoTogether() throws {
        let all = try #require(
            InterventionCatalogue(template: run(optimizer: adam, model: mlp), schema: Self.digits)
        ).all
        let joint = all[0].joined(with: try #require(all.first { $0.name == "batch × 16" }))
        #expect(joint.name == "learning rate / 10 + batch × 16")
        #expect(joint.causes == [.rateTooHigh, .smallBatch])
        #expect(joint.changes.count == 2)
    }
}
