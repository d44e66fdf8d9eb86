import SweepCore
import SweepData
import Testing

/// What is looked at in each fold of a cross-validation.
@Suite struct FoldCheckTests {
    /// Classes a and b, and c of so many rows.
    private func table(rare: Int) -> String {
        "x,y,label\n" + (0..<30).map { "\($0),\($0 * $0 % 7),\($0 % 2 == 0 ? "a" : "b")\n" }.joined()
            + (0..<rare).map { "\($0 + 40),1,c\n" }.joined()
    }

    private func folds(_ text: String, of count: Int) throws -> [DataSet] {
        let folder = Folder()
        folder.write("t.csv", text)
        let spec = DataSpec(source: .table("t.csv"), header: .true, validation: .folds(count))
        // Read as it stands it is the first fold.
        let first = try DataSet.load(spec, relativeTo: folder.path).get()
        let all = try (1...count).map { try DataSet.load(spec.onFold($0), relativeTo: folder.path).get() }
        #expect(first.packed() == all[0].packed())
        #expect(Set(all.map { DataSet.id(ofPacked: $0.packed()) }).count == count)
        #expect(all.flatMap(\.split.validation).sorted() == (0..<Int32(all[0].rowCount)).map { $0 })
        return all
    }

    @Test func `files are read once for all folds, which are then those that are read one by one`() throws {
        let folder = Folder()
        folder.write("t.csv", table(rare: 4))
        let spec = DataSpec(source: .table("t.csv"), header: .true, validation: .folds(3), test: .fraction(0.2))
        let apart = try (1...3).map { try DataSet.load(spec.onFold($0), relativeTo: folder.path).get().packed() }
        let source = try SourceRows.read(spec, relativeTo: folder.path).get()
        // What stands in the file now is of no matter.
        folder.write("t.csv", "x\n")
        #expect(try (1...3).map { try source.split(as: spec.onFold($0)).get().packed() } == apart)
        // A fold that cannot be made is a mistake of its own.
        guard
            case .failure(let problems) = source.split(
                as: DataSpec(
                    source: .table("t.csv"),
                    header: .true,
                    validation: .fold(40, of: 40, isStratified: true)
                )
            )
        else {
            Issue.record("34 rows, or fewer, make no 40 folds")
            return
        }
        #expect(problems.problems.count == 1 && problems.problems.first?.kind == .split)
        guard case .failure = SourceRows.read(spec, relativeTo: folder.path) else {
            Issue.record("the file has no rows")
            return
        }
    }

    @Test func `a class without a validation row in some fold is told, and refused where it is the objective`() throws {
        let few = try folds(table(rare: 2), of: 3)
        let lacking = few.map(FoldChecks.classesWithoutValidation)
        #expect(lacking.filter { $0 == ["c"] }.count == 1 && lacking.filter(\.isEmpty).count == 2)
        let finding = try #require(FoldChecks.joined([[], [], []], lacking: lacking).first)
        let fold = try #require(lacking.firstIndex(of: ["c"])) + 1
        #expect(finding.check == .imbalance && finding.severity == .warning && finding.count == 1)
        let beginning = "1 of 3 folds have validation rows without some class, fold \(fold) without 'c'"
        #expect(finding.text.hasPrefix(beginning))
        let problems = few.enumerated().compactMap { index, data in
            FoldChecks.absence(of: .validationRecall("c"), from: data, fold: index + 1)
        }
        let sentences = [
            "fold \(fold) has no validation row of class 'c', which validation.recall.c is of"
        ]
        #expect(problems.map(\.message) == sentences)
        #expect(few.allSatisfy { FoldChecks.absence(of: .validationRecall("a"), from: $0, fold: 1) == nil })
        // A curve of three classes leaves one out; that of two cannot.
        #expect(few.allSatisfy { FoldChecks.absence(of: .validationAUC, from: $0, fold: 1) == nil })
        #expect(few.allSatisfy { FoldChecks.absence(of: .validationLoss, from: $0, fold: 1) == nil })
        let enough = try folds(table(rare: 3), of: 3).map(FoldChecks.classesWithoutValidation)
        #expect(enough == [[], [], []] && FoldChecks.joined([[], [], []], lacking: enough) == [])
    }

    @Test func `of further folds only what none before has as gravely is told, with the fold`() {
        func finding(_ check: DataCheck, _ severity: DataFinding.Severity, _ text: String) -> DataFinding {
            DataFinding(check, severity, count: 1, text: text, remedy: "")
        }
        let found = [
            [finding(.scale, .warning, "one"), finding(.skew, .note, "two")],
            [finding(.scale, .warning, "three"), finding(.drift, .fault, "four"), finding(.skew, .warning, "five")],
            [finding(.drift, .fault, "six"), finding(.drift, .note, "seven"), finding(.size, .note, "eight")],
        ]
        #expect(
            FoldChecks.joined(found, lacking: [[], [], []]).map(\.text)
                == ["fold 2: four", "one", "fold 2: five", "two", "fold 3: eight"]
        )
    }
}
