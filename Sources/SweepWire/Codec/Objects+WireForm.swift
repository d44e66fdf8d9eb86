import SweepCore

extension Problem: WireForm {
    func form() -> Sweepd_Wire_Problem {
        var form = Sweepd_Wire_Problem()
        form.kind = UInt32(kind)
        form.code = code.rawValue
        form.sentence = Check.head(sentence, limit: WireLimits.sentence)
        return form
    }

    init(_ form: Sweepd_Wire_Problem) throws(WireError) {
        self.init(
            kind: UInt8(clamping: form.kind),
            code: ProblemCode(rawValue: form.code) ?? .unspecified,
            sentence: try Check.text(form.sentence, "a sentence", limit: WireLimits.sentence)
        )
    }
}

extension Goodbye: WireForm {
    func form() -> Sweepd_Wire_Goodbye {
        var form = Sweepd_Wire_Goodbye()
        form.reason = Check.head(reason, limit: WireLimits.sentence)
        return form
    }

    init(_ form: Sweepd_Wire_Goodbye) throws(WireError) {
        self.init(reason: try Check.text(form.reason, "a reason", limit: WireLimits.sentence))
    }
}

extension ObjectOffer: WireForm {
    func form() -> Sweepd_Wire_ObjectOffer {
        var form = Sweepd_Wire_ObjectOffer()
        form.hash = field(hash.bytes)
        form.size = UInt64(clamping: size)
        form.head = field(head)
        return form
    }

    init(_ form: Sweepd_Wire_ObjectOffer) throws(WireError) {
        let size = try Check.integer(form.size, "an object's size", in: 0...WireLimits.object)
        guard form.head.count <= min(size, WireLimits.chunk) else {
            throw .undecodable("a head of \(form.head.count) bytes for an object of \(size)")
        }
        self.init(hash: try Check.hash(form.hash), size: size, head: array(form.head))
    }
}

extension ObjectRequest: WireForm {
    func form() -> Sweepd_Wire_ObjectRequest {
        var form = Sweepd_Wire_ObjectRequest()
        form.hash = field(hash.bytes)
        form.offset = UInt64(clamping: offset)
        form.length = UInt64(clamping: length)
        return form
    }

    init(_ form: Sweepd_Wire_ObjectRequest) throws(WireError) {
        self.init(
            hash: try Check.hash(form.hash),
            offset: try Check.integer(form.offset, "an offset", in: 0...WireLimits.object),
            length: try Check.integer(form.length, "a length", in: 1...WireLimits.window)
        )
    }
}

extension ObjectChunk: WireForm {
    func form() -> Sweepd_Wire_ObjectChunk {
        var form = Sweepd_Wire_ObjectChunk()
        form.hash = field(hash.bytes)
        form.offset = UInt64(clamping: offset)
        form.total = UInt64(clamping: total)
        form.bytes = field(bytes)
        return form
    }

    init(_ form: Sweepd_Wire_ObjectChunk) throws(WireError) {
        let total = try Check.integer(form.total, "an object's size", in: 0...WireLimits.object)
        let offset = try Check.integer(form.offset, "an offset", in: 0...total)
        guard form.bytes.count <= min(total - offset, WireLimits.chunk) else {
            throw .undecodable("\(form.bytes.count) bytes at \(offset) of an object of \(total)")
        }
        self.init(hash: try Check.hash(form.hash), offset: offset, total: total, bytes: array(form.bytes))
    }
}

extension ObjectStored: WireForm {
    func form() -> Sweepd_Wire_ObjectStored {
        var form = Sweepd_Wire_ObjectStored()
        form.hash = field(hash.bytes)
        return form
    }

    init(_ form: Sweepd_Wire_ObjectStored) throws(WireError) {
        self.init(hash: try Check.hash(form.hash))
    }
}

extension ObjectMissing: WireForm {
    func form() -> Sweepd_Wire_ObjectMissing {
        var form = Sweepd_Wire_ObjectMissing()
        form.hash = field(hash.bytes)
        return form
    }

    init(_ form: Sweepd_Wire_ObjectMissing) throws(WireError) {
        self.init(hash: try Check.hash(form.hash))
    }
}
