import SweepCore
import SweepData
import Testing

@Suite struct `Columns of categories and dates` {
    private func rows(_ data: PreparedData) -> [[Float]] {
        (0..<data.rowCount).map { Array(data.row($0)) }
    }

    /// The last row is for validation; its kind is in no training row.
    private let kinds = "kind,x,y\nred,1,0\nblue,2,1\nred,3,0\nblue,4,1\ngreen,5,0\n"

    @Test func `categories become an input each, those unseen in training none`() throws {
        let data = try load(kinds, validation: .last(1)).get()
        #expect(
            data.columns == [
                DataColumn(name: "kind", kind: .oneHot(categories: ["blue", "red"])), DataColumn(name: "x"),
            ]
        )
        #expect(data.features == [1, 1, 0, 2, 1, 3, 0, 4, -1, 5])
        let prepared = try PreparedData(data, steps: [])
        #expect(prepared.schema.features == ["x", "kind=blue", "kind=red"])
        #expect(prepared.layout.numberCount == 1)
        #expect(rows(prepared) == [[1, 0, 1], [2, 1, 0], [3, 0, 1], [4, 1, 0], [5, 0, 0]])
    }

    @Test func `steps leave inputs of 0 and 1 as they are`() throws {
        let data = try load(kinds, validation: .last(1)).get()
        let prepared = try PreparedData(data, steps: [.scale(2), .minmax])
        #expect(rows(prepared).map { $0[0] } == [0, Float(1.0 / 3), Float(2.0 / 3), 1, Float(4.0 / 3)])
        #expect(rows(prepared).map { Array($0[1...]) } == [[0, 1], [1, 0], [0, 1], [1, 0], [0, 0]])
        #expect(prepared.rowStride == 16)
    }

    @Test func `categories can be ordinal, numbers before texts`() throws {
        let text = "size,y\n10,0\n9,1\nm,0\n10,1\n9,0\nm,1\n11,0\n"
        let data = try load(
            text,
            validation: .last(1),
            columns: [ColumnRule("size", .categorical)],
            categorical: .ordinal
        ).get()
        #expect(data.columns == [DataColumn(name: "size", kind: .ordinal(categories: ["9", "10", "m"]))])
        let prepared = try PreparedData(data, steps: [])
        #expect(rows(prepared) == [[1], [0], [2], [1], [0], [2], [-1]])
        // It is a number to the steps.
        #expect(try inputs(PreparedData(data, steps: [.scale(0.5)]), row: 2)[0] == 1)
    }

    @Test func `categories can be hashed, seen or not`() throws {
        let data = try load(kinds, validation: .last(1), categorical: .hash(8)).get()
        #expect(data.columns[0].kind == .buckets(8))
        let buckets = ["red", "blue", "red", "blue", "green"].map { DataColumn.bucket(of: $0, count: 8) }
        let prepared = try PreparedData(data, steps: [])
        #expect(prepared.schema.features.count == 9 && prepared.schema.features[1] == "kind#0")
        for (row, bucket) in buckets.enumerated() {
            #expect(Array(prepared.row(row)[1...]) == (0..<8).map { $0 == bucket ? 1 : 0 })
        }
        // FNV-1a and SplitMix64 of "category" and the text, reckoned in Python: stored models rely on it.
        #expect(DataColumn.bucket(of: "red", count: 1 << 16) == 7236)
        #expect(DataColumn.bucket(of: "", count: 1 << 16) == 44682)
    }

    @Test func `a missing category is one of its own when a training row lacks it`() throws {
        let text = "kind,y\na,0\nb,1\n?,0\na,1\nb,0\na,1\n,1\n"
        let seen = try load(text, validation: .last(1)).get()
        #expect(seen.columns[0].kind == .oneHot(categories: ["a", "b", ""]))
        #expect(try rows(PreparedData(seen, steps: []))[6] == [0, 0, 1])
        let unseen = try load("kind,y\na,0\nb,1\na,0\nb,1\n?,0\n", validation: .last(1)).get()
        #expect(try rows(PreparedData(unseen, steps: []))[4] == [0, 0])
        let hashed = try load("kind,y\na,0\nb,1\na,0\nb,1\n?,0\n", validation: .last(1), categorical: .hash(4)).get()
        #expect(try rows(PreparedData(hashed, steps: []))[4] == [0, 0, 0, 0])
    }

    @Test func `a column of names is refused unless it is hashed or ignored`() throws {
        let text = "name,x,y\n" + (0..<10).map { "person \($0),\($0),\($0 % 2)\n" }.joined()
        #expect(
            lines(load(text)) == [
                "t.csv: the categories of column 'name' hardly repeat; found 10 different ones in 10 training rows; "
                    + "allowed: at most a category for every two rows; take the column for names or numbers of rows and "
                    + "write data.columns: {name: ignore}, or data.categorical: {hash: BUCKETS} (data.columns)"
            ]
        )
        #expect(try load(text, categorical: .hash(4)).get().featureCount == 2)
        let ignored = try load(text, columns: [ColumnRule("name", .ignore)]).get()
        #expect(ignored.schema.features == ["x"] && ignored.features == (0..<10).map { Float($0) })
        #expect(try load(text, columns: [ColumnRule("0", .ignore)]).get().schema.features == ["x"])
    }

    @Test func `what columns are can be given, and mistakes in that are told`() throws {
        let text = "zip,job,y\n01234,a,0\n1234,a,1\n01234,b,0\n1234,b,1\n"
        let data = try load(text, columns: [ColumnRule("zip", .categorical)]).get()
        // Texts as they stand: 01234 is not 1234.
        #expect(data.columns[0].kind == .oneHot(categories: ["01234", "1234"]))
        #expect(
            lines(
                load(
                    text,
                    columns: [
                        ColumnRule("job", .numeric), ColumnRule("zip", .date), ColumnRule("y", .ignore),
                        ColumnRule("jobb", .ignore), ColumnRule("7", .ignore),
                    ]
                )
            ) == [
                "t.csv:1: this column is the target; data.task says what it is; found y; allowed: columns of features (data.columns.y)",
                "t.csv:1: there is no column of this name or index; found jobb; allowed: 'zip', 'job', 'y', or an index from 0 (data.columns.jobb)",
                "t.csv:1: there is no column of this name or index; found 7; allowed: 'zip', 'job', 'y', or an index from 0 (data.columns.7)",
            ]
                + zip(2..., ["01234", "1234", "01234", "1234"]).flatMap { line, zip in
                    [
                        "t.csv:\(line):1: the cell is no date in column 'zip'; found '\(zip)'; allowed: YYYY-MM-DD, YYYY/MM/DD or DD.MM.YYYY, with a time hh:mm[:ss] and Z or ±hh:mm at choice",
                        "t.csv:\(line):\(zip.count + 2): the cell is not a number in column 'job'; found '\(line < 4 ? "a" : "b")'; allowed: a number, or nothing, ?, NA, NaN or null for a missing one",
                    ]
                }
        )
    }

    @Test func `a file of validation rows is read as the main one is`() throws {
        let folder = Folder()
        folder.write("a.csv", "zip,y\n1a,0\n22,1\n1a,0\n22,1\n3b,1\n3b,0\n")
        // On its own this column would hold numbers.
        folder.write("b.csv", "zip,y\n22,1\n7,0\n22,1\n22,1\n")
        let spec = DataSpec(source: .table("a.csv"), header: .true, validation: .source(.table("b.csv")))
        let data = try DataSet.load(spec, relativeTo: folder.path).get()
        #expect(data.columns[0].kind == .oneHot(categories: ["22", "1a", "3b"]))
        #expect(data.features == [1, 0, 1, 0, 2, 2, 0, -1, 0, 0])
    }

    @Test(arguments: [
        ("1970-01-01", 0, 0.0), ("1970-01-02T00:00:01Z", 1, 1), ("1969-12-31", -1, 0), ("2024-02-29", 19782, 0),
        ("2024/2/29", 19782, 0), ("29.02.2024", 19782, 0), ("29.2.2024 23:59:59.5", 19782, 86399.5),
        ("2024-02-29T23:30:00-01:00", 19783, 1800), ("2024-03-01 00:30+0100", 19782, 84600),
        ("0001-01-01", -719_162, 0), ("9999-12-31 23:59", 2_932_896, 86340), ("2000-12-31T12:34", 11322, 45240),
    ])
    func `dates are days since 1970 and seconds of the day`(text: String, day: Int, second: Double) throws {
        let data = try load("when,y\n\(text),0\n2020-01-01 01:00,1\n", columns: [ColumnRule("when", .date)]).get()
        #expect(data.columns.map(\.kind) == [.day, .secondOfDay])
        #expect(data.features[0] == Float(day) && data.features[1] == Float(second))
    }

    @Test(arguments: [
        "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "24-01-01", "2024-1-32", "31.04.2024", "2024-01/01",
        "2024-01-01T", "2024-01-01 24:00", "2024-01-01 12", "2024-01-01 12:60", "2024-01-01T12:00X",
        "2024-01-01T12:00+1", "2024-01-01 12:00:61", "today", "0000-01-01", "2024-01-01 12:00:00.", "12:00",
    ])
    func `what is no day of the calendar is a mistake`(text: String) {
        let found = lines(load("when,y\n\(text),0\n2020-01-01,1\n", columns: [ColumnRule("when", .date)]))
        #expect(found.count == 1 && found[0].hasPrefix("t.csv:2:1: the cell is no date in column 'when'"), "\(found)")
    }

    @Test func `dates are told from the cells and become numbers that steps work on`() throws {
        let text = "when,x,y\n2024-01-01,1,0\n2024-04-01,2,1\n2024-07-01,3,0\n2024-10-01,4,1\n"
        let data = try load(text).get()
        // No time is given, so there is none.
        #expect(data.columns.map(\.kind) == [.day, .number])
        let prepared = try PreparedData(data, steps: [])
        #expect(
            prepared.schema.features == [
                "when", "when_year_sin", "when_year_cos", "when_week_sin", "when_week_cos", "x",
            ]
        )
        // Quarters of a year; 2024-01-01 was a Monday.
        #expect(rows(prepared).map { [$0[1], $0[2]] } == [[0, 1], [1, 0], [0, -1], [-1, 0]])
        #expect(prepared.row(0)[0] == 19723 && prepared.row(0)[3] == 0 && prepared.row(0)[4] == 1)
        #expect(try inputs(PreparedData(data, steps: [.minmax]), row: 3)[0] == 1)
        let wrong = lines(load(text + "5.5.,5,0\n"))
        #expect(wrong.count == 1 && wrong[0].hasPrefix("t.csv:6:1: the cell is no date in column 'when'; found '5.5.'"))
    }

    @Test func `a missing date is imputed, its indicator stands once`() throws {
        let text = "when,y\n2024-01-01 06:00,0\n2024-01-03 18:00,1\n?,0\n2024-01-05 12:00,1\n"
        let found = lines(load(text))
        #expect(found.count == 1 && found[0].contains("a feature value is missing; found in columns 'when' 1"))
        let step = PreprocessStep.imputing(Imputation(.median, hasIndicator: true))
        let prepared = try PreparedData(load(text, preprocess: [step]).get(), steps: [step])
        #expect(
            prepared.schema.features == [
                "when", "when_year_sin", "when_year_cos", "when_week_sin", "when_week_cos", "when_time",
                "when_time_sin", "when_time_cos", "when_missing",
            ]
        )
        #expect(rows(prepared).map { $0[8] } == [0, 0, 1, 0])
        #expect(prepared.row(2)[0] == 19725 && prepared.row(2)[5] == 12)
        #expect(rows(prepared).map { $0[6] } == [1, -1, 0, 0])
    }

    @Test func `a target may be several columns of 0 and 1`() throws {
        let text = "a,x,b,c\n1,5,0,0\n0,6,1,0\n0,7,0,1\n1,8,0,0\n0,9,1,0\n0,10,0,1\n"
        let data = try load(text, target: .oneHot(["a", "2", "c"])).get()
        #expect(data.schema.features == ["x"] && data.features == [5, 6, 7, 8, 9, 10])
        #expect(classes(data) == ["a", "b", "c"] && data.targets == .classes([0, 1, 2, 0, 1, 2]))
        #expect(
            lines(load("a,x,b\n1,5,0\n1,6,1\n0,7,0\n0,8,2\n", target: .oneHot(["a", "b"]))) == [
                "t.csv:3: the one-hot target has not one 1; found 'a', 'b'; allowed: exactly one of 'a', 'b'",
                "t.csv:4: the one-hot target has not one 1; found none; allowed: exactly one of 'a', 'b'",
                "t.csv:5:5: the cell of a one-hot target is neither 0 nor 1 in column 'b'; found '2'; allowed: 0 or 1",
            ]
        )
        let unknown = lines(load(text, target: .oneHot(["a", "d"])))
        #expect(unknown.count == 1 && unknown[0].hasPrefix("t.csv:1: there is no column of this name; found d"))
    }
}

