import SweepCore
import SweepData
import SweepNumerics
import Testing

/// Steps that outliers do not govern, and targets' scales.
@Suite struct `Robust steps and target scales` {
    /// One feature; the last `held` rows are for validation.
    private func table(_ values: [Double], held: Int = 1) throws -> DataSet {
        let text = values.enumerated().map { "\($1),1,\($0 % 2)\n" }.joined()
        return try load(text, validation: .last(held)).get()
    }

    private func column(_ data: PreparedData, _ column: Int = 0) -> [Double] {
        (0..<data.rowCount).map { Double(data.row($0)[column]) }
    }

    @Test func `robust takes the median and the quartiles of training rows`() throws {
        let data = try PreparedData(table([1, 2, 3, 4, 1000, -7]), steps: [.robust])
        // Median 3, quartiles 2 and 4; the constant column keeps the divisor 1.
        #expect(column(data) == [-1, -0.5, 0, 0.5, 498.5, -5])
        #expect(column(data, 1).allSatisfy { $0 == 0 })
    }

    @Test func `winsorize by quantiles clips training and other rows alike`() throws {
        let data = try PreparedData(
            table((0...100).map { Double($0) } + [500, -500], held: 2),
            steps: [.winsorize(.quantile(0.05))]
        )
        #expect(column(data)[0] == 5 && column(data)[100] == 95 && column(data)[50] == 50)
        #expect(column(data)[101] == 95 && column(data)[102] == 5)
    }

    // covers: C6 R7 T4
    @Test func `winsorize by deviations reaches an outlier that standardizing hides`() throws {
        let values = (0..<99).map { Double($0 % 10) } + [1000, 3]
        let data = try PreparedData(table(values), steps: [.winsorize(.deviations(3))])
        // Median 4 (of 100 values 4 and 5 in the middle: 4.5), median absolute deviation 2.5.
        #expect(column(data)[99] == Double(Float(4.5 + 3 * 1.4826 * 2.5)))
        #expect(column(data)[..<99].elementsEqual(values[..<99]))
        let flat = try PreparedData(table([1, 1, 1, 1, 9, 2]), steps: [.winsorize(.deviations(3))])
        #expect(column(flat) == [1, 1, 1, 1, 9, 2])
    }

