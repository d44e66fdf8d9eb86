/// The number a coordinator gives a sweep; never used again, also after the sweep is deleted.
package struct SweepID: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A trial: the sweep and its number there, counted from 1 in the order of proposal.
package struct TrialID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The sweep the trial belongs to.
    package let sweep: SweepID
    /// Its number in that sweep, from 1.
    package let number: Int
    package init(sweep: SweepID, number: Int) {
        self.sweep = sweep
        self.number = number
    }
    package static func < (a: Self, b: Self) -> Bool { (a.sweep, a.number) < (b.sweep, b.number) }
    package var description: String { "\(sweep.rawValue)/\(number)" }
}

/// How often a trial was handed out; rises by one at each hand-over and is carried by every report.
///
/// It is the fence that tells a late report of a lost worker from a live one.
package struct Attempt: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The attempt after this one.
    package var next: Attempt { Attempt(rawValue: rawValue + 1) }
}

/// A worker process: the name it gave and the incarnation (drawn anew at each start of the process).
package struct WorkerID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What people call it: host name and a suffix unless the user chose one.
    package let name: String
    /// A random number of the process, so that a restarted worker is another worker.
    package let incarnation: UInt64
    package init(name: String, incarnation: UInt64) {
        self.name = name
        self.incarnation = incarnation
    }
    package static func < (a: Self, b: Self) -> Bool { (a.name, a.incarnation) < (b.name, b.incarnation) }
    package var description: String { name }
}

/// A hash that names bytes: 32 bytes of SHA-256.
package struct ContentHash: Hashable, Sendable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    package let hex: String
    /// The hash with these hexadecimal digits; nil unless there are 64 of 0–9 and a–f.
    package init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        self.hex = hex
    }
    /// The hash with these 32 bytes; nil for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
    package var description: String { String(hex.prefix(12)) }
}

/// A data set in its packed form, named by content.
package struct DataSetID: Hashable, Sendable {
    package let hash: ContentHash
    /// Bytes of the packed form.
    package let size: Int
    package init(hash: ContentHash, size: Int) {
        self.hash = hash
        self.size = size
    }
}

/// A checkpoint's bytes, named by content.
package struct CheckpointID: Hashable, Sendable {
    package let hash: ContentHash
    /// Bytes of the checkpoint.
    package let size: Int
    package init(hash: ContentHash, size: Int) {
        self.hash = hash
        self.size = size
    }
}
