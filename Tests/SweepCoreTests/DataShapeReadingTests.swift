import SweepCore
import Testing

/// The keys of `data` that part, make and change rows.
@Suite struct DataShapeReadingTests {
    private func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }

    /// Reads `data` with these keys beside a source; what was read and what is wrong.
    private func read(_ entries: (String, SpecNode)...) -> (data: DataSpec?, problems: [String]) {
        let problems = SpecProblems()
        var all = entries.map { SpecEntry($0.0, $0.1) }
        if !all.contains(where: { $0.key == "source" }) { all.insert(SpecEntry("source", .text("t.csv")), at: 0) }
        let data = DataSpec.read(SpecReader(.map(all), problems: problems, allowsDomains: true))
        return (data, problems.all.map { "\($0.path): \($0.message)" })
    }

    private func generate(_ kind: String, _ settings: (String, SpecNode)...) -> (DataSpec?, [String]) {
        let node = SpecNode.map(settings.map { SpecEntry($0.0, $0.1) })
        let result = read(("source", map(("generate", map((kind, node))))))
        return (result.data, result.problems)
    }

    @Test func `splits are read`() {
        let folds = map(("fold", .integer(2)), ("of", .integer(5)), ("stratify", .boolean(false)))
        #expect(read(("validation", folds)).data?.validation == .fold(2, of: 5, isStratified: false))
        let all = map(("folds", .integer(5)))
        #expect(read(("validation", all)).data?.validation == .folds(5))
        #expect(read(("validation", all), ("group", .text("g"))).data?.folds == 5)
        let plain = map(("folds", .integer(2)), ("stratify", .boolean(false)))
        #expect(read(("validation", plain)).data?.onFold(2).validation == .fold(2, of: 2, isStratified: false))
        #expect(read(("validation", folds)).data?.folds == nil)
        let share = map(("share", .real(0.25)), ("stratify", .boolean(false)))
        #expect(read(("validation", share)).data?.validation == .fraction(0.25, isStratified: false))
        #expect(read(("validation", .real(0.25))).data?.validation == .fraction(0.25))
        #expect(read(("group", .text("patient"))).data?.rowRule == .group(.name("patient")))
        #expect(read(("time", .integer(3))).data?.rowRule == .time(.index(3)))
    }

    @Test func `splits that cannot be are told`() {
        let fold = map(("fold", .integer(1)), ("of", .integer(5)))
        #expect(read(("validation", map(("fold", .integer(6)), ("of", .integer(5))))).problems.count == 1)
        #expect(read(("validation", map(("fold", .integer(1))))).problems == ["validation.of: missing"])
        #expect(read(("test", fold)).problems == ["test: folds are for validation"])
        #expect(
            read(("validation", fold), ("time", .text("day"))).problems
                == ["validation: a fold has rows earlier than training rows, which data.time rules out"]
        )
        #expect(read(("validation", fold), ("group", .text("g"))).problems == [])
        let folds = map(("folds", .integer(5)))
        #expect(read(("validation", folds)).problems == [])
        #expect(read(("validation", map(("folds", .integer(1))))).problems.count == 1)
        #expect(read(("validation", map(("folds", .integer(101))))).problems.count == 1)
        #expect(read(("validation", map(("folds", .integer(100))))).problems == [])
        #expect(read(("test", folds)).problems == ["test: folds are for validation"])
        #expect(
            read(("validation", folds), ("time", .text("day"))).problems
                == ["validation: a fold has rows earlier than training rows, which data.time rules out"]
        )
        #expect(
            read(("validation", map(("folds", .integer(5)), ("of", .integer(5))))).problems
                == ["validation.of: only a fold is one of several"]
        )
        #expect(
            read(("validation", map(("folds", .integer(5)), ("fold", .integer(1)), ("of", .integer(5))))).problems
                == ["validation: both fold and folds"]
        )
        #expect(read(("group", .text("g")), ("time", .text("t"))).problems == ["time: both group and time"])
        let stratified = map(("share", .real(0.2)), ("stratify", .boolean(true)))
        #expect(
            read(("validation", stratified), ("group", .text("g"))).problems
                == ["validation: rows of data.group and data.time are not parted by class"]
        )
        #expect(
            read(("validation", map(("last", .integer(3)), ("stratify", .boolean(true))))).problems
                == ["validation.stratify: only shares and folds are drawn"]
        )
        #expect(
            read(("validation", map(("last", .integer(3)), ("share", .real(0.1))))).problems
                == ["validation: both share and last"]
        )
    }

    @Test func `preprocessing steps are read`() {
        let steps: [SpecNode] = [
            .text("robust"), map(("winsorize", map(("quantile", .real(0.05))))), .text("winsorize"),
            map(("winsorize", map(("mads", .integer(4))))), .text("power"), .text("log1p"), .text("normalize"),
            map(("normalize", map(("mean", .list([.real(0.5)])), ("std", .list([.real(0.25)]))))),
        ]
        #expect(
            read(("preprocess", .list(steps))).data?.preprocess == [
                .robust, .winsorize(.quantile(0.05)), .winsorize(.quantile(0.01)), .winsorize(.deviations(4)), .power,
                .log1p, .normalize(nil), .normalize(ChannelMoments(means: [0.5], deviations: [0.25])),
            ]
        )
        let both = map(("winsorize", map(("quantile", .real(0.05)), ("mads", .integer(4)))))
        #expect(read(("preprocess", .list([both]))).problems.count == 1)
        let lengths = map(
            ("normalize", map(("mean", .list([.real(0.5), .real(0.5)])), ("std", .list([.real(0.25)]))))
        )
        #expect(
            read(("preprocess", .list([lengths]))).problems
                == ["preprocess[0].normalize: mean and std differ in length"]
        )
    }

    @Test func `augmentation steps are read`() {
        let steps: [SpecNode] = [
            .text("flip_horizontal"), map(("flip_vertical", map(("probability", .real(0.25))))),
            map(("shift", map(("height", .real(0.2)), ("fill", .text("edge"))))),
            map(("rotate", map(("degrees", .integer(20))))), map(("pad_crop", map(("pixels", .integer(4))))),
            map(("crop", map(("height", .integer(24)), ("width", .integer(20))))),
            map(("brightness", map(("amount", .real(0.1))))), map(("contrast", map(("amount", .real(0.2))))),
            map(("noise", map(("std", .real(0.3))))), map(("cutout", map(("size", .integer(8))))),
            map(("mixup", map(("alpha", .real(0.4))))),
        ]
        #expect(
            read(("augment", .list(steps))).data?.augment == [
                .flipHorizontal(probability: 0.5), .flipVertical(probability: 0.25),
                .shift(height: 0.2, width: 0, fill: .edge), .rotate(degrees: 20, fill: .zero), .padCrop(pixels: 4),
                .crop(height: 24, width: 20), .brightness(amount: 0.1), .contrast(amount: 0.2), .noise(deviation: 0.3),
                .cutout(size: 8), .mixup(alpha: 0.4),
            ]
        )
        #expect(read(("augment", .list([.text("shift")]))).problems == ["augment[0].shift: moves nothing"])
        #expect(read(("augment", .list([steps[10], steps[10]]))).problems == ["augment[1]: a second mixup"])
        let hidden = SpecNode.domain(.choice([ChoiceOption(.text("flip_horizontal")), ChoiceOption(steps[10])]))
        #expect(read(("augment", .list([steps[10], hidden]))).problems == ["augment[1]: a second mixup"])
        #expect(read(("augment", .list([.text("zoom")]))).problems == ["augment[0]: not available in this version"])
    }

    @Test func `augmentation and target scale may be ranges, and become parameters`() throws {
        let angle = SpecNode.domain(.uniform(low: 1, high: 30, step: nil, points: nil))
        let scale = SpecNode.domain(.choice([ChoiceOption(.text("none")), ChoiceOption(.text("standardize"))]))
        let source = map(
            ("name", .text("s")),
            (
                "data",
                map(
                    ("source", .text("d.csv")),
                    ("target_scale", scale),
                    ("augment", .list([map(("rotate", map(("degrees", angle))))]))
                )
            ),
            (
                "train",
                map(
                    ("model", .text("linear")),
                    ("optimizer", map(("sgd", map(("learning_rate", .real(0.1)))))),
                    ("epochs", .integer(3))
                )
            ),
            ("search", map(("trials", .integer(2))))
        )
        let problems = SpecProblems()
        let sweep = try #require(Sweep.read(source, problems: problems), "\(problems.all)")
        #expect(sweep.space.parameters.map(\.path) == ["data.target_scale", "data.augment.0.rotate.degrees"])
        let configuration = sweep.space.configuration { $0.domain.extremes.last ?? .none }
        let resolved = try #require(sweep.space.resolve(configuration))
        let trial = try #require(TrialSpec.read(resolved, problems: problems))
        #expect(trial.targetScale == .standardize)
        #expect(trial.training.augment == [.rotate(degrees: 30, fill: .zero)])
    }

    @Test func `what the schema rules out is told, and what it allows is not`() {
        func schema(_ image: ImageShape?, _ task: DataTask) -> DataSchema {
            DataSchema(features: ["a"], image: image, task: task, trainingRows: 100, validationRows: 10, testRows: 0)
        }
        let classes = DataTask.classification(classes: ["a", "b"], trainingCounts: [50, 50])
        let table = schema(nil, classes)
        let images = schema(ImageShape(height: 28, width: 20, channels: 3), classes)
        func steps(_ steps: [AugmentStep], _ schema: DataSchema) -> [String] {
            AugmentStep.problems(of: steps, on: schema, at: SpecPath([.key("augment")])).map {
                "\($0.path): \($0.message)"
            }
        }
        #expect(
            steps([.noise(deviation: 1), .flipVertical(probability: 0.5), .mixup(alpha: 1)], table)
                == ["augment[1]: flip_vertical needs images, but the rows are a table"]
        )
        #expect(
            steps([.crop(height: 29, width: 21), .cutout(size: 21), .padCrop(pixels: 20)], images) == [
                "augment[0].crop.height: the window is higher than the image (images are 28 × 20)",
                "augment[0].crop.width: the window is wider than the image (images are 28 × 20)",
                "augment[1].cutout.size: the square is larger than the image (images are 28 × 20)",
                "augment[2].pad_crop.pixels: the image may be cut away whole (images are 28 × 20)",
            ]
        )
        #expect(steps([.crop(height: 28, width: 20), .cutout(size: 20), .padCrop(pixels: 19)], images) == [])
        func normalizing(_ given: ChannelMoments?, _ schema: DataSchema) -> [String] {
            PreprocessStep.problems(of: [.normalize(given)], on: schema, at: SpecPath([.key("preprocess")])).map(
                \.message
            )
        }
        #expect(normalizing(nil, table) == ["normalize needs images, but the rows are a table"])
        #expect(
            normalizing(ChannelMoments(means: [0], deviations: [1]), images)
                == ["not as many numbers as the images have channels"]
        )
        #expect(normalizing(ChannelMoments(means: [0, 0, 0], deviations: [1, 1, 1]), images) == [])
        func scaling(_ task: DataTask) -> [String] {
            let training = TrainingSpec(
                model: ModelSpec(widths: []),
                optimizer: .sgd(learningRate: 0.1, momentum: 0),
                batchSize: 8,
                epochs: 1
            )
            return TrialSpec(preprocess: [], targetScale: .minmax, training: training)
                .problems(on: schema(nil, task)).map { "\($0.path): \($0.message)" }
        }
        #expect(scaling(classes) == ["data.target_scale: classes have no scale"])
        #expect(scaling(.regression(mean: 0, variance: 1)) == [])
    }

    @Test func `generators are read`() {
        #expect(
            generate(
                "blobs",
                ("rows", .integer(100)),
                ("classes", .integer(2)),
                ("weights", .list([.integer(9), .integer(1)]))
            )
            .0?.source
                == .generated(
                    GeneratorSpec(.blobs(classes: 2, features: 2, deviation: 1), rows: 100, weights: [9, 1])
                )
        )
        let line = generate(
            "linear",
            ("rows", .integer(20)),
            ("coefficients", .list([.integer(2)])),
            ("intercept", .integer(1)),
            ("range", .list([.integer(0), .integer(10)]))
        )
        #expect(
            line.0?.source
                == .generated(
                    GeneratorSpec(
                        .linear(coefficients: [2], features: 1, intercept: 1, noise: 1, low: 0, high: 10),
                        rows: 20
                    )
                )
        )
        let outlier = map(("count", .integer(1)), ("value", .integer(100)))
        #expect(
            generate("noise", ("rows", .integer(100)), ("outliers", outlier)).0?.source
                == .generated(
                    GeneratorSpec(
                        .noise(features: 10, classes: 0),
                        rows: 100,
                        outliers: .init(count: 1, value: 100)
                    )
                )
        )
        for kind in ["circles", "moons", "spirals", "friedman1", "friedman2", "friedman3", "glyphs"] {
            #expect(generate(kind, ("rows", .integer(50))).1 == [], "\(kind)")
            #expect(generate(kind).1 == ["source.generate.\(kind).rows: missing"])
        }
    }

    @Test func `generators that make no sense are told`() {
        #expect(
            generate("friedman1", ("rows", .integer(9)), ("weights", .list([.integer(1)])), ("label_noise", .real(0.1)))
                .1
                == [
                    "source.generate.friedman1.weights: the target of friedman1 is a number, so there are no classes",
                    "source.generate.friedman1.label_noise: the target of friedman1 is a number, so there are no labels",
                ]
        )
        #expect(
            generate("moons", ("rows", .integer(9)), ("weights", .list([.integer(1)]))).1
                == ["source.generate.moons.weights: not as many weights as classes"]
        )
        #expect(generate("glyphs", ("rows", .integer(19))).1 == ["source.generate.glyphs.rows: too few rows"])
        #expect(
            generate("glyphs", ("rows", .integer(10_000_000))).1
                == ["source.generate.glyphs.rows: too many numbers in all"]
        )
        #expect(
            generate("linear", ("rows", .integer(9)), ("coefficients", .list([.integer(1)])), ("features", .integer(2)))
                .1
                == ["source.generate.linear.coefficients: not as many coefficients as features"]
        )
        #expect(
            generate("linear", ("rows", .integer(9)), ("range", .list([.integer(1), .integer(1)]))).1
                == ["source.generate.linear.range: not a range"]
        )
        let outliers = map(("count", .integer(9)), ("value", .integer(100)))
        #expect(
            generate("noise", ("rows", .integer(9)), ("outliers", outliers)).1
                == ["source.generate.noise.outliers: as many outliers as rows"]
        )
        #expect(generate("moons", ("rows", .integer(9)), ("classes", .integer(3))).1.count == 1)
        #expect(generate("swirls", ("rows", .integer(9))).1.count == 1)
    }

    @Test func `sampling is read, and counts rows`() {
        func sampling(_ node: SpecNode) -> Sampling? { Sampling.read(SpecReader(node, problems: SpecProblems())) }
        #expect(sampling(.text("none")) == Sampling.none)
        #expect(sampling(.text("oversample")) == .oversample(ratio: 1))
        #expect(sampling(map(("oversample", map(("ratio", .real(0.5)))))) == .oversample(ratio: 0.5))
        #expect(sampling(map(("undersample", map(("ratio", .integer(0)))))) == nil)
        #expect(Sampling.none.epochCounts([90, 10, 0]) == [90, 10, 0])
        #expect(Sampling.oversample().epochCounts([90, 10, 0]) == [90, 90, 0])
        #expect(Sampling.oversample(ratio: 0.5).epochCounts([90, 10, 60]) == [90, 45, 60])
        #expect(Sampling.undersample().epochCounts([90, 10, 0]) == [10, 10, 0])
        #expect(Sampling.undersample(ratio: 0.5).epochCounts([90, 10, 15]) == [20, 10, 15])
    }

    @Test func `balanced weights give each class the same sum and rows the mean 1`() {
        let counts = [90, 10, 0, 50]
        let weights = ClassWeights.balanced(counts)
        let expected: [Double] = [150.0 / 270, 5, 0, 1]
        #expect(weights == expected)
        let sum: Double = zip(counts, weights).reduce(0) { sum, pair in sum + Double(pair.0) * pair.1 }
        #expect(abs(sum - 150) < 1e-12)
    }
}
