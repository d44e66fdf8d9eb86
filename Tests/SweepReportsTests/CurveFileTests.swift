import SweepCore
import SweepReports
import Testing

@Suite struct CurveFileTests {
    private func problems(_ text: String) -> [String] {
        do {
            _ = try CurveFile(text)
            return []
        } catch { return error.problems.map { $0.description(file: "c.csv") } }
    }

    @Test(arguments: [
        "epoch,train_loss,validation_loss", "Epoch,Train Loss,Val Loss", "epoch,loss,val_loss",
        "epoch;train/loss;val/loss",
        "epoch,train_loss_epoch,valid_loss", "ep\ttraining_loss\teval_loss", "step,trainLoss,validLoss",
        "epoch,loss_train,loss_val", "Step,run-7 - train_loss,run-7 - val_loss", "Step,Train - Loss,Val - Loss",
    ])
    func `headers of many frameworks are understood`(_ header: String) throws {
        let delimiter: Character = header.contains(";") ? ";" : header.contains("\t") ? "\t" : ","
        let rows = [["0", "2.3", "2.4"], ["1", "1.5", "nan"], ["2", "0.7", "inf"]].map {
            $0.joined(separator: String(delimiter))
        }
        let curve = try CurveFile(([header] + rows).joined(separator: "\r\n")).curve
        #expect(curve.epochs == 3)
        #expect(curve.series(.trainingLoss) == [2.3, 1.5, 0.7])
        let validation = curve.series(.validationLoss)
        #expect(validation[0] == 2.4 && validation[1].isNaN && validation[2] == .infinity)
    }

    @Test func `other metrics are kept and unknown columns named`() throws {
        let file = try CurveFile(
            "epoch,accuracy,loss,lr,val_accuracy,val_loss\n0,0.1,2.3,0.01,0.2,2.2\n1,0.5,1.1,0.001,0.4,1.3\n"
        )
        #expect(file.curve.series(.validationAccuracy) == [0.2, 0.4])
        #expect(file.curve.series(.learningRate) == [0.01, 0.001])
        #expect(file.ignored == ["accuracy"])
        // W&B's export of a chart with two runs.
        let runs = try CurveFile("Step,a - loss,a - loss__MIN,val-2 - loss\n0,2.5,2.25,3\n1,1.5,1.25,2\n")
        #expect(runs.curve.metrics == [.trainingLoss] && runs.curve.series(.trainingLoss) == [2.5, 1.5])
        #expect(runs.ignored == ["a - loss__MIN", "val-2 - loss"])
        // Of another run nothing is taken, also what the first has not.
        let mixed = try CurveFile("Step,a - loss,b - loss,b - val_loss\n0,2.5,2.25,3\n1,1.5,1.25,2\n")
        #expect(mixed.curve.metrics == [.trainingLoss] && mixed.curve.series(.trainingLoss) == [2.5, 1.5])
        #expect(mixed.ignored == ["b - loss", "b - val_loss"])
        let later = try CurveFile("Step,b - val_loss,a - loss,a - val_loss\n0,2.5,2.25,3\n1,1.5,1.25,2\n")
        #expect(later.curve.series(.trainingLoss) == [2.25, 1.25] && later.curve.series(.validationLoss) == [3, 2])
        #expect(later.ignored == ["b - val_loss"])
    }

    @Test func `rows of one epoch are joined, and a metric with gaps is left out with a remark`() throws {
        let joined = try CurveFile("epoch,train_loss,val_loss\n0,2,\n0,,2.1\n1,1,\n1,,1.2\n")
        #expect(joined.curve.series(.validationLoss) == [2.1, 1.2] && joined.remarks.isEmpty)
        let gaps = try CurveFile("epoch,train_loss,val_loss\n0,2,2.1\n1,1,\n")
        #expect(gaps.curve.metrics == [.trainingLoss])
        #expect(gaps.remarks == ["validation.loss is missing in 1 of 2 epochs, and was left out"])
    }

    @Test func `every mistake is told with line and field`() {
        #expect(problems("") == ["c.csv:1: the file is empty; allowed: a header and a row an epoch"])
        #expect(problems("1,2,3\n").first?.hasPrefix("c.csv:1: the first row holds numbers") ?? false)
        #expect(
            problems("epoch,acc\n1,2\n").first?.hasPrefix("c.csv:1: no column of the training loss; found epoch, acc")
                ?? false
        )
        #expect(
            problems("epoch,loss\n1,x\n2,1,5\n\n1,2\n0,3\n") == [
                "c.csv:2:2: not a number; found 'x'",
                "c.csv:3: the row has 2 fields, the header 2".replacing("has 2", with: "has 3"),
                "c.csv:6: epoch 0 comes after 1; allowed: rising epochs",
            ]
        )
        #expect(problems("epoch,loss,val_loss\n1,,3\n") == ["c.csv:2: the epoch has no training loss"])
        #expect(problems("epoch,loss\n") == ["c.csv:1: a header and no epoch; allowed: a row an epoch"])
    }

    @Test func `no text traps`() {
        for text in [
            "\u{FEFF}epoch,loss\n1,2", ",,,\n,,,", "\"epoch\",\"loss\"\n\"1\",\"2\"", "epoch,loss\n1e999,1e999",
            "loss\n\n\n",
        ] {
            _ = problems(text)
        }
        #expect(problems("\u{FEFF}epoch,loss\n1,2").isEmpty)
    }
}
