import SweepReports
import Testing

/// Sentences on a terminal.
@Suite struct ProseTests {
    @Test func `long lines are folded between words, under what they continue`() {
        let text = """
            verdict   learning rate too high (not confirmed)
                      S-DEAD: most units of the first layer rest
            Rule: all come to a level before the best go on.

            """
        #expect(
            Prose.folded(text, width: 30) == """
                verdict   learning rate too
                          high (not confirmed)
                          S-DEAD: most units
                          of the first layer
                          rest
                Rule: all come to a level
                before the best go on.

                """
        )
        // Nobody's terminal, or one that is wide enough.
        #expect(Prose.folded(text, width: nil) == text && Prose.folded(text, width: 52) == text)
    }

    @Test func `no line is longer than the terminal, whatever its width`() {
        let text = "trial 7  rate 0.07  batch 64   loss 0.116 (best of the sweep 0.0771)\nprune    as many go on as fit"
        for width in 20...90 {
            let folded = Prose.folded(text, width: width)
            #expect(folded.split(separator: "\n").allSatisfy { $0.count <= width }, "\(width)")
            #expect(folded.split(whereSeparator: \.isWhitespace) == text.split(whereSeparator: \.isWhitespace))
        }
    }

    @Test func `tables, what is to be copied, and code stay as they are`() {
        let table = """
            place  configuration  a number
            ─────  ─────────────  ────────
                1  a long word          12
                2  and another          13
            """
        #expect(Prose.folded(table, width: 20) == table)
        // What follows a table is a sentence again.
        #expect(
            Prose.folded(table + "\nno row of the table above", width: 20) == table + "\nno row of the table\nabove"
        )
        let copied = "          --set 'train.optimizer.adam.learning_rate=0.00746' --set 'train.batch_size=64'"
        #expect(Prose.folded(copied, width: 40) == copied)
        let code = "not known single steps: `sweepd why FILE` trains"
        #expect(Prose.folded(code, width: 30) == "not known single steps:\n`sweepd why FILE` trains")
        #expect(Prose.folded("one ` alone is no code at all", width: 20) == "one ` alone is no\ncode at all")
    }
}
