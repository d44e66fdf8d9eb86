import CProcess
import Glibc
import SweepCore
package import SweepProgram
package import SweepWire

/// The trials that an earlier training process of this worker took down with it, as the next one reports them.
///
/// In a file without a name they go from the parent to the process: the bodies of segment-ended messages, each after its
/// length in four bytes, the lowest first.
package enum Inheritance {
    /// Bytes of logs in all: with more trials than sixteen each gets less of the same log.
    package static let logBytes = 1024 * 1024

    /// What to report of a process that ended so, with these trials under way.
    package static func ends(_ end: String, _ entries: [SlotBoard.Entry], log: LogTail) -> [SegmentEnded] {
        guard !entries.isEmpty else { return [] }
        let text = log.text(min(WireLimits.log, logBytes / entries.count))
        return entries.map { entry in
            SegmentEnded(
                sequence: 1,
                lease: entry.lease,
                epoch: entry.epoch,
                outcome: .died(reason: "\(end) after epoch \(entry.epoch)", log: text)
            )
        }
    }

    /// The bytes that carry them; one that cannot be encoded is left out, and its lease lapses.
    package static func encode(_ ends: [SegmentEnded]) -> [UInt8] {
        ends.flatMap { end -> [UInt8] in
            guard let body = try? Message.segmentEnded(end).encode().last else { return [] }
            return (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) } + body
        }
    }

    /// What `encode` was given; what cannot be read ends the list.
    package static func decode(_ bytes: [UInt8]) -> [SegmentEnded] {
        var ends: [SegmentEnded] = []
        var rest = bytes[...]
        let header = Message.segmentEndedHeader
        while rest.count >= 4 {
            let count = rest.prefix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            rest = rest.dropFirst(4)
            guard count <= rest.count,
                case .segmentEnded(let end)? = try? Message.decode([header, Array(rest.prefix(count))])
            else { break }
            ends.append(end)
            rest = rest.dropFirst(count)
        }
        return ends
    }

    /// A file with these bytes, for a process to inherit; nil when the system gives no memory.
    static func file(_ ends: [SegmentEnded]) -> Int32? {
        let bytes = encode(ends)
        let file = cprocess_memory_file("sweepd-inheritance", bytes.count)
        guard file >= 0 else { return nil }
        guard bytes.isEmpty || pwrite(file, bytes, bytes.count, 0) == bytes.count else {
            close(file)
            return nil
        }
        return file
    }

    /// What the file of this descriptor holds; it is closed.
    package static func read(_ file: Int32) -> [SegmentEnded] {
        defer { close(file) }
        var status = stat()
        // Far more than a parent writes for 4,096 slots: whatever the descriptor is, memory stays bounded.
        guard fstat(file, &status) == 0, status.st_size > 0, status.st_size <= 64 * logBytes else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = pread(file, &bytes, bytes.count, 0)
        return count > 0 ? decode(Array(bytes.prefix(count))) : []
    }
}

extension Message {
    /// The header frame of a segment's end.
    fileprivate static var segmentEndedHeader: [UInt8] {
        let end = SegmentEnded(
            sequence: 1,
            lease: LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 1), attempt: Attempt(rawValue: 1)),
            epoch: 0,
            outcome: .cancelled
        )
        return (try? Message.segmentEnded(end).encode().first) ?? []
    }
}
