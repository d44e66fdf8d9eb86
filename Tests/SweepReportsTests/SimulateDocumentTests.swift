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

    @Test func `where hopeless trials are stopped the table counts them, and else says nothing of them`() {
        #expect(document.table().rows.allSatisfy { $0.count == 10 })
        #expect(document.json.text().contains(#""hopeless":null"#))
        var methods = document.methods
        methods[1] = .init(
            name: "none and",
            studies: methods[1].studies.map { study in
                .init(
                    task: study.task,
                    budget: 0.5,
                    regret: study.regret,
                    isBest: true,
                    time: 50,
                    hopeless: .init(stopped: 4, stoppedBetter: 1, spared: 3, sparedBetter: 2)
                )
            }
        )
        let counted = SimulateDocument(methods: methods)
        #expect(Array(counted.table().rows[0][10...]) == ["–", "–", "–", "–"])
        // 0.5 − 0.1 and 0.5 − 0.3, of which the mean is 0.3.
        #expect(counted.table().rows[1][10] == "0.3000")
        #expect(Array(counted.table().rows[1][12...]) == ["8 (2)", "6 (4)"])
        let text = counted.json.text()
        #expect(text.contains(#""hopeless":{"stopped":8, "stopped_better":2, "spared":6, "spared_better":4}"#))
        #expect(text.contains(#""budget_difference":0.3"#))
    }

    @Test func `a mean of one study has no interval`() {
        let one = SimulateDocument(methods: [.init(name: "x", studies: [document.methods[0].studies[0]])])
        #expect(one.json.text().contains(#""regret_interval":null"#))
    }
}
