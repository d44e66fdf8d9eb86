import Logging
import SweepCore
import SweepWire

/// A worker's messages in its log: with the coordinator's log they tell what was under way when something happened.
extension Logger {
    /// What was just handed to the socket.
    func note(sent message: SweepWire.Message) {
        guard logLevel <= .debug else { return }
        switch message {
        case .register(let register): debug("registration sent", metadata: ["worker.id": "\(register.worker.name)"])
        case .reports(let reports):
            for item in reports.items {
                debug(
                    "epochs sent",
                    metadata: [
                        "message.sequence": "\(reports.sequence)", "lease.id": "\(item.lease)",
                        "lease.epoch": "\(item.observations.last?.epoch ?? 0)",
                    ]
                )
            }
        case .segmentEnded(let end):
            debug(
                "end sent",
                metadata: [
                    "message.sequence": "\(end.sequence)", "lease.id": "\(end.lease)", "lease.epoch": "\(end.epoch)",
                ]
            )
        case .objectOffer(let offer): debug("checkpoint offered", metadata: ["object.hash": "\(offer.hash)"])
        default: break
        }
    }

    /// What came from the coordinator.
    func note(received message: SweepWire.Message) {
        switch message {
        case .welcome(let welcome):
            notice("registered", metadata: ["message.sequence": "\(welcome.lastSequence)"])
        case .acknowledged(let acknowledged):
            debug("acknowledged", metadata: ["message.sequence": "\(acknowledged.sequence)"])
        default: break
        }
    }
}
