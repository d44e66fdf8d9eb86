import Logging
import SweepCoordination
import SweepCore
import SweepMessaging
import SweepWire

extension Coordinator {
    private static let sweepStates = [SweepState.running, .paused, .finished, .cancelled, .halted("")].map(\.name)

    /// Sets what is a state and no count: called before the metrics are read.
    package func refreshGauges() {
        let workers = Array(core.workers.values)
        let connected = workers.filter { $0.connection != nil }
        metrics.set("sweepd_workers", connected.count, [("connected", "yes")])
        metrics.set("sweepd_workers", workers.count - connected.count, [("connected", "no")])
        let slots = connected.reduce(0) { $0 + ($1.introduction?.slots ?? 0) }
        let busy = connected.reduce(0) { $0 + core.busySlots(of: $1) }
        metrics.set("sweepd_slots", busy, [("busy", "yes")])
        metrics.set("sweepd_slots", slots - busy, [("busy", "no")])
        var states = Dictionary(uniqueKeysWithValues: Self.sweepStates.map { ($0, 0) })
        for sweep in core.sweeps.values { states[sweep.state.name, default: 0] += 1 }
        for (state, count) in states { metrics.set("sweepd_sweeps", count, [("state", state)]) }
        metrics.set("sweepd_segments_ready", core.sweeps.values.reduce(0) { $0 + $1.ready.count })
        metrics.set("sweepd_leases", workers.reduce(0) { $0 + $1.held.count })
        metrics.set("sweepd_effects_pending", pendingEffects)
        metrics.set("sweepd_objects_kept", kept.count)
    }

    /// What the port reports beside messages: counted, and told once for each peer.
    func report(_ event: ServerEvent) {
        switch event {
        case .denied(let denial):
            refuse(.denied, who: denial.key?.z85 ?? denial.address, "\(denial)", "peer turned away")
        case .rejected(let message):
            let who = message.key?.z85 ?? message.address
            switch message.reason {
            case .violation(let violation): refuse(.violation, who: who, "\(violation)", "message dropped")
            case .selfChosenRoutingID:
                refuse(.selfChosenRoutingID, who: who, "the peer named its own connection", "message dropped")
            case .revoked:
                refuse(.revoked, who: who, "the key was revoked", "peer shut out")
                // What it holds is given away when its time is up; nothing more is sent to it.
                if let connection = message.connection { handle(.unreachable(PeerID(number: connection.number))) }
            }
        // The authenticator has told of it, with the key.
        case .handshakeFailed(.notAllowed): break
        case .handshakeFailed(let failure):
            refuse(.handshake, who: "", "\(failure)", "handshake failed")
        case .allowListChanged(let change):
            // A key that was refused may be allowed now, and one that is refused now may have been told of before.
            badPeers.forgetTold()
            limitsTold = []
            logger.notice("list of allowed keys read again", metadata: ["keys.change": "\(change)"])
        case .connected, .disconnected: break
        }
    }

    /// Counts a refusal, and logs it the first time.
    func refuse(_ reason: BadPeers.Reason, who: String, _ why: String, _ message: String) {
        metrics.refused(reason)
        switch badPeers.tells(reason, who: who) {
        case .first:
            logger.warning("\(message)", metadata: ["peer.id": "\(who)", "peer.reason": "\(why)"])
        case .tooMany:
            logger.warning(
                "very many peers were refused; further ones are only counted",
                metadata: ["peer.reason": "\(reason.rawValue)"]
            )
        case .again: logger.debug("\(message)", metadata: ["peer.id": "\(who)", "peer.reason": "\(why)"])
        }
    }
}
