import SweepCore

/// What a worker has to say and has not numbered yet; reports gather here while earlier ones wait for the disk.
struct WorkerOutbox: Sendable {
    /// Bytes above which trainers are held up.
    static let byteLimit = 8 * 1024 * 1024
    /// Bytes of reports in one message: well below the limit of its kind.
    static let batchLimit = 512 * 1024
    /// Report items in one message.
    static let itemLimit = 4096

    enum Content: Sendable {
        case items([Reports.Item])
        case end(SegmentEnded)
    }

    struct Entry: Sendable {
        var content: Content
        /// About how many bytes it will have on the wire.
        var size: Int
    }

    private var entries: [Entry] = []
    private var first = 0

    /// Bytes that wait, about.
    private(set) var bytes = 0

    var isEmpty: Bool { first == entries.count }

    /// Adds epochs, to the batch at the end if it has room, to its last item if they follow it.
    mutating func append(_ item: Reports.Item) {
        let values = item.observations.reduce(40) { $0 + 8 * ($1.values.count + 1) }
        let notes = item.notes.reduce(values) { $0 + $1.text.utf8.count + 8 }
        let size = item.readings.reduce(notes) { $0 + $1.bytes.count + 4 }
        guard size <= Self.batchLimit || item.observations.count <= 1 else {
            let half = item.observations.count / 2
            append(item.part(0..<half))
            return append(item.part(half..<item.observations.count))
        }
        bytes += size
        if !isEmpty, case .items(var items) = entries[entries.count - 1].content,
            entries[entries.count - 1].size + size <= Self.batchLimit, items.count < Self.itemLimit
        {
            // Taken out first, so that appending does not copy the batch.
            entries[entries.count - 1].content = .items([])
            if let last = items.last, last.lease == item.lease,
                last.observations.count + item.observations.count <= WireLimits.epochs,
                last.notes.count + item.notes.count <= WireLimits.notes,
                last.readings.count + item.readings.count <= WireLimits.readings
            {
                items[items.count - 1].append(item)
            } else {
                items.append(item)
            }
            entries[entries.count - 1].content = .items(items)
            entries[entries.count - 1].size += size
        } else {
            entries.append(Entry(content: .items([item]), size: size))
        }
    }

    /// Adds the end of a lease, after everything that was observed before.
    mutating func append(_ end: SegmentEnded) {
        var size = 128
        if case .failed(let reason, let log) = end.outcome { size += reason.utf8.count + log.utf8.count }
        if case .died(let reason, let log) = end.outcome { size += reason.utf8.count + log.utf8.count }
        bytes += size
        entries.append(Entry(content: .end(end), size: size))
    }

    /// Takes out what comes first.
    mutating func next() -> Entry? {
        guard !isEmpty else { return nil }
        let entry = entries[first]
        first += 1
        bytes -= entry.size
        if first > 64, first * 2 > entries.count {
            entries.removeFirst(first)
            first = 0
        }
        return entry
    }

    /// Takes out everything about `lease`.
    mutating func drop(_ lease: LeaseID) {
        var kept = WorkerOutbox()
        while let entry = next() {
            switch entry.content {
            case .items(let items):
                for item in items where item.lease != lease { kept.append(item) }
            case .end(let end):
                if end.lease != lease { kept.append(end) }
            }
        }
        self = kept
    }
}