    @Test func `power finds the exponents that scikit-learn's documentation shows`() throws {
        // PowerTransformer().fit([[1, 2], [3, 2], [4, 5]]): lambdas 1.386 and −3.100, rows as below.
        let data = try PreparedData(load("1,2,0\n3,2,1\n4,5,0\n").get(), steps: [.power])
        guard case .power(let exponents)? = data.steps.first else {
            Issue.record("no power")
            return
        }
        #expect(abs(exponents[0] - 1.386) < 1e-3 && abs(exponents[1] + 3.1) < 1e-3)
        let expected = [[-1.316, -0.707], [0.209, -0.707], [1.106, 1.414]]
        for row in 0..<3 {
            for column in 0..<2 { #expect(abs(Double(data.row(row)[column]) - expected[row][column]) < 1e-3) }
        }
        #expect(data.steps.count == 2)
    }

    @Test func `power leaves a constant column alone and takes any sign`() throws {
        let data = try PreparedData(table([-5, -1, 0, 2, 40, 3]), steps: [.power])
        #expect(column(data, 1).allSatisfy { $0 == 0 })
        let values = column(data)
        #expect(values[0] < values[1] && values[1] < values[2] && values[2] < values[3] && values[5] < values[4])
        let moments = Moments(of: values[..<5])
        #expect(abs(moments.mean) < 1e-6 && abs(moments.populationVariance - 1) < 1e-5)
    }

    @Test func `power makes lognormal rows about normal`() throws {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        let values = (0..<2000).map { _ in Elementary.exp(stream.normal()) - 1 }
        let data = try PreparedData(table(values), steps: [.power])
        let cubes: Double = column(data).dropLast().reduce(0) { sum, value in sum + value * value * value }
        let third = cubes / 1999
        // The skewness was above 2; that of 2,000 normal rows has the standard error √(6/n).
        #expect(abs(third) < 5 * (6.0 / 2000).squareRoot() + 0.1, "seed \(seed)")
    }

    @Test func `log1p is odd`() throws {
        let data = try PreparedData(table([0, 1, -1, 99, -99, 5]), steps: [.log1p])
        let expected = [0, 1, -1, 99, -99, 5].map { $0 < 0 ? -Elementary.log(1 - $0) : Elementary.log(1 + $0) }
        #expect(column(data) == expected.map { Double(Float($0)) })
    }

    @Test func `robust steps refuse missing values and give new rows the same bits`() throws {
        let data = try load("1,5,0\n?,7,1\n3,9,0\n4,1,1\n", validation: .last(1), preprocess: [.impute]).get()
        for (step, name) in [
            (PreprocessStep.robust, "robust"), (.power, "power"), (.winsorize(.quantile(0.1)), "winsorize"),
        ] {
            #expect(throws: PreprocessingError.missing(feature: "column_0", count: 1, before: name)) {
                try PreparedData(data, steps: [step])
            }
        }
        let steps: [PreprocessStep] = [.impute, .winsorize(.quantile(0.1)), .log1p, .power, .robust]
        let prepared = try PreparedData(data, steps: steps)
        for row in 0..<data.rowCount {
            for column in 0..<data.featureCount {
                let raw = data.features[row * data.featureCount + column]
                let value = prepared.steps.reduce(raw) { $1.apply($0, column: column) }
                #expect(value.bitPattern == prepared.row(row)[column].bitPattern)
            }
        }
    }

    @Test func `nothing fitted sees other parts`() throws {
        let rows = (0..<40).map { "\($0 * $0),\(Double($0) - 7.5),\(Double($0) / 3)\n" }
        let changed = rows.enumerated().map { $0 < 30 ? $1 : "\(1e6 * Double($0)),-1e6,\(1e5 * Double($0) + 0.5)\n" }
        let steps: [PreprocessStep] = [
            .standardize, .minmax, .robust, .winsorize(.quantile(0.1)), .winsorize(.deviations(2)), .power,
        ]
        for step in steps {
            let fits = try [rows, changed].map { rows in
                try PreparedData(
                    load(rows.joined(), task: .regression, validation: .last(10)).get(),
                    steps: [step],
                    targetScale: .standardize
                )
            }
            #expect(fits[0].steps == fits[1].steps, "\(step)")
            #expect(fits[0].targetScale == fits[1].targetScale)
        }
    }

