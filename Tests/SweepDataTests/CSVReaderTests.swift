import SweepCore
import SweepData
import SweepNumerics
import Testing

@Suite struct `Tables` {
    @Test func `a table with a header gives names, features and classes`() throws {
        let data = try load("a,b,label\n1,2.5,x\n-3,4e-1,y\n5,6,x\n7,8,y\n").get()
        #expect(data.schema.features == ["a", "b"])
        #expect(data.targetName == "label")
        #expect(data.features == [1, 2.5, -3, 0.4, 5, 6, 7, 8])
        #expect(data.targets == .classes([0, 1, 0, 1]))
        #expect(data.schema.task == .classification(classes: ["x", "y"], trainingCounts: [2, 2]))
    }

    @Test func `a table without a header numbers its columns`() throws {
        let data = try load("1,2,x\n3,4,y\n5,6,x\n7,8,y\n").get()
        #expect(data.schema.features == ["column_0", "column_1"])
        #expect(data.rowCount == 4)
    }

    @Test(arguments: [
        // A text in a column of numbers.
        ("f,label\n1,0\n2,1\n3,0\n4,1\n", true),
        // Columns named by numbers, as exporters do.
        ("0,1,label\n1.5,2,0\n2.5,4,1\n3.5,4,0\n4,4,1\n", true),
        // Text labels make no header.
        ("1,R\n2,M\n3,R\n4,M\n", false),
        // Numbers only.
        ("1,0\n2,1\n3,0\n4,1\n", false),
        // A header above text labels.
        ("f,kind\n1,R\n2,M\n3,R\n4,M\n", true),
    ])
    func `a header is found by its texts above numbers`(text: String, hasHeader: Bool) throws {
        #expect(try load(text).get().rowCount == 4)
        #expect(try load(text).get().schema.features[0].hasPrefix("column_") == !hasHeader)
    }

    @Test func `a first row that holds the target's name is a header, also above texts alone`() throws {
        let rows = "red,flat,e\nblue,round,p\nred,round,e\nblue,flat,p\nred,flat,e\nblue,flat,p\n"
        let text = "colour,shape,kind\n" + rows
        let data = try load(text, target: .name("kind")).get()
        #expect(data.rowCount == 6 && data.targetName == "kind" && classes(data) == ["e", "p"])
        #expect(data.columns.map(\.name) == ["colour", "shape"])
        // Names that are numbers with a point.
        let bands = try load("400.5,401.5,metal\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n", target: .name("metal")).get()
        #expect(bands.schema.features == ["400.5", "401.5"])
        let flags = try load("a,b,c\nx,1,0\ny,0,1\nx,1,0\ny,0,1\n", target: .oneHot(["b", "c"])).get()
        #expect(flags.rowCount == 4 && classes(flags) == ["b", "c"])
        // A label that also stands below is no name, and without a name the texts are rows.
        let labels = lines(load("red,e\nblue,p\nred,e\nblue,p\n", target: .name("e")))
        #expect(labels.count == 1 && labels[0].contains("there is no column of this name (the file has no header)"))
        #expect(try load(text).get().rowCount == 7)
    }

