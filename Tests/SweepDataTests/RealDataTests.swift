import SweepCore
import SweepData
import Testing

@Suite struct `Real data` {
    private func spec(_ file: String, task: TaskKind? = nil, test: SplitPart = .none) -> DataSpec {
        DataSpec(source: .table(file), task: task, test: test)
    }

    @Test func `the digits beside the example sweeps are whole`() throws {
        let data = try DataSet.load(
            DataSpec(
                source: .table("digits.csv.gz"),
                target: .name("label"),
                validation: .fraction(0.2),
                test: .fraction(0.1),
                preprocess: [.standardize]
            ),
            relativeTo: Place.root + "/sweeps/data"
        ).get()
        #expect(data.rowCount == 1797 && data.featureCount == 64)
        #expect(classes(data) == (0...9).map { String($0) })
        #expect(data.schema.features.first == "pixel_0_0" && data.schema.features.last == "pixel_7_7")
        #expect(data.features.allSatisfy { $0 >= 0 && $0 <= 16 && $0 == $0.rounded() })
        // scikit-learn's counts of the digits 0 to 9, and 0.2 and 0.1 of 1,797 rows.
        guard case .classes(let indices) = data.targets else { return }
        var counts = [Int](repeating: 0, count: 10)
        for index in indices { counts[Int(index)] += 1 }
        #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
        #expect(data.schema.trainingRows == 1258 && data.schema.validationRows == 359 && data.schema.testRows == 180)
        // A byte a pixel.
        let packed = data.packed()
        #expect(packed.count < 1797 * (64 + 4 + 4) + 1200)
        #expect(try DataSet(packed: packed).features == data.features)
        let prepared = try PreparedData(data, steps: [.standardize])
        #expect(prepared.rowStride == 64)
        // The corner pixel is never inked.
        #expect((0..<1797).allSatisfy { prepared.row($0)[0] == 0 })
    }

    @Test func `the digits have the same name on every machine`() throws {
        let data = try DataSet.load(
            DataSpec(source: .table("digits.csv.gz"), target: .name("label")),
            relativeTo: Place.root + "/sweeps/data"
        ).get()
        // Changes with the file, the rule of the split or the packed form; then every stored sweep's data has a new name.
        #expect(
            DataSet.id(ofPacked: data.packed()).hash.hex
                == "1aa838c020c178d3690790750cc284a6db02a2ecddfa9a11ca94ee6517e933e7"
        )
    }

    @Test(.enabled(if: Place.hasShared, "needs ../shared/data beside the package"))
    func `tables without a header are read`() throws {
        let phoneme = try DataSet.load(spec("phoneme.csv"), relativeTo: Place.shared).get()
        #expect(phoneme.rowCount == 5404)
        #expect(phoneme.featureCount == 5 && classes(phoneme) == ["0", "1"])
        let sonar = try DataSet.load(spec("sonar.csv", test: .fraction(0.2)), relativeTo: Place.shared).get()
        #expect(sonar.rowCount == 208 && sonar.featureCount == 60 && classes(sonar) == ["M", "R"])
        let wine = try DataSet.load(spec("winequality-white.csv"), relativeTo: Place.shared).get()
        #expect(wine.rowCount == 4898 && wine.featureCount == 11)
        #expect(classes(wine) == ["3", "4", "5", "6", "7", "8", "9"])
        let quality = try DataSet.load(spec("winequality-white.csv", task: .regression), relativeTo: Place.shared).get()
        guard case .regression(let mean, let variance) = quality.schema.task else {
            Issue.record("wine quality was not read as a number")
            return
        }
        // 5.878 and 0.784 over all rows; 3,918 training rows leave a standard error of 0.014 and about 0.02.
        #expect(abs(mean - 5.878) < 0.07 && abs(variance - 0.784) < 0.1)
    }

    @Test(.enabled(if: Place.hasShared, "needs ../shared/data beside the package"))
    func `census data tells its text columns and missing values`() {
        let found = lines(DataSet.load(spec("adult-train.csv"), relativeTo: Place.shared))
        #expect(found.count == 9)
        #expect(
            found[0]
                == "adult-train.csv:1:5: column 'column_1' holds text (text columns: 'column_1', 'column_3', 'column_5', "
                + "'column_6', 'column_7', 'column_8', 'column_9', 'column_13'); found 'State-gov', 'Self-emp-not-inc', "
                + "'Private', 'Federal-gov'; allowed: numbers; remove the column or write its categories as 0/1 columns"
        )
        // UCI's counts of unknown values: work class 1,836, occupation 1,843, country 583.
        #expect(
            found.last?.contains(
                "4262 feature values are missing; found in columns 'column_1' 1836, 'column_6' 1843, 'column_13' 583"
            ) == true
        )
    }

    @Test(.enabled(if: Place.hasShared, "needs ../shared/data beside the package"))
    func `MNIST's 10,000 test images are read, packed and prepared`() throws {
        let data = try DataSet.load(
            DataSpec(
                source: .images("mnist10k-images-idx3-ubyte.gz", labels: "mnist10k-labels-idx1-ubyte.gz"),
                validation: .last(2000),
                preprocess: [.scale(1.0 / 255)]
            ),
            relativeTo: Place.shared
        ).get()
        #expect(data.rowCount == 10_000 && data.schema.image == ImageShape(height: 28, width: 28))
        #expect(classes(data) == (0...9).map { String($0) })
        #expect(data.split.training.count == 8000 && data.split.validation.first == 8000)
        guard case .classes(let indices) = data.targets else { return }
        #expect(indices.prefix(10) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
        let packed = data.packed()
        #expect(packed.count < 10_000 * (784 + 8) + 16_000)
        let unpacked = try DataSet(packed: packed)
        #expect(unpacked.features == data.features && unpacked.schema == data.schema)
        let prepared = try PreparedData(unpacked, steps: [.scale(1.0 / 255)])
        #expect(prepared.rowStride == 784)
        #expect(prepared.row(0).max() == 1)
    }
}