    // covers: R12
    @Test func `normalize works channel by channel`() throws {
        let kind = GeneratorKind.glyphs(classes: 2, jitter: 1, unevenIllumination: 0.5, noise: 0.1)
        let data = try DataSet.load(
            DataSpec(source: .generated(GeneratorSpec(kind, rows: 60)), validation: .fraction(0.2)),
            relativeTo: ""
        ).get()
        let prepared = try PreparedData(data, steps: [.normalize(nil)])
        let moments = Moments(of: data.split.training.flatMap { row in prepared.row(Int(row)).map { Double($0) } })
        #expect(abs(moments.mean) < 1e-5 && abs(moments.populationVariance - 1) < 1e-5)
        let given = try PreparedData(data, steps: [.normalize(ChannelMoments(means: [51], deviations: [255]))])
        #expect(given.row(3)[400] == Float((Double(data.features[3 * 784 + 400]) - 51) / 255))
        #expect(throws: PreprocessingError.channels(given: nil, found: nil)) {
            try PreparedData(table([1, 2, 3]), steps: [.normalize(nil)])
        }
        #expect(throws: PreprocessingError.channels(given: 3, found: 1)) {
            try PreparedData(
                data,
                steps: [.normalize(ChannelMoments(means: [0, 0, 0], deviations: [1, 1, 1]))]
            )
        }
    }

    // covers: R12
    @Test func `normalize takes each of several channels by itself, from training rows alone`() throws {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        let (height, width, channels, rows, training) = (3, 4, 5, 40, 30)
        let columns = height * width * channels
        // Of very different size and place, the last but one nearly constant beside its size, the last constant.
        let scales: [(Double, Double)] = [(0, 1), (130, 40), (-3e4, 7e3), (5e3, 0.25), (7, 0)]
        let features: [Float] = (0..<rows * columns).map { index in
            let (mean, deviation) = scales[index % channels]
            // Rows that are not for training would move every moment.
            let place = index / columns < training ? 0 : 10 * (deviation + 1)
            return Float(mean + place + deviation * stream.normal())
        }
        let data = DataSet(
            columns: (0..<columns).map { DataColumn(name: "pixel_\($0)") },
            image: ImageShape(height: height, width: width, channels: channels),
            targetName: "class",
            features: features,
            targets: .classes((0..<rows).map { Int32($0 % 2) }),
            classes: ["a", "b"],
            split: RowSplit(
                training: (0..<Int32(training)).map { $0 },
                validation: (Int32(training)..<Int32(rows)).map { $0 },
                test: []
            )
        )
        let prepared = try PreparedData(data, steps: [.normalize(nil)])
        for channel in 0..<channels {
            // Mean and deviation in two passes of float64.
            let values = stride(from: channel, to: training * columns, by: channels).map { Double(features[$0]) }
            let mean = values.reduce(0, +) / Double(values.count)
            let squares: Double = values.reduce(0) { sum, value in sum + (value - mean) * (value - mean) }
            let deviation = squares > 0 ? (squares / Double(values.count)).squareRoot() : 1
            for row in 0..<rows {
                for column in stride(from: channel, to: columns, by: channels) {
                    let expected = (Double(features[row * columns + column]) - mean) / deviation
                    let found = Double(prepared.row(row)[column])
                    // Rounded once to float32; sums of float64 about 5000 in units of a deviation of 1/4 are off by less
                    // than 1e-8.
                    #expect(
                        abs(found - expected) <= 0x1p-24 * max(abs(expected), 1) + 1e-8,
                        "seed \(seed), channel \(channel), row \(row): \(found) for \(expected)"
                    )
                }
            }
        }
        // As given: each channel by its own two numbers.
        let given = try PreparedData(
            data,
            steps: [.normalize(ChannelMoments(means: [1, 2, 3, 4, 5], deviations: [2, 4, 8, 16, 32]))]
        )
        for row in 0..<rows {
            for column in 0..<columns {
                let channel = column % channels
                let value = (Double(features[row * columns + column]) - Double(channel + 1)) / Double(2 << channel)
                #expect(given.row(row)[column] == Float(value))
            }
        }
    }

    // covers: C9 R7
    @Test func `targets are scaled by the training rows, and back`() throws {
        let text = "1,10\n2,20\n3,60\n4,1000\n"
        let data = try load(text, task: .regression, validation: .last(1)).get()
        let standard = try PreparedData(data, steps: [], targetScale: .standardize)
        let deviation = (1400.0 / 3).squareRoot()
        #expect(standard.targetScale == (30, deviation))
        #expect(standard.targets == .values([-20, -10, 30, 970].map { Float($0 / deviation) }))
        let least = try PreparedData(data, steps: [], targetScale: .minmax)
        #expect(least.targetScale == (10, 50))
        #expect(least.targets == .values([0, 0.2, 1, Float(19.8)]))
        let none = try PreparedData(data, steps: [])
        #expect(none.targetScale == (0, 1) && none.targets == data.targets)
        let classes = try load("x,y\n1,a\n2,b\n3,a\n4,b\n", task: .classification, validation: .last(1)).get()
        let labels = try PreparedData(classes, steps: [], targetScale: .standardize)
        #expect(labels.targetScale == (0, 1))
    }
}
