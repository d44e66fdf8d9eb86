import SweepCore

/// Walks over the fields of a protobuf message in bytes that outlive it; never reads beyond them.
///
/// Each function takes what it names and answers nil, for good, when that is not what comes next.
struct FieldReader {
    private let base: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { base = bytes }

    /// Bytes in all, read or not.
    var count: Int { base.count }
    var isEmpty: Bool { position == base.count }
    /// All bytes.
    var array: [UInt8] { [UInt8](base) }

    /// The bytes that are not read yet.
    var rest: FieldReader { FieldReader(UnsafeRawBufferPointer(rebasing: base[position...])) }

    /// Passes over all that is not read yet.
    mutating func skipRest() { position = base.count }

    /// The number at an index of those that the bytes are, 8 a number.
    func double(_ index: Int) -> Double {
        Double(bitPattern: UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))
    }

    /// The numbers at these indices.
    func doubles(_ indices: Range<Int>) -> [Double] {
        // All empty arrays share one storage, to which an array made by its capacity writes, also of capacity 0: a race of threads.
        if indices.isEmpty { return [] }
        return [Double](unsafeUninitializedCapacity: indices.count) { target, initialized in
            for index in indices { target.initializeElement(at: index - indices.lowerBound, to: double(index)) }
            initialized = indices.count
        }
    }

    func hasSameBytes(as other: FieldReader) -> Bool {
        base.count == other.base.count && base.elementsEqual(other.base)
    }

    /// A field's key: its number times 8 and its wire type. Keys of two bytes are for the thorough reader.
    mutating func key() -> UInt64? {
        guard position < base.count, base[position] < 0x80 else { return nil }
        defer { position += 1 }
        return UInt64(base[position])
    }

    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < base.count, shift < 64 {
            let byte = base[position]
            position += 1
            // The tenth byte has one bit to give.
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    mutating func fixed64() -> UInt64? {
        guard base.count - position >= 8 else { return nil }
        defer { position += 8 }
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// A field of bytes, as a reader of its own.
    mutating func bytes() -> FieldReader? {
        guard let length = varint(), length <= UInt64(base.count - position) else { return nil }
        defer { position += Int(length) }
        return FieldReader(UnsafeRawBufferPointer(rebasing: base[position..<position + Int(length)]))
    }

    /// Adds the bytes, 8 a number, to `numbers`.
    func append(to numbers: inout [Double]) {
        #if _endian(little)
            // Copied as they are: they need not stand at a multiple of 8.
            let start = numbers.count
            let count = base.count / 8
            numbers.append(contentsOf: repeatElement(0, count: count))
            numbers.withUnsafeMutableBytes { target in
                UnsafeMutableRawBufferPointer(rebasing: target[(start * 8)...]).copyMemory(from: base)
            }
        #else
            for index in 0..<base.count / 8 {
                let bits = base.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
                numbers.append(Double(bitPattern: UInt64(littleEndian: bits)))
            }
        #endif
    }

    /// A trial's number: what `Check.integer` allows.
    private mutating func number() -> Int? {
        guard let value = varint(), value <= UInt64(Int32.max) else { return nil }
        return Int(value)
    }

    /// A number that proto3 leaves out when it is 0.
    mutating func optionalNumber(_ wanted: UInt64) -> Int? {
        var ahead = self
        guard ahead.key() == wanted else { return 0 }
        self = ahead
        return number()
    }

    mutating func optionalFixed64(_ wanted: UInt64) -> UInt64? {
        var ahead = self
        guard ahead.key() == wanted else { return 0 }
        self = ahead
        return fixed64()
    }

    /// A `sweepd.wire.LeaseId`, whole.
    mutating func lease() -> LeaseID? {
        guard let trial = trialFields(), key() == 0x18, let attempt = varint(), let attempt = UInt32(exactly: attempt),
            isEmpty
        else { return nil }
        return LeaseID(trial: trial, attempt: Attempt(rawValue: attempt))
    }

    /// A `TrialId`, whole.
    mutating func trial() -> TrialID? {
        guard let trial = trialFields(), isEmpty else { return nil }
        return trial
    }

    private mutating func trialFields() -> TrialID? {
        guard key() == 0x08, let sweep = varint(), let sweep = UInt32(exactly: sweep), key() == 0x10,
            let number = number()
        else { return nil }
        return TrialID(sweep: SweepID(rawValue: sweep), number: number)
    }

    /// A `Worker`, whole.
    mutating func worker() -> WorkerID? {
        guard key() == 0x0a, let name = bytes(), key() == 0x11, let incarnation = fixed64(), isEmpty,
            let text = name.text
        else { return nil }
        return WorkerID(name: text, incarnation: incarnation)
    }

    /// All bytes as text; nil when they are none.
    var text: String? { String(validating: array, as: UTF8.self) }

    /// The fact whose field in `Fact` has this key, for the kinds that there are several of in each trial.
    mutating func simpleFact(_ kind: UInt64) -> Fact? {
        switch kind {
        case 0x22: segmentDecided()
        case 0x2a: leased()
        case 0x42: segmentResolved()
        case 0x4a: superseded()
        case 0x52: completed()
        default: nil
        }
    }

    private mutating func segmentDecided() -> Fact? {
        guard key() == 0x0a, var form = bytes(), let trial = form.trial(), let from = optionalNumber(0x10),
            let to = optionalNumber(0x18), let end = optionalFixed64(0x21)
        else { return nil }
        var order = 0
        if !isEmpty {
            guard key() == 0x28, let value = varint(), value <= 1 << 53, isEmpty else { return nil }
            order = Int(value)
        }
        guard Double(bitPattern: end).isFinite else { return nil }
        return .segmentDecided(trial, from: from, to: to, virtualEnd: Double(bitPattern: end), order: order)
    }

    private mutating func leased() -> Fact? {
        guard key() == 0x0a, var form = bytes(), let lease = form.lease(), key() == 0x12, var name = bytes(),
            let worker = name.worker(), let from = optionalNumber(0x18), let to = optionalNumber(0x20),
            lease.attempt.rawValue < 1 << 31
        else { return nil }
        var kernels = ""
        if !isEmpty {
            guard key() == 0x2a, let text = bytes()?.text, isEmpty else { return nil }
            kernels = text
        }
        return .leased(lease, worker: worker, from: from, to: to, kernels: kernels)
    }

    private mutating func segmentResolved() -> Fact? {
        guard key() == 0x0a, var form = bytes(), let trial = form.trial(), let epoch = optionalNumber(0x10),
            let cost = optionalFixed64(0x19), isEmpty
        else { return nil }
        return .segmentResolved(trial, epoch: epoch, cost: Double(bitPattern: cost))
    }

    private mutating func superseded() -> Fact? {
        guard key() == 0x0a, var form = bytes(), let lease = form.lease(), key() == 0x2a, let end = bytes(),
            end.count == 0,
            isEmpty
        else { return nil }
        return .leaseEnded(lease, .superseded)
    }

    private mutating func completed() -> Fact? {
        guard key() == 0x0a, var form = bytes(), let trial = form.trial(), key() == 0x12, let end = bytes(),
            end.count == 0,
            isEmpty
        else { return nil }
        return .trialEnded(trial, .completed)
    }
}
