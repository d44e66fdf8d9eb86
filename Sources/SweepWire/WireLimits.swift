/// What bounds a message, from `docs/protocol.md` §2, §8 and §10; each limit is checked before its bytes are decoded.
package enum WireLimits {
    /// Bytes of a header frame.
    package static let header = 6
    /// Bytes of an object in one chunk: a few per round trip fill a network, and one blocks the port for under a
    /// millisecond at a gigabit a second.
    package static let chunk = 256 * 1024
    /// Bytes of an object that may be asked for at once; what a port holds in flight for one peer.
    package static let window = 1024 * 1024
    /// Bytes of the largest object: a data set, which neither side holds in memory when it is large.
    package static let object = 16 * 1024 * 1024 * 1024
    /// Bytes of the largest checkpoint, which sender and receiver hold in memory.
    package static let checkpoint = 256 * 1024 * 1024
    /// Bytes of a whole tree, alone.
    package static let tree = 1024 * 1024
    /// Levels of a tree; sweep files have about ten.
    package static let treeDepth = 64
    /// Nodes of a tree.
    package static let treeNodes = 65_536
    /// Fields in the outermost message, counted before decoding: a field of two bytes costs a hundred in memory.
    package static let fields = 65_536
    /// Leases, report items, progress entries or data sets in one message.
    package static let entries = 16_384
    /// Epochs of one trial in one report item.
    package static let epochs = 65_536
    package static let metrics = 64
    /// Seconds of an epoch: some thirty years. Sums of times stay numbers that a duration can hold.
    package static let epochSeconds = 0.0...1e9
    /// Notes in one report item.
    package static let notes = 1024
    /// Readings in one report item: one of each power of two, and one of a segment's end, are half as many.
    package static let readings = 64
    package static let labels = 68
    /// Bytes of a name, host, version, label or verb.
    package static let name = 256
    /// Bytes of a sentence or reason.
    package static let sentence = 4096
    /// Bytes of a log's tail.
    package static let log = 64 * 1024
    /// Bytes of one row of the journal.
    package static let journal = 64 * 1024 * 1024
}

extension MessageKind {
    /// The most bytes a body of this kind may have.
    package var bodyLimit: Int {
        switch self {
        case .problem, .goodbye: 64 * 1024
        case .objectOffer, .objectChunk: WireLimits.chunk + 1024
        case .objectRequest, .objectStored, .objectMissing: 1024
        case .heartbeatAnswer, .acknowledged, .drain, .unknownSession: 1024
        case .register, .heartbeat, .draining, .welcome, .verdicts: 1024 * 1024
        case .segmentEnded: 256 * 1024
        case .reports, .assignments: 4 * 1024 * 1024
        case .request, .response: 16 * 1024 * 1024
        }
    }
}

extension MessageKind {
    /// The field of a body whose entries have fields that may come any number of times themselves, and how many fields all entries
    /// may have together; nil where none has.
    ///
    /// Twice what the fullest message has of 16,384 report items without notes; assignments name up to 64 metrics each, in texts.
    var inner: (field: UInt64, limit: Int)? {
        switch self {
        case .reports: (2, 196_608)
        case .assignments: (1, 524_288)
        default: nil
        }
    }
}
