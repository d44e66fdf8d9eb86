import SweepCore
import SweepReports
import SweepSearch
import Testing

@Suite struct HopelessDocumentTests {
    private static let exploded = Hopelessness(
        kind: .exploded,
        epoch: 12,
        metric: .validationLoss,
        value: 5000,
        start: 0.5,
        isChance: true,
        epochs: 10
    )

    private static func document(_ hopelessness: Hopelessness?) -> ExplanationDocument {
        let whole = Samples.explanation
        return ExplanationDocument(
            sweep: whole.sweep,
            objective: whole.objective,
            state: .pruned(.hopeless),
            method: whole.method,
            picked: whole.picked,
            rule: whole.rule,
            explanation: TrialExplanation(
                trial: 17,
                configuration: whole.explanation.configuration,
                reason: whole.explanation.reason,
                firstRun: 17,
                results: 0,
                pending: 0,
                neighbours: [],
                standings: [
                    .init(
                        epoch: 27,
                        objective: .infinity,
                        place: 4,
                        of: 4,
                        best: 0.1,
                        median: 0.2,
                        wentOn: 0,
                        verdict: .hopeless
                    )
                ],
                hopelessness: hopelessness
            )
        )
    }

    @Test func `explain says what was seen, by how much and for how long`() throws {
        let document = Self.document(Self.exploded)
        let text = document.plainText(width: nil)
        #expect(text.contains("Stopped at epoch 12: validation.loss "))
        #expect(text.contains(" times the loss of guessing, "))
        #expect(text.contains("and in 10 epochs it has not come back and gets no lower."))
        #expect(text.contains("cannot recover"))
        let json = document.json
        #expect(try ExplanationDocument(json: json) == document)
        #expect(json.text().contains(#""hopeless":{"kind":"exploded", "epoch":12, "metric":"validation.loss", "#))
    }

    @Test func `a dead one is told otherwise, and of others nothing is said`() throws {
        let dead = Hopelessness(
            kind: .dead,
            epoch: 11,
            metric: .validationLoss,
            value: 2.25,
            start: 2.25,
            isChance: false,
            epochs: 10
        )
        #expect(
            Self.document(dead).plainText(width: nil).contains("to the last bit since the first epoch, for 10 epochs")
        )
        #expect(try ExplanationDocument(json: Self.document(dead).json) == Self.document(dead))
        let plain = Self.document(nil)
        #expect(!plain.plainText(width: nil).contains("Stopped at epoch"))
        #expect(plain.json.text().contains(#""hopeless":null"#))
    }
}
