package import SweepCore

/// Everything that goes over the port, as values; `docs/protocol.md` says who sends what when.
package enum Message: Hashable, Sendable {
    // Either way.
    case problem(Problem)
    case goodbye(Goodbye)
    case objectOffer(ObjectOffer)
    case objectRequest(ObjectRequest)
    case objectChunk(ObjectChunk)
    case objectStored(ObjectStored)
    case objectMissing(ObjectMissing)
    // Worker to coordinator.
    case register(Register)
    case heartbeat(Heartbeat)
    case reports(Reports)
    case segmentEnded(SegmentEnded)
    case draining(Draining)
    // Coordinator to worker.
    case welcome(Welcome)
    case heartbeatAnswer
    case assignments(Assignments)
    case acknowledged(Acknowledged)
    case verdicts(Verdicts)
    case drain
    case unknownSession
    // Client to coordinator, and back.
    case request(ClientRequest)
    case response(ClientResponse)
}

/// The last byte of every header: what the body is.
package enum MessageKind: UInt8, CaseIterable, Sendable {
    case problem = 0x01
    case goodbye = 0x02
    case objectOffer = 0x03
    case objectRequest = 0x04
    case objectChunk = 0x05
    case objectStored = 0x06
    case objectMissing = 0x07
    case register = 0x10
    case heartbeat = 0x11
    case reports = 0x12
    case segmentEnded = 0x13
    case draining = 0x14
    case welcome = 0x20
    case heartbeatAnswer = 0x21
    case assignments = 0x22
    case acknowledged = 0x23
    case verdicts = 0x24
    case drain = 0x25
    case unknownSession = 0x26
    case request = 0x30
    case response = 0x31
}

/// "Your message was not acted upon": the answer to anything that cannot be read or is not allowed; never answered itself.
package struct Problem: Hashable, Sendable {
    /// The kind byte of the message this is about; 0 when there was none.
    package var kind: UInt8
    package var code: ProblemCode
    /// What is wrong, for people.
    package var sentence: String
    package init(kind: UInt8, code: ProblemCode, sentence: String) {
        self.kind = kind
        self.code = code
        self.sentence = sentence
    }
}

/// Why a message was not acted upon.
package enum ProblemCode: UInt32, CaseIterable, Sendable {
    /// A code that this version does not know.
    case unspecified = 0
    /// Not two frames, or a header of another length.
    case badFrames = 1
    case badMagic = 2
    /// The sentence names the version that is spoken here.
    case badVersion = 3
    case unknownKind = 4
    /// Larger than its kind may be.
    case tooLarge = 5
    case undecodable = 6
    /// A known message in the wrong state or from the wrong side.
    case notAllowed = 7
    /// The key's role may not do this.
    case forbidden = 8
    /// The registration was refused (the sentence says why) and trying again will not help.
    case refused = 9
}

/// The sender leaves; the connection may be forgotten at once.
package struct Goodbye: Hashable, Sendable {
    package var reason: String
    package init(reason: String) { self.reason = reason }
}

/// "I have these bytes for you": the receiver asks for what it lacks, or says that it has them stored.
package struct ObjectOffer: Hashable, Sendable {
    package var hash: ContentHash
    /// Bytes in total.
    package var size: Int
    /// The object's first bytes, at most one chunk; a small object is whole here and takes one round trip.
    package var head: [UInt8]
    package init(hash: ContentHash, size: Int, head: [UInt8]) {
        self.hash = hash
        self.size = size
        self.head = head
    }
}

/// "Send me these bytes of that object."
package struct ObjectRequest: Hashable, Sendable {
    package var hash: ContentHash
    package var offset: Int
    /// At most `WireLimits.window`; the answer is as many chunks as it takes, ending at the object's end if that comes first.
    package var length: Int
    package init(hash: ContentHash, offset: Int, length: Int) {
        self.hash = hash
        self.offset = offset
        self.length = length
    }
}

/// Some bytes of an object.
package struct ObjectChunk: Hashable, Sendable {
    package var hash: ContentHash
    package var offset: Int
    /// Bytes of the whole object.
    package var total: Int
    /// At most `WireLimits.chunk`.
    package var bytes: [UInt8]
    package init(hash: ContentHash, offset: Int, total: Int, bytes: [UInt8]) {
        self.hash = hash
        self.offset = offset
        self.total = total
        self.bytes = bytes
    }
}

/// "I have the whole object, checked against its hash, and it is durable if I am the coordinator."
package struct ObjectStored: Hashable, Sendable {
    package var hash: ContentHash
    package init(hash: ContentHash) { self.hash = hash }
}

/// "I do not have that object": the answer to a request for it.
package struct ObjectMissing: Hashable, Sendable {
    package var hash: ContentHash
    package init(hash: ContentHash) { self.hash = hash }
}
