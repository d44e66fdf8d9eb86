import SweepCore
import SweepData
import SweepNumerics
import Testing

/// Each file here has several mistakes; all of them must come in one answer, in the order of lines.
@Suite struct `Wrong data files` {
    @Test func `rows of wrong length and cells that are no numbers`() {
        let text = """
            a,b,c,label
            1,2,3,x
            1,2,x
            4,five,6,y
            7,8,9,x,10
            1,1e99,2,y
            2,3,inf,x

            1,"1,5",2,y
            """
        #expect(
            lines(load(text)) == [
                "t.csv:3: the row has a wrong number of fields; found 3; allowed: 4, as most rows have",
                "t.csv:4:3: the cell is not a number in column 'b'; found 'five'; allowed: a number, or nothing, ?, NA, NaN or null for a missing one",
                "t.csv:5: the row has a wrong number of fields; found 5; allowed: 4, as most rows have",
                "t.csv:6:3: the number is infinite or too large in column 'b'; found 1e99; allowed: finite numbers up to 3.4e38",
                "t.csv:7:5: the number is infinite or too large in column 'c'; found inf; allowed: finite numbers up to 3.4e38",
                "t.csv:9:4: the cell is not a number in column 'b'; found '1,5'; allowed: numbers with a decimal point",
            ]
        )
    }

    @Test func `quotes without end, text after quotes, missing targets`() {
        let text = """
            a,b,label
            1,2,x
            3,"4,y
            5,"6"7,x
            8,9,?
            10,11,
            12,13,x
            14,15,y
            """
        #expect(
            lines(load(text)) == [
                "t.csv:3:3: a quote is opened and never closed; allowed: a closing quote before the end of the field",
                "t.csv:3:3: the cell is not a number in column 'b'; found '\"4'; allowed: a number, or nothing, ?, NA, NaN or null for a missing one",
                "t.csv:4:6: text stands after a closing quote; allowed: a delimiter or the end of the line",
                "t.csv:5:5: the target is missing in column 'label'; found '?'; allowed: a value in each row; remove or fill this row",
                "t.csv:6:7: the target is missing in column 'label'; found ''; allowed: a value in each row; remove or fill this row",
            ]
        )
    }

    @Test func `unknown target, names twice, no name`() {
        let text = """
            ,a,a,kind
            0,1,2,x
            1,1,oops,y
            2,3,4,x
            """
        #expect(
            lines(load(text, target: .name("label"))) == [
                "t.csv:1: there is no column of this name; found label; allowed: '', 'a', 'a', 'kind' (data.target)",
                "t.csv:1:1: column 0 has no name; exporters write row numbers under an empty name; allowed: a name, or data.columns: {0: ignore}",
                "t.csv:1:4: two columns have the same name; found 'a'; allowed: different names",
                "t.csv:3:5: the cell is not a number in column 'a'; found 'oops'; allowed: a number, or nothing, ?, NA, NaN or null for a missing one",
            ]
        )
        #expect(
            lines(load("1,2,3\n4,5,6\n1,2,3\n4,5,6\n", target: .name("label"))) == [
                "t.csv: there is no column of this name (the file has no header); found label; "
                    + "allowed: 'column_0', 'column_1', 'column_2', or an index from 0, or last (data.target)"
            ]
        )
        #expect(
            lines(load("1,2,3\n4,5,6\n1,2,3\n4,5,6\n", target: .index(3))) == [
                "t.csv: there is no column of this index; found 3; allowed: 0 to 2, counted from 0 (data.target)"
            ]
        )
    }

    @Test func `text columns and missing values`() {
        let text = """
            age,job,sex,hours,label
            39,clerk,male,40,0
            ?,guard,female,,1
            38,?,male,40,0
            53,clerk,male,NA,1
            """
        #expect(
            lines(load(text, categorical: .refuse)) == [
                "t.csv:2:4: column 'job' holds text (text columns: 'job', 'sex'); found 'clerk', 'guard'; allowed: numbers; data.categorical can take it as categories, data.columns can ignore it",
                "t.csv:2:10: column 'sex' holds text (text columns: 'job', 'sex'); found 'male', 'female'; allowed: numbers; data.categorical can take it as categories, data.columns can ignore it",
                "t.csv:3: 4 feature values are missing; found in columns 'age' 1, 'job' 1, 'hours' 2; first in lines 3, 4, 5; "
                    + "allowed: no missing values; remove or fill these rows, or add the step impute to data.preprocess",
            ]
        )
        // As categories they are no mistake, and a missing one is none either.
        #expect(
            lines(load(text)) == [
                "t.csv:3: 3 feature values are missing; found in columns 'age' 1, 'hours' 2; first in lines 3, 5; "
                    + "allowed: no missing values; remove or fill these rows, or add the step impute to data.preprocess"
            ]
        )
    }

    @Test func `columns of numbers with a comma are no categories`() throws {
        let text = """
            price;size;label
            1,5;1.000,5;x
            -2,5;2;y
            1,5;3,5;x
            2,25;4,5;y
            """
        #expect(
            lines(load(text, target: .name("label"))) == [
                "t.csv:2:1: column 'price' holds numbers with a comma (text columns: 'price', 'size'); found '1,5', '-2,5', '2,25'; "
                    + "allowed: numbers with a decimal point and without groups; data.columns can take it as categories, or ignore it",
                "t.csv:2:5: column 'size' holds numbers with a comma (text columns: 'price', 'size'); found '1.000,5', '3,5', '4,5'; "
                    + "allowed: numbers with a decimal point and without groups; data.columns can take it as categories, or ignore it",
            ]
        )
        // Told to be categories they are, and so are texts of which half at most are such numbers.
        func table(_ cells: [String]) -> String {
            "a;b;label\n" + cells.enumerated().map { "\($1);\($0);\($0 % 2 == 0 ? "x" : "y")\n" }.joined()
        }
        let numbers = table(["1,5", "2,5", "1,5", "2,5", "1,5", "2,5"])
        #expect(lines(load(numbers)).count == 1)
        let told = try load(numbers, columns: [ColumnRule("a", .categorical)]).get()
        #expect(told.columns[0].kind == .oneHot(categories: ["1,5", "2,5"]))
        let sizes = try load(table(["1,5", "S", "1,5", "S", "1,5", "S"])).get()
        #expect(sizes.columns[0].kind == .oneHot(categories: ["1,5", "S"]))
        // Of those that are no numbers more than half have a comma.
        #expect(lines(load(table(["1,5", "2,5", "1,5", "S", "S", "2", "3", "S", "2,5"]))).count == 1)
        let groups = table(["1,234,567", "-2,234,567.5", "1,234,567", "2,234,567", "1,234,567", "2,234,567"])
        #expect(lines(load(groups)).count == 1)
        let lists = try load(table(["1,2,3", "a,b", "1,2,3", "a,b", "1,2,3", "a,b"])).get()
        #expect(lists.columns[0].kind == .oneHot(categories: ["1,2,3", "a,b"]))
    }

    @Test func `a target of numbers with a comma is no class for each of them`() throws {
        func table(_ cells: [String]) -> String {
            "a;y\n" + cells.enumerated().map { "\($0);\($1)\n" }.joined()
        }
        let numbers = table(["1,5", "2,25", "1,5", "2,25", "2", "2"])
        #expect(
            lines(load(numbers, target: .name("y"))) == [
                "t.csv:2:3: the target 'y' holds numbers with a comma; found '1,5', '2,25'; "
                    + "allowed: numbers with a decimal point and without groups, or data.task: classification"
            ]
        )
        // Told to be classes they are, and so are texts of which half at most are such numbers.
        let told = try load(numbers, target: .name("y"), task: .classification).get()
        #expect(told.schema.task == .classification(classes: ["2", "1,5", "2,25"], trainingCounts: [2, 2, 2]))
        let sizes = try load(table(["1,5", "S", "1,5", "S", "1,5", "S"]), target: .name("y")).get()
        #expect(sizes.schema.task == .classification(classes: ["1,5", "S"], trainingCounts: [3, 3]))
    }

    @Test func `text where numbers are to be predicted, and a column without values`() {
        let text = """
            a;b;y
            1;;2.5
            3;;high
            4;;3.5
            5;;low
            """
        #expect(
            lines(load(text, task: .regression, preprocess: [.impute])) == [
                "t.csv:2: column 'b' holds no value at all; allowed: a value somewhere, or data.columns: {b: ignore}",
                "t.csv:3:4: the target is not a number in column 'y'; found 'high'; allowed: numbers, or data.task: classification",
                "t.csv:5:4: the target is not a number in column 'y'; found 'low'; allowed: numbers, or data.task: classification",
            ]
        )
    }

    @Test func `targets that nothing can be learned from`() {
        #expect(
            lines(load("1,a\n2,a\n3,a\n")) == [
                "t.csv: the target 'column_1' has a single class; found 'a' in all rows; allowed: at least two classes"
            ]
        )
        #expect(
            lines(load("1,2.5\n2,2.5\n3,2.5\n")) == [
                "t.csv: the target 'column_1' has the same value in all rows; found 2.5; allowed: at least two different values"
            ]
        )
        #expect(
            lines(load("1,a\n2,b\n3,c\n4,d\n5,d\n")) == [
                "t.csv: the labels of 'column_1' hardly repeat; found 4 different ones in 5 rows; "
                    + "allowed: at most a class for every two rows; data.task: regression for numbers (data.task)"
            ]
        )
    }

    @Test func `files without rows or features, and files that are no text`() {
        #expect(lines(load("")) == ["t.csv: the file is empty; allowed: a row a line"])
        #expect(lines(load("\n \r\n\n")) == ["t.csv: the file is empty; allowed: a row a line"])
        #expect(lines(load("\u{FEFF}")) == ["t.csv: the file is empty; allowed: a row a line"])
        #expect(
            lines(load("a,b,label\n")) == ["t.csv:1: the file has no rows; found a header only; allowed: a row a line"]
        )
        #expect(
            lines(load("1\n2\n1\n2\n")) == [
                "t.csv:1: the table has one column, so no features; allowed: at least two columns, parted by comma, semicolon or tab"
            ]
        )
        #expect(lines(load([0xFF, 0xFE, 0x31, 0])) == ["t.csv: the file is UTF-16; allowed: UTF-8 text"])
        #expect(
            lines(load([0x31, 0x2C, 0, 0x32])) == [
                "t.csv: the file holds zero bytes, so it is no text; allowed: UTF-8 text"
            ]
        )
        #expect(
            lines(load(Array("1,".utf8) + [0xE9] + Array("\n2,b\n3,b\n4,b\n".utf8))) == [
                "t.csv:1:3: the label is not UTF-8 in column 'column_1'; allowed: UTF-8 text"
            ]
        )
    }

    @Test func `a broken header does not hide the rest`() {
        #expect(
            lines(load("a,label\n1,2,0\n3,4,1\n5,x,0\n7,8,1\n", target: .name("label"))) == [
                "t.csv:1: the row has a wrong number of fields; found 2; allowed: 3, as most rows have",
                "t.csv:4:3: the cell is not a number in column 'column_1'; found 'x'; allowed: a number, or nothing, ?, NA, NaN or null for a missing one",
            ]
        )
    }

    @Test func `at most 20 mistakes of a kind are told, then how many more`() {
        var text = "a,b,label\n"
        for row in 0..<1000 { text += row % 10 == 0 ? "1,2\n" : row % 10 == 1 ? "x,1,0\n" : "1,2,\(row % 2)\n" }
        let found = lines(load(text))
        #expect(found.count == 42)
        #expect(found[0] == "t.csv:2: the row has a wrong number of fields; found 2; allowed: 3, as most rows have")
        #expect(found[1].hasPrefix("t.csv:3:1: the cell is not a number"))
        #expect(
            found.suffix(2) == [
                "t.csv: and 80 more rows with a wrong number of fields",
                "t.csv: and 80 more cells that are not numbers",
            ]
        )
    }

    @Test func `a file of quotes is read in bounded time`() {
        let text = "a,label\n" + String(repeating: "\"\n1,\"", count: 20_000)
        #expect(!lines(load(text)).isEmpty)
    }

    @Test func `no bytes trap the reader`() {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        let alphabet = Array("0123456789.,;\t\"\n\r- eEx?NA\u{00E9}".utf8) + [0xFF, 0xEF, 0xBB, 0xBF]
        for round in 0..<2000 {
            let bytes = (0..<stream.below(120)).map { _ in alphabet[stream.below(alphabet.count)] }
            let result = load(bytes, validation: round % 2 == 0 ? .fraction(0.3) : .none)
            if case .success(let data) = result {
                #expect(data.features.count == data.rowCount * data.featureCount, "seed \(seed)")
            }
        }
    }
}