    @Test func `a mistyped number in the first row does not become a header`() {
        let found = lines(load("1.25,2.5x,0\n2,3,1\n3,4,0\n4,5,1\n"))
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("t.csv:1:6: the cell is not a number in column 'column_1'; found '2.5x'"))
    }

    @Test func `the rule for the header can be given`() throws {
        #expect(try load("1,2\n3,0\n4,1\n5,0\n6,1\n", header: .true).get().schema.features == ["1"])
        #expect(lines(load("f,label\n1,0\n2,1\n3,0\n4,1\n", header: .false)).count == 1)
    }

    @Test func `quoted fields hold delimiters, doubled quotes and line ends`() throws {
        let data = try load(
            "f,\"the \"\"kind\"\"\"\r\n1,\"a,b\"\r\n2,\"c\nd\"\r\n\"3\",\"a,b\"\r\n4, \"c\nd\" \r\n"
        ).get()
        #expect(data.targetName == "the \"kind\"")
        #expect(classes(data) == ["a,b", "c\nd"])
        #expect(data.features == [1, 2, 3, 4])
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `each kind of line end parts rows`(end: String) throws {
        let text = ["\u{FEFF}f,g,label", "1,2,0", "", "3,4,1", "  ", "5,6,0", "7,8,1"].joined(separator: end)
        let data = try load(text).get()
        #expect(data.schema.features == ["f", "g"])
        #expect(data.features == [1, 2, 3, 4, 5, 6, 7, 8])
        let wrong = lines(load(text + end + "9,x,1"))
        #expect(wrong.count == 1 && wrong[0].hasPrefix("t.csv:8:3: "))
    }

    @Test(arguments: [",", ";", "\t"])
    func `the delimiter is found`(delimiter: String) throws {
        let text = [
            ["f", "g h", "label"], ["1", "2", "a;b,c"], ["3", "4", "d"], ["5", "6", "a;b,c"], ["7", "8", "d"],
        ]
        .map { $0.map { "\"\($0)\"" }.joined(separator: delimiter) }.joined(separator: "\n")
        let data = try load(text).get()
        #expect(data.schema.features == ["f", "g h"])
        #expect(classes(data) == ["a;b,c", "d"])
    }

    @Test func `missing values are NaN when they will be imputed`() throws {
        let data = try load(
            "a,b,c,d,e,label\n1,1,1,1,1,0\n?,,NA,NaN,null,1\n1,1,1,n/a,nan,0\n1,2,1,1,1,1\n",
            preprocess: [.impute]
        ).get()
        #expect(data.features[5..<10].allSatisfy { $0.isNaN })
        #expect(data.features[13].isNaN && data.features[14].isNaN)
        #expect(data.features.count { $0.isNaN } == 7)
    }

    @Test func `the target is chosen by name, index or as the last`() throws {
        let text = "y,a,b\n0,1,2\n1,3,4\n0,5,6\n1,7,8\n"
        for target in [TargetColumn.name("y"), .index(0)] {
            let data = try load(text, target: target).get()
            #expect(data.schema.features == ["a", "b"])
            #expect(data.features == [1, 2, 3, 4, 5, 6, 7, 8])
            #expect(classes(data) == ["0", "1"])
        }
        #expect(try load(text, target: .last).get().schema.features == ["y", "a"])
    }

    @Test func `number labels are sorted by value and written alike`() throws {
        let data = try load("1,10\n2,9\n3,10.0\n4,09\n5,-1\n6,-1\n", task: .classification).get()
        #expect(classes(data) == ["-1", "9", "10"])
        #expect(data.targets == .classes([2, 1, 2, 1, 0, 0]))
    }

    @Test func `the task is told from the target unless it is given`() throws {
        func table(_ targets: [String]) -> String {
            targets.enumerated().map { "\($0.offset),\($0.element)\n" }.joined()
        }
        func kind(_ targets: [String], _ task: TaskKind? = nil) throws -> TaskKind {
            try load(table(targets), task: task).get().schema.task.kind
        }
        let few = (0..<60).map { String($0 % 20) }
        let many = (0..<60).map { String($0 % 21) }
        #expect(try kind(few) == .classification)
        #expect(try kind(few, .regression) == .regression)
        #expect(try kind(many) == .regression)
        #expect(try kind(many, .classification) == .classification)
        #expect(try kind((0..<60).map { String(Double($0 % 2) / 2) }) == .regression)
        #expect(try kind(["1", "2", "3", "4"]) == .regression)
        #expect(try kind((0..<60).map { $0 == 59 ? "other" : String($0 % 2) }) == .classification)
    }

    @Test func `regression keeps mean and variance of the training rows`() throws {
        let data = try load("1,0.5\n2,1.5\n3,2.5\n4,10\n", validation: .last(1)).get()
        #expect(data.schema.task == .regression(mean: 1.5, variance: 2.0 / 3.0))
        #expect(data.targets == .values([0.5, 1.5, 2.5, 10]))
    }

    @Test func `numbers are read as the standard library reads them`() throws {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        var texts = [
            "0", "-0", "+1", ".5", "5.", "1e5", "1E-5", "12345678901234567890", "0.1234567890123456789012345", "1e-400",
            "3.4028234e38", "00012.50", "9007199254740993", "1.7976931348623157e-300", "123456789012345e22",
        ]
        for _ in 0..<2000 {
            let digits = (0..<(1 + stream.below(20))).map { _ in String(stream.below(10)) }.joined()
            let fraction = stream.below(2) == 0 ? "" : "." + String(stream.next() >> UInt64(stream.below(60)))
            let exponent = stream.below(2) == 0 ? "" : "e\(stream.below(40) - 25)"
            let text = (stream.below(2) == 0 ? "-" : "") + digits + fraction + exponent
            // Beyond float's range is another test's matter.
            if abs(Double(text)!) < 3e38 { texts.append(text) }
        }
        let table = texts.enumerated().map { "\($0.element),\($0.offset % 2)\n" }.joined()
        let data = try load(table, header: .false).get()
        for (text, value) in zip(texts, data.features) {
            #expect(value.bitPattern == Float(Double(text)!).bitPattern, "\(text), seed \(seed)")
        }
    }

    @Test(arguments: ["0x10", "1_000", "1e", "e5", "-", ".", "1.2.3", "1 2", "--1", "1e+", "١"])
    func `what is no decimal number is not read as one`(cell: String) {
        let found = lines(load("a,label\n1,0\n2,1\n3,0\n\(cell),1\n"))
        #expect(found.count == 1 && found[0].hasPrefix("t.csv:5:1: the cell is not a number in column 'a'"), "\(found)")
    }
}
