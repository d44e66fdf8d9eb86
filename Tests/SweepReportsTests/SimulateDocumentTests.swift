import SweepReports
import Testing

@Suite struct SimulateDocumentTests {
    private let document = SimulateDocument(methods: [
        .init(
            name: "asha",
            studies: [
                .init(task: "a", budget: 0.1, regret: 0.2, isBest: false, time: 10),
                .init(task: "b", budget: 0.3, regret: 0, isBest: true, time: 30),
            ]
        ),
        .init(
            name: "none",
            studies: [
                .init(task: "a", budget: 1, regret: 0, isBest: true, time: 100),
                .init(task: "b", budget: 1, regret: 0, isBest: true, time: 100),
            ]
        ),
    ])

    @Test func `the table has a row a method, with differences to the first`() {
        let rows = document.table().rows
        #expect(rows.map { $0[0] } == ["asha", "none"])
        #expect(Array(rows[0][2...4]) == ["2", "0.200", "0.1000"])
        #expect(rows[0][6] == "50.0 %")
        #expect(rows[0][8] == "–")
        #expect(rows[1][8] == "-0.1000")
        #expect(document.table(byTask: true).rows.map { $0[1] } == ["all", "a", "b", "all", "a", "b"])
    }

    @Test func `the document says the same of all studies and of each task`() {
        let text = document.json.text()
        #expect(text.contains(#""method":"asha", "studies":2, "budget":0.2, "regret":0.1, "#))
        #expect(text.contains(#""task":"b", "studies":1, "budget":1.0"#))
        #expect(text.contains(#""regret_difference":-0.1"#))
    }

    @Test func `a mean of one study has no interval`() {
        let one = SimulateDocument(methods: [.init(name: "x", studies: [document.methods[0].studies[0]])])
        #expect(one.json.text().contains(#""regret_interval":null"#))
    }
}
