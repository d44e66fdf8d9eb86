import SweepCore
import SweepData
import SweepNumerics
import Testing

@Suite struct `Splits` {
    /// A table with the given number of rows a class, in a mixed order.
    private func table(_ sizes: [Int], _ stream: inout RandomStream) -> String {
        var labels = sizes.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
        stream.shuffle(&labels)
        return labels.enumerated().map { "\($0.offset),c\($0.element)\n" }.joined()
    }

    private func counts(_ rows: [Int32], _ data: DataSet) -> [Int] {
        guard case .classes(let indices) = data.targets else { return [] }
        var counts = [Int](repeating: 0, count: classes(data).count)
        for row in rows { counts[Int(indices[Int(row)])] += 1 }
        return counts
    }

    @Test func `shares are a partition, exact in total and within one row a class`() throws {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        for round in 0..<200 {
            let sizes = (0..<(2 + stream.below(9))).map { _ in 4 + stream.below(60) }
            let rows = sizes.reduce(0, +)
            let validation = 0.05 + 0.5 * stream.uniform()
            let test = stream.below(2) == 0 ? 0 : 0.05 + 0.2 * stream.uniform()
            let data = try load(
                table(sizes, &stream),
                task: .classification,
                validation: .fraction(validation),
                test: test > 0 ? .fraction(test) : .none,
                seed: stream.next()
            ).get()
            let split = data.split
            let context: Comment = "seed \(seed), round \(round), sizes \(sizes)"
            #expect((split.training + split.validation + split.test).sorted() == (0..<rows).map { Int32($0) }, context)
            #expect(split.validation.count == Int((validation * Double(rows)).rounded()), context)
            #expect(split.test.count == Int((test * Double(rows)).rounded()), context)
            for (part, total) in [(split.validation, split.validation.count), (split.test, split.test.count)] {
                for (count, size) in zip(counts(part, data), counts((0..<rows).map { Int32($0) }, data)) {
                    let exact = Double(total) * Double(size) / Double(rows)
                    #expect(abs(Double(count) - exact) < 1, context)
                }
            }
            #expect(counts(split.training, data).allSatisfy { $0 > 0 }, context)
            #expect(split.training == split.training.sorted() && split.test == split.test.sorted(), context)
        }
    }

    @Test func `rare classes stay in training`() throws {
        var stream = RandomStream(key: 1)
        let data = try load(
            table([1, 2, 30, 40], &stream),
            validation: .fraction(0.5),
            test: .fraction(0.4)
        ).get()
        #expect(counts(data.split.training, data)[0] == 1)
        #expect(counts(data.split.training, data).allSatisfy { $0 > 0 })
        // 36.5 and 29.2 of 73 rows.
        #expect(data.split.validation.count == 37 && data.split.test.count == 29)
    }

    @Test func `the same seed gives the same rows, another seed others`() throws {
        var stream = RandomStream(key: 2)
        let text = table([40, 50, 60], &stream)
        func split(_ seed: UInt64, _ validation: Double = 0.2) throws -> RowSplit {
            try load(text, validation: .fraction(validation), test: .fraction(0.1), seed: seed).get().split
        }
        #expect(try split(7) == split(7))
        #expect(try split(7) != split(8))
        #expect(try split(7).test == split(7, 0.4).test)
    }

    @Test func `the split of a known table is what it was`() throws {
        let text = (0..<20).map { "\($0),\($0 % 2)\n" }.joined()
        let split = try load(text, validation: .fraction(0.2), test: .fraction(0.1), seed: 7).get().split
        // From a second implementation of the rule, in Python, written from its description.
        #expect(split.validation == [2, 3, 10, 19])
        #expect(split.test == [1, 18])
    }

    @Test func `regression rows are drawn without classes`() throws {
        let text = (0..<100).map { "\($0),\(Double($0) / 3)\n" }.joined()
        let split = try load(text, validation: .fraction(0.25), test: .fraction(0.15), seed: 3).get().split
        #expect(split.training.count == 60 && split.validation.count == 25 && split.test.count == 15)
        // A plain cut would be a run of rows.
        #expect(split.validation.last! - split.validation.first! > 50)
    }

