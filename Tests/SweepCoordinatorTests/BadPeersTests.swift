import SweepCoordinator
import SweepMessaging
import Testing

@Suite struct BadPeersTests {
    @Test func `a peer is told of once for each reason, and again when the list changed`() {
        var peers = BadPeers()
        #expect(peers.tells(.denied, who: "key") == .first)
        for _ in 0..<100 { #expect(peers.tells(.denied, who: "key") == .again) }
        #expect(peers.tells(.undecodable, who: "key") == .first)
        #expect(peers.tells(.denied, who: "other") == .first)
        peers.forgetTold()
        #expect(peers.tells(.denied, who: "key") == .first)
    }

    @Test func `very many peers make one last line, not one each`() {
        var peers = BadPeers()
        let tellings = (0..<10_000).map { peers.tells(.handshake, who: "\($0)") }
        #expect(tellings.count { $0 == .first } == 1_024)
        #expect(tellings.count { $0 == .tooMany } == 1)
    }

    @Test func `a connection that goes on is cut off, once, and no other is`() {
        var peers = BadPeers()
        let bad = ConnectionID(number: 1)
        let honest = ConnectionID(number: 2)
        let cut = (1...BadPeers.patience + 10).map { _ in peers.offended(by: bad) }
        #expect(cut.count { $0 } == 1 && cut[BadPeers.patience - 1])
        #expect(peers.isCutOff(bad) && !peers.isCutOff(honest))
        // One unreadable message is what a worker of another version sends.
        #expect(!peers.offended(by: honest) && !peers.isCutOff(honest))
    }

    @Test func `connections without end fill nothing`() {
        var peers = BadPeers()
        for number in 0..<100_000 {
            _ = peers.offended(by: ConnectionID(number: UInt32(number)))
            _ = peers.tells(.undecodable, who: "peer \(number)")
            guard peers.size.connections <= BadPeers.remembered, peers.size.lines <= 1_025 else {
                Issue.record("after \(number + 1) connections \(peers.size) are remembered")
                return
            }
        }
        #expect(peers.size.connections > 0 && peers.size.lines == 1_025)
        let last = ConnectionID(number: 100_000)
        for _ in 0..<BadPeers.patience { _ = peers.offended(by: last) }
        #expect(peers.isCutOff(last))
    }
}
