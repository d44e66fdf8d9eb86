import SweepCoordinator
import SweepMessaging
import Testing

@Suite struct RequestsUnderWayTests {
    @Test func `of one connection no more requests are answered at once than may, and the others are not held up`() {
        var requests = RequestsUnderWay()
        let (one, other) = (ConnectionID(number: 1), ConnectionID(number: 2))
        for _ in 0..<RequestsUnderWay.ofConnection { #expect(requests.begin(of: one) == true) }
        #expect(requests.begin(of: one) == false)
        #expect(requests.begin(of: other) == true)
        // An answer makes room for one.
        requests.end(of: one)
        #expect(requests.begin(of: one) == true)
        #expect(requests.begin(of: one) == false)
        // Nothing is kept of who waits for nothing.
        for _ in 0..<RequestsUnderWay.ofConnection { requests.end(of: one) }
        #expect(requests.connections == 1)
        requests.end(of: other)
        requests.end(of: other)
        #expect(requests.connections == 0)
    }
}
