import SweepCore
import SweepReports
import Testing

@Suite struct TableTests {
    @Test func `numbers stand to the right and words to the left`() {
        var table = Table(columns: [.init("name"), .init("n", isNumeric: true)])
        table.add(["a", "1"])
        table.add(["long name", "1234"])
        table.add(["short row"])
        #expect(
            table.plainText()
                == "name          n\n─────────  ────\na             1\nlong name  1234\nshort row\n"
        )
    }

    @Test func `whole columns are left out when the lines are too wide`() {
        var table = Table(columns: [.init("a"), .init("bbbbbbbb", rank: 2), .init("cccccccc", rank: 1), .init("d")])
        table.add(["1", "2", "3", "4"])
        #expect(table.plainText(width: 80) == table.plainText())
        #expect(
            table.plainText(width: 16)
                == "a  bbbbbbbb  d\n─  ────────  ─\n1  2         4\n(left out for\nwidth: cccccccc)\n"
        )
        #expect(table.plainText(width: 1) == "a  d\n─  ─\n1  4\n(left\nout\nfor\nwidth:\ncccccccc,\nbbbbbbbb)\n")
        var equals = Table(columns: [.init("a", rank: 1), .init("b", rank: 1), .init("c")])
        equals.add(["1", "2", "3"])
        #expect(equals.plainText(width: 5).hasPrefix("a  c\n"), "of equal ones the last")
    }

    @Test func `CSV quotes what must be quoted`() {
        var table = Table(columns: [.init("a"), .init("b,c")])
        table.add(["x\"y", "line\nbreak"])
        table.add(["\r\n", "plain"])
        #expect(table.csv == "a,\"b,c\"\n\"x\"\"y\",\"line\nbreak\"\n\"\r\n\",plain\n")
    }

    @Test func `Markdown escapes its bars`() {
        var table = Table(columns: [.init("a"), .init("n", isNumeric: true)])
        table.add(["x|y", "1"])
        #expect(table.markdown == "| a | n |\n| --- | ---: |\n| x\\|y | 1 |\n")
    }

    @Test func `short names are the fewest components that differ`() {
        #expect(
            ParameterNames.short([
                "train.model.mlp.width", "train.optimizer", "train.optimizer.sgd.learning_rate",
                "train.optimizer.adam.learning_rate", "width.train.optimizer.adam.learning_rate",
            ]) == [
                "width", "optimizer", "sgd.learning_rate", "train.optimizer.adam.learning_rate",
                "width.train.optimizer.adam.learning_rate",
            ]
        )
        #expect(ParameterNames.short(["x", "a.x"]) == ["x", "a.x"])
        #expect(ParameterNames.short([]) == [])
    }

    @Test func `the ranked summary reads well`() {
        let text = Samples.rank.table.plainText()
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == 7)
        #expect(
            lines[0].split(separator: " ").map(String.init) == [
                "#", "id", "trials", "width", "optimizer", "learning_rate", "batch_size",
                "validation.loss", "±", "ties", "accuracy", "epoch", "epochs", "state", "worker", "finding",
            ]
        )
        #expect(lines[2].contains("1,2") && lines[2].contains("0.2310") && lines[2].contains("node-a,node-b"))
        #expect(lines[3].contains("slow") && lines[5].contains("not finite") && lines[5].contains("inf"))
        let narrow = Samples.rank.table.plainText(width: 100)
        #expect(narrow.contains("left out for width: worker"))
    }

    @Test func `the exact table keeps every digit`() throws {
        let csv = Samples.rank.exactTable.csv
        let lines = csv.split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("place,configuration_id,trial,trials,seeds,train.model.mlp.width,train.optimizer,"))
        #expect(lines[1].contains("18446744073709551614 7"))
        #expect(lines[2].hasSuffix(",slow,\"slow, says \"\"the rule\"\", 50 %\""))
    }

    @Test func `status and list have a form for people`() {
        let text = Samples.status.plainText()
        #expect(text.contains("trials   6 of 81: 1 waiting, 2 completed, 2 pruned, 1 failed"))
        #expect(text.contains("epochs   9, 123 a second, about 1 min 35 s left"))
        #expect(text.contains("every trial waits for a result"))
        #expect(Samples.list.table.plainText().contains("maximize validation.accuracy"))
    }

    @Test func `of a list a narrow terminal gets what tells the sweeps apart and how far they are`() {
        let needed = ["sweep", "state", "trials", "done", "best"]
        let table = Samples.list.table
        #expect(table.columns.filter { $0.rank == nil && $0.name != "priority" }.map(\.name) == needed)
        #expect(table.plainText(width: 1).contains("\nwidth:\nobjective,\nepochs)\n"))
    }
}