@Suite struct `Imputation steps` {
    private let text = "a,b,y\n1,5,0\n2,5,1\n?,6,0\n9,7,1\n2,?,0\n?,?,1\n"

    private func column(_ index: Int, _ imputation: Imputation) throws -> [Float] {
        let step = PreprocessStep.imputing(imputation)
        let data = try PreparedData(load(text, validation: .last(1), preprocess: [step]).get(), steps: [step])
        return (0..<data.rowCount).map { data.row($0)[index] }
    }

    // covers: C7
    @Test func `mean, median, most frequent and constant are put in`() throws {
        #expect(try column(0, Imputation()) == [1, 2, 3.5, 9, 2, 3.5])
        #expect(try column(0, Imputation(.median)) == [1, 2, 2, 9, 2, 2])
        #expect(try column(1, Imputation(.median)) == [5, 5, 6, 7, 5.5, 5.5])
        #expect(try column(1, Imputation(.mostFrequent)) == [5, 5, 6, 7, 5, 5])
        #expect(try column(0, Imputation(.constant(-1))) == [1, 2, -1, 9, 2, -1])
    }

    @Test func `of equally frequent values the least is put in`() throws {
        let step = PreprocessStep.imputing(Imputation(.mostFrequent))
        let data = try load("3,0\n3,1\n2,0\n2,1\n7,0\n?,1\n", preprocess: [step]).get()
        #expect(try inputs(PreparedData(data, steps: [step]), row: 5)[0] == 2)
    }

