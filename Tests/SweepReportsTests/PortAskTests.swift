import SweepCore
import SweepReports
import Testing

/// What programs that ask for trials send to the coordinator's port.
@Suite struct PortAskTests {
    private func read(_ verb: String, _ body: String) throws(ControlError) -> AskRequest.OfPort {
        try AskRequest.ofPort(verb: verb, body: Array(body.utf8))
    }

    @Test func `a request names its sweep and says what it says over HTTP`() throws {
        let loss = try #require(Metric(rawValue: "loss"))
        #expect(try read("ask", #"{"sweep": "branin"}"#) == .ask(sweep: "branin", asker: AskRequest.usualAsker))
        #expect(try read("ask", #"{"asker": "lab", "sweep": "branin"}"#) == .ask(sweep: "branin", asker: "lab"))
        var tell = Tell(trial: 3, attempt: 2)
        #expect(try read("report", #"{"sweep": "b", "trial": 3, "attempt": 2}"#) == .tell(sweep: "b", tell))
        tell.epoch = 4
        tell.values = [loss: 0.5]
        let report = #""trial": 3, "attempt": 2, "epoch": 4, "values": {"loss": 0.5}"#
        #expect(try read("report", "{\"sweep\": \"b\", \(report)}") == .tell(sweep: "b", tell))
        #expect(try AskRequest.report(Array("{\(report)}".utf8)) == tell)
        tell.end = .completed
        #expect(try read("tell", "{\"sweep\": \"b\", \(report)}") == .tell(sweep: "b", tell))
        tell.end = .handedBack
        #expect(try read("tell", "{\"sweep\": \"b\", \(report), \"hand_back\": true}") == .tell(sweep: "b", tell))
    }

    @Test(arguments: [
        ("ask", "{}"), ("ask", ""), ("ask", #"{"sweep": 3}"#), ("ask", #"{"sweep": "b", "trial": 1}"#),
        ("ask", #"{"sweep": "b", "asker": ""}"#), ("report", #"{"sweep": "b", "trial": 1}"#),
        ("report", #"{"sweep": "b", "trial": 1, "attempt": 1, "failed": "why"}"#),
        ("tell", #"{"trial": 1, "attempt": 1}"#), ("tell", "nonsense"),
        ("tell", #"{"sweep": "b", "trial": 1, "attempt": 1, "failed": "why", "hand_back": true}"#),
    ])
    func `a wrong request is bad input`(_ verb: String, _ body: String) {
        let error = #expect(throws: ControlError.self) { try read(verb, body) }
        #expect(error?.code == .badInput)
    }

    @Test func `over HTTP the path alone names the sweep`() {
        #expect(throws: ControlError.self) { try AskRequest.asker(Array(#"{"sweep": "b"}"#.utf8)) }
        #expect(throws: ControlError.self) {
            try AskRequest.tell(Array(#"{"sweep": "b", "trial": 1, "attempt": 1}"#.utf8))
        }
    }

    @Test func `no word means one thing to those who ask and another to those who steer`() {
        #expect(Set(AskRequest.verbs).isDisjoint(with: ControlRequest.verbs))
        #expect(ControlRequest.readingVerbs.isDisjoint(with: AskRequest.verbs))
    }
}
