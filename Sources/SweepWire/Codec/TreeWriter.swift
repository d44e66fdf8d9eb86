import SweepCore

/// Writes a tree as protobuf's bytes of `sweepd.wire.Node`, in one pass and without a form in between.
///
/// Every assignment carries a tree, and protobuf's library walks it once more at each level to know the lengths. Written
/// from its end to its beginning each length is known when it is due; at last the bytes are turned round.
/// Source: the encoding guide of Protocol Buffers (wire types 0, 1 and 2; sint64 in zigzag).
struct TreeWriter {
    /// The bytes so far, last first.
    private var reversed: [UInt8] = []
    private var budget = TreeBudget()

    /// The bytes of `tree`; throws for one that is deeper or has more nodes than a receiver takes.
    static func bytes(of tree: SpecNode) throws(WireError) -> [UInt8] {
        var writer = TreeWriter()
        writer.reversed.reserveCapacity(1024)
        try writer.write(tree, depth: 1)
        writer.reversed.reverse()
        return writer.reversed
    }

    private mutating func write(_ node: SpecNode, depth: Int) throws(WireError) {
        if case .domain = node {
            // Ranges stand in sweep files, which are few: their form is protobuf's.
            return write(reversing: try serialize(node.form(depth: depth, &budget)))
        }
        try budget.spend(depth: depth)
        switch node {
        case .null:
            write(varint: 0)
            write(field: 1, .delimited)
        case .boolean(let value):
            write(varint: value ? 1 : 0)
            write(field: 2, .varint)
        case .integer(let value):
            let value = Int64(value)
            write(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
            write(field: 3, .varint)
        case .real(let value):
            for shift in stride(from: 56, through: 0, by: -8) {
                reversed.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
            }
            write(field: 4, .fixed64)
        case .text(let value):
            write(text: value)
            write(field: 5, .delimited)
        case .list(let items):
            let end = reversed.count
            for item in items.reversed() {
                let end = reversed.count
                try write(item, depth: depth + 1)
                close(field: 1, since: end)
            }
            close(field: 6, since: end)
        case .map(let entries):
            let end = reversed.count
            for entry in entries.reversed() {
                let end = reversed.count
                try write(entry.value, depth: depth + 1)
                close(field: 2, since: end)
                if !entry.key.isEmpty {
                    write(text: entry.key)
                    write(field: 1, .delimited)
                }
                close(field: 1, since: end)
            }
            close(field: 7, since: end)
        case .domain: break
        }
    }

    private enum WireType: UInt8 {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
    }

    /// The tag of a field below 16: one byte.
    private mutating func write(field: UInt8, _ type: WireType) { reversed.append(field << 3 | type.rawValue) }

    /// Ends, seen from the front begins, a message: its length and tag.
    private mutating func close(field: UInt8, since end: Int) {
        write(varint: UInt64(reversed.count - end))
        write(field: field, .delimited)
    }

    private mutating func write(varint value: UInt64) {
        var groups = 1
        while groups < 10, value >> UInt64(7 * groups) != 0 { groups += 1 }
        for group in stride(from: groups - 1, through: 0, by: -1) {
            let bits = UInt8(truncatingIfNeeded: value >> UInt64(7 * group)) & 0x7f
            reversed.append(group == groups - 1 ? bits : bits | 0x80)
        }
    }

    private mutating func write(text: String) {
        let end = reversed.count
        reversed.append(contentsOf: text.utf8)
        reversed[end...].reverse()
        write(varint: UInt64(reversed.count - end))
    }

    private mutating func write(reversing bytes: [UInt8]) { reversed.append(contentsOf: bytes.reversed()) }
}