    @Test func `indicators stand behind and are not standardized`() throws {
        let steps: [PreprocessStep] = [.imputing(Imputation(hasIndicator: true)), .standardize]
        let data = try load(
            "a,b,k,y\n1,5,u,0\n2,6,v,1\n?,7,u,0\n9,8,v,1\n2,?,v,0\n",
            validation: .last(1),
            preprocess: steps
        )
        .get()
        let prepared = try PreparedData(data, steps: steps)
        // Column b lacks a value in a validation row only.
        #expect(prepared.schema.features == ["a", "b", "k=u", "k=v", "a_missing"])
        #expect((0..<5).map { prepared.row($0)[4] } == [0, 0, 1, 0, 0])
        #expect(try PreparedData(data, steps: [.impute, .standardize]).featureCount == 4)
    }

    @Test func `a constant needs no value in training rows`() throws {
        let step = PreprocessStep.imputing(Imputation(.constant(4)))
        let data = try load("?,5,0\n?,7,1\n3,2,0\n4,1,1\n", validation: .last(2), preprocess: [step]).get()
        #expect(try inputs(PreparedData(data, steps: [step]), row: 0)[0] == 4)
        let median = PreprocessStep.imputing(Imputation(.median))
        #expect(throws: PreprocessingError.nothingToImpute(feature: "column_0")) {
            try PreparedData(data, steps: [median])
        }
    }
}
