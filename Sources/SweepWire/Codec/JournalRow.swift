package import SweepCore

/// A row of the journal as a restart reads it: the facts in their order, with the epochs as plain runs of numbers.
///
/// Epochs are nearly all of a large journal. As observations they would be two arrays an epoch; here all numbers of a row
/// stand in two arrays, and what says where is a small value.
package struct JournalRow: Sendable {
    /// Epochs of one report.
    package struct EpochRun: Hashable, Sendable {
        package let lease: LeaseID
        package let firstEpoch: Int
        /// Where its epochs' seconds are in the row.
        package let epochs: Range<Int>
        /// Where its values are in the row, epoch by epoch, equally many each.
        package let values: Range<Int>
    }

    /// One fact.
    package enum Entry: Sendable {
        case fact(Fact)
        /// What `Fact.observed` is.
        case epochs(EpochRun)
    }

    package fileprivate(set) var entries: [Entry] = []
    package fileprivate(set) var values: [Double] = []
    package fileprivate(set) var seconds: [Double] = []

    /// The row as facts.
    package var facts: [Fact] {
        entries.map { entry in
            switch entry {
            case .fact(let fact): return fact
            case .epochs(let run):
                let width = run.epochs.isEmpty ? 0 : run.values.count / run.epochs.count
                return .observed(
                    run.lease,
                    run.epochs.indices.map { index in
                        let row = index - run.epochs.lowerBound
                        let start = run.values.lowerBound + row * width
                        return Observation(
                            epoch: run.firstEpoch + row,
                            values: Array(values[start..<start + width]),
                            seconds: seconds[index]
                        )
                    }
                )
            }
        }
    }
}

extension JournalCodec {
    /// The facts of a row, in order but for the sequence numbers, of which each worker's highest comes last: what a replay
    /// needs, several times faster than `decode`.
    ///
    /// Takes and refuses the same rows as `decode` does.
    package static func row(_ bytes: [UInt8]) throws(WireError) -> JournalRow {
        // The fast reader knows what `encode` writes; whatever else may be valid is for the thorough one.
        if let row = bytes.withUnsafeBytes({ buffer in
            var reader = RowReader(FieldReader(buffer))
            return reader.read()
        }) {
            return row
        }
        var row = JournalRow()
        row.entries = try decode(bytes).map { .fact($0) }
        return row
    }
}

/// Reads rows as `JournalCodec.encode` writes them.
private struct RowReader {
    private var reader: FieldReader
    private var row = JournalRow()
    /// Each worker's name and incarnation as bytes, and its highest number.
    private var sequences: [(worker: FieldReader, sequence: UInt64)] = []

    init(_ reader: FieldReader) { self.reader = reader }

    /// The row; nil for anything unexpected.
    mutating func read() -> JournalRow? {
        guard reader.count <= WireLimits.journal, reader.key() == 0x08, let version = reader.varint(),
            version <= UInt64(JournalCodec.version), JournalCodec.readVersions.contains(UInt32(version))
        else { return nil }
        while !reader.isEmpty {
            guard reader.key() == 0x12, let fact = reader.bytes(), take(fact) else { return nil }
        }
        for (worker, sequence) in sequences {
            var worker = worker
            guard let id = worker.worker() else { return nil }
            row.entries.append(.fact(.workerSequence(id, sequence: sequence)))
        }
        return row
    }

    private mutating func take(_ fact: FieldReader) -> Bool {
        var body = fact
        let key = body.key()
        guard var content = body.bytes(), body.isEmpty else { return false }
        switch key {
        case 0x32: return observed(&content)
        case 0x5a: return workerSequence(&content)
        default: return other(fact, key ?? 0, content)
        }
    }

    private mutating func observed(_ content: inout FieldReader) -> Bool {
        guard content.key() == 0x0a, var form = content.bytes(), let lease = form.lease(), content.key() == 0x10,
            let first = content.varint(), first <= UInt64(Int32.max), content.key() == 0x1a,
            let times = content.bytes(), times.count.isMultiple(of: 8), times.count > 0, content.key() == 0x22,
            let numbers = content.bytes(), numbers.count.isMultiple(of: times.count), content.isEmpty
        else { return false }
        let epochs = times.count / 8
        guard epochs <= WireLimits.epochs, numbers.count / times.count <= WireLimits.metrics else { return false }
        let run = JournalRow.EpochRun(
            lease: lease,
            firstEpoch: Int(first),
            epochs: row.seconds.count..<row.seconds.count + epochs,
            values: row.values.count..<row.values.count + numbers.count / 8
        )
        times.append(to: &row.seconds)
        numbers.append(to: &row.values)
        row.entries.append(.epochs(run))
        return true
    }

    private mutating func workerSequence(_ content: inout FieldReader) -> Bool {
        guard content.key() == 0x0a, let worker = content.bytes(), content.key() == 0x10,
            let sequence = content.varint(), content.isEmpty
        else { return false }
        // The highest of all is what counts, so one a worker and row is enough.
        if let index = sequences.lastIndex(where: { $0.worker.hasSameBytes(as: worker) }) {
            sequences[index].sequence = max(sequences[index].sequence, sequence)
            return true
        }
        // Looking through many would cost more than it saves.
        guard sequences.count < 32 else {
            var worker = worker
            guard let id = worker.worker() else { return false }
            row.entries.append(.fact(.workerSequence(id, sequence: sequence)))
            return true
        }
        sequences.append((worker, sequence))
        return true
    }

    private mutating func other(_ fact: FieldReader, _ key: UInt64, _ content: FieldReader) -> Bool {
        var content = content
        if let fact = content.simpleFact(key) {
            row.entries.append(.fact(fact))
            return true
        }
        guard let form: Sweepd_Journal_Fact = try? parse(fact.array), let fact = try? Fact(form) else { return false }
        row.entries.append(.fact(fact))
        return true
    }
}
