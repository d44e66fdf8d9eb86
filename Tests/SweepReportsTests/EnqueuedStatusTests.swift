import SweepReports
import Testing

/// What `status` says of configurations that were enqueued.
@Suite struct EnqueuedStatusTests {
    @Test func `it tells how many wait, and which the end came before; without any it says nothing`() throws {
        var status = Samples.status
        #expect(!status.plainText().contains("enqueued"))
        for (count, state, line) in [
            (2, "running", "enqueued 2 configurations that come next"),
            (1, "paused", "enqueued 1 configuration that comes next"),
            (1, "cancelled", "enqueued 1 configuration that the search ended before"),
        ] {
            (status.enqueued, status.state) = (count, state)
            #expect(status.plainText().split(separator: "\n").contains { $0 == line }, "\(status.plainText())")
            #expect(try StatusDocument(json: JSONValue(parsing: status.json.bytes)) == status)
        }
    }

    @Test func `of a coordinator that does not say it none wait`() throws {
        let json = String(decoding: Samples.status.json.bytes, as: UTF8.self)
        let before = json.replacing("\"enqueued\":0, ", with: "")
        #expect(before != json)
        #expect(try StatusDocument(json: JSONValue(parsing: Array(before.utf8))).enqueued == 0)
    }
}