    @Test func `last rows are taken in order, test behind validation`() throws {
        let text = (0..<10).map { "\($0),\($0 % 2)\n" }.joined()
        let split = try load(text, validation: .last(3), test: .last(2)).get().split
        #expect(split == RowSplit(training: [0, 1, 2, 3, 4], validation: [5, 6, 7], test: [8, 9]))
    }

    @Test func `other files give validation and test rows`() throws {
        let folder = Folder()
        folder.write("a.csv", "x,y,label\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n")
        folder.write("v.csv", "x,y,label\n9,10,b\n")
        folder.write("t.csv", "x,y,label\n11,12,a\n13,14,b\n")
        let spec = DataSpec(
            source: .table("a.csv"),
            validation: .source(.table("v.csv")),
            test: .source(.table("t.csv"))
        )
        let data = try DataSet.load(spec, relativeTo: folder.path).get()
        #expect(data.split == RowSplit(training: [0, 1, 2, 3], validation: [4], test: [5, 6]))
        #expect(data.features == (1...14).map { Float($0) })
        #expect(data.targets == .classes([0, 1, 0, 1, 1, 0, 1]))
    }

    @Test func `files that do not fit the source are told`() {
        let folder = Folder()
        folder.write("a.csv", "x,y,label\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n")
        folder.write("v.csv", "x,z,label\n9,10,a.\n1,1,b\n2,2,b.\n")
        folder.write("t.csv", "x,label\n11,a\n13,b\n")
        var spec = DataSpec(
            source: .table("a.csv"),
            validation: .source(.table("v.csv")),
            test: .source(.table("t.csv"))
        )
        #expect(
            lines(DataSet.load(spec, relativeTo: folder.path)) == [
                "v.csv:1: feature 1 is not the feature of a.csv; found 'z'; allowed: 'y', the same columns in the same order",
                "v.csv:2: no training row has this label; found 'a.'; allowed: 'a', 'b'",
                "v.csv:4: no training row has this label; found 'b.'; allowed: 'a', 'b'",
                "t.csv: there are not as many features as in a.csv; found 1; allowed: 2",
            ]
        )
        spec = DataSpec(source: .table("a.csv"), validation: .source(.table("a.csv")))
        #expect(
            lines(DataSet.load(spec, relativeTo: folder.path)) == [
                "a.csv: the validation rows are the rows of the source, so they would also be trained on; "
                    + "allowed: another file, a share, or {last: ROWS} (data.validation)"
            ]
        )
    }

    @Test func `a split that leaves no training rows is refused`() {
        let text = (0..<10).map { "\($0),\($0 < 8 ? "a" : "b")\n" }.joined()
        #expect(
            lines(load(text, validation: .last(10))) == [
                "t.csv: the validation rows leave none for training; found the last 10 of 10 rows; allowed: 1 to 9 (data.validation)"
            ]
        )
        #expect(
            lines(load(text, validation: .fraction(0.01), test: .fraction(0.02))) == [
                "t.csv: the test part is empty; found 0.02 of 10 rows; allowed: a share below 1 that is at least one row (data.test)",
                "t.csv: the validation part is empty; found 0.01 of 10 rows; allowed: a share below 1 that is at least one row (data.validation)",
            ]
        )
        #expect(
            lines(load(text, validation: .fraction(0.5), test: .fraction(0.4))) == [
                "t.csv: validation and test rows leave too few for training; found 5 and 4 of 10 rows; "
                    + "allowed: at least one training row a class, so at most 8 together (data.validation)"
            ]
        )
        #expect(
            lines(load(text, validation: .last(2))) == [
                "t.csv: no training row is of class 'b'; found it is in the last rows only; "
                    + "allowed: a row of each class; take a share instead of {last: ROWS} where rows are sorted (data.validation)"
            ]
        )
    }
}
