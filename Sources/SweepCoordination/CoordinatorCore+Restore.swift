package import SweepCore
package import SweepWire

extension CoordinatorCore {
    /// Applies the facts of one entry of the journal while the store is replayed; throws for bytes that no version that is
    /// read here wrote, and has then applied nothing of them.
    package mutating func restore(entry bytes: [UInt8]) throws(WireError) {
        restore(try JournalCodec.row(bytes))
    }
}

extension Event {
    /// The event that a worker's message is, when the coordinator keeps these objects.
    ///
    /// The end of a segment loses a checkpoint that is not kept: without it the trial goes on from the one before, to the
    /// same bits.
    package static func arrived(_ message: Message, from peer: PeerID, keeps: (ContentHash) -> Bool) -> Event {
        guard case .segmentEnded(var end) = message, let checkpoint = end.checkpoint, !keeps(checkpoint.hash) else {
            return .message(message, from: peer)
        }
        end.checkpoint = nil
        return .message(.segmentEnded(end), from: peer)
    }
}
