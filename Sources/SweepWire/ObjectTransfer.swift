package import SweepCore

/// The receiving side of one object: asks for window after window and puts the chunks together.
///
/// Whoever lacks the bytes sets the pace, so at most one window is ever on its way.
package struct ObjectDownload: Sendable {
    /// How long to wait for a chunk before asking again.
    package static let patience: Duration = .seconds(5)

    package let hash: ContentHash
    package let size: Int
    /// What has arrived, from the object's start; empty when each piece is handed on as it comes.
    package private(set) var bytes: [UInt8]
    /// How many bytes have arrived.
    package private(set) var received: Int
    /// Whether what arrives is held here.
    package let holdsBytes: Bool
    /// How many of the bytes that were handed on are put away.
    private var kept = 0
    private var askedTo: Int
    /// When to ask again.
    package private(set) var deadline: Instant

    /// Starts with the object's first bytes, if the other side offered some.
    ///
    /// `holdsBytes` is false for an object that is too large for memory: then what `add` takes is the caller's to keep, who says
    /// so by `putAway(upTo:at:)`. Nothing more is asked for before, so that one window at most waits for a slow disk.
    package init(hash: ContentHash, size: Int, head: [UInt8] = [], holdsBytes: Bool = true, at now: Instant) {
        self.hash = hash
        self.size = size
        bytes = head.count <= size ? head : []
        received = bytes.count
        self.holdsBytes = holdsBytes
        askedTo = 0
        deadline = now.advanced(by: Self.patience)
    }

    /// Whether every byte is there; their hash is still to be checked.
    package var isWhole: Bool { received == size }

    /// Whether what arrived has yet to be put away.
    private var isWaiting: Bool { !holdsBytes && kept < received }

    /// The request to send now; nil while a window is on its way or being put away, and when the object is whole.
    package mutating func request(at now: Instant) -> ObjectRequest? {
        guard !isWhole, received >= askedTo, !isWaiting else { return nil }
        return ask(at: now)
    }

    /// The first bytes that were handed on, up to `end`, are put away.
    package mutating func putAway(upTo end: Int, at now: Instant) {
        // What was said of a download that was given up may come late.
        guard end > kept, end <= received else { return }
        kept = end
        deadline = now.advanced(by: Self.patience)
    }

    /// Adds a chunk, if it is the one that comes next; false for any other.
    package mutating func add(_ chunk: ObjectChunk, at now: Instant) -> Bool {
        guard chunk.hash == hash, chunk.total == size, chunk.offset == received, !chunk.bytes.isEmpty,
            chunk.bytes.count <= size - received
        else { return false }
        if holdsBytes { bytes.append(contentsOf: chunk.bytes) }
        received += chunk.bytes.count
        deadline = now.advanced(by: Self.patience)
        return true
    }

    /// The request for what is missing, when no chunk came for too long.
    package mutating func tick(at now: Instant) -> ObjectRequest? {
        guard !isWhole, now >= deadline else { return nil }
        guard !isWaiting else {
            deadline = now.advanced(by: Self.patience)
            return nil
        }
        return ask(at: now)
    }

    /// The request for what is missing: on a new connection.
    package mutating func ask(at now: Instant) -> ObjectRequest {
        askedTo = min(size, received + WireLimits.window)
        deadline = now.advanced(by: Self.patience)
        return ObjectRequest(hash: hash, offset: received, length: max(1, askedTo - received))
    }
}

extension ObjectRequest {
    /// The chunks that answer this request for an object of `total` bytes; `read` gives the bytes of a range.
    package func chunks(total: Int, read: (Range<Int>) throws -> [UInt8]) rethrows -> [ObjectChunk] {
        let end = min(total, offset + min(length, WireLimits.window))
        guard offset < end else {
            return [ObjectChunk(hash: hash, offset: min(offset, total), total: total, bytes: [])]
        }
        return try stride(from: offset, to: end, by: WireLimits.chunk).map { start in
            let range = start..<min(end, start + WireLimits.chunk)
            return ObjectChunk(hash: hash, offset: start, total: total, bytes: try read(range))
        }
    }

    /// The chunks that answer this request for an object in memory.
    package func chunks(of bytes: [UInt8]) -> [ObjectChunk] {
        chunks(total: bytes.count) { Array(bytes[$0]) }
    }
}

extension ObjectOffer {
    /// The offer of an object in memory; a small one is whole in it.
    package init(hash: ContentHash, bytes: [UInt8]) {
        self.init(hash: hash, size: bytes.count, head: Array(bytes.prefix(WireLimits.chunk)))
    }

    /// The same offer again: its bytes may still be on their way, so that it has none of a large object.
    package var again: ObjectOffer { head.count == size ? self : ObjectOffer(hash: hash, size: size, head: []) }
}

/// The sending side of one object on one connection: when to offer it again, and which requests to answer.
///
/// On a slow link an offer has no answer for long because the window that was asked for is still going out. Each offer is answered with a
/// request: if each of these were answered with a window, as many would go out as there were offers.
package struct ObjectUpload: Hashable, Sendable {
    /// The longest pause between two offers.
    package static let longestPause: Duration = .seconds(40)

    /// How long to wait for an answer before offering again: 5, 10, 20 … seconds.
    package private(set) var pause = ObjectDownload.patience
    /// Offers that were repeated and whose requests were not passed over.
    private var repeats = 0
    /// Where the request began that was answered last, if nothing was offered since.
    private var answered: Int?

    /// Begins with an offer.
    package init() {}

    /// It is offered again: the next answer may take twice as long, up to a limit.
    package mutating func offerAgain(longest: Duration = longestPause) {
        pause = min(pause * 2, longest)
        repeats += 1
        answered = nil
    }

    /// Whether a request is to be answered: not when it only repeats one whose bytes went out after the last offer.
    ///
    /// Messages of a connection are answered in order: a request that answers an offer knows of everything that was sent before it.
    package mutating func answers(_ request: ObjectRequest) -> Bool {
        if request.offset == answered, repeats > 0 {
            repeats -= 1
            return false
        }
        answered = request.offset
        return true
    }

    /// The other side could not take it, and said so at once: nothing is on its way.
    package mutating func refused() { pause = ObjectDownload.patience }
}
