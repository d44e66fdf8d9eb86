import SweepCore

extension DataSet {
    /// The data set that `packed` holds.
    ///
    /// The bytes may come from anyone: every length is compared with what is there before anything is allocated, so memory
    /// is at most a small multiple of the input, and whatever is not a data set throws.
    package init(packed: [UInt8]) throws(DataSetFormatError) { try self.init(packed: Blob(packed)) }

    /// The data set that `packed` holds, its features beyond `resident` bytes in a file.
    package init(packed: Blob, resident: Int = ResidentLimit.bytes) throws(DataSetFormatError) {
        var reader = PackedReader(bytes: packed)
        let header = try reader.header()
        let targetName = try reader.text("target name")
        let names = try reader.texts(header.features, "names of features")
        let kinds =
            header.version == 1
            ? [DataColumn.Kind](repeating: .number, count: names.count) : try reader.kinds(header.features)
        let columns = zip(names, kinds).map { DataColumn(name: $0, kind: $1) }
        let classes = try reader.texts(header.classes, "labels")
        guard Set(classes).count == classes.count else { throw .invalid("two classes have the same label") }
        // The product cannot overflow: both are below 2^32.
        let (cells, tooMany) = header.rows.multipliedReportingOverflow(by: header.features)
        guard !tooMany else { throw .invalid("number of cells") }
        let features = try reader.features(cells, areBytes: header.isBytes, resident: resident)
        guard !features.withUnsafeBufferPointer({ $0.contains { $0.isInfinite } }) else {
            throw .invalid("an infinite feature")
        }
        try Self.checkValues(features, columns)
        let targets: DataTargets
        if header.isClassification {
            let indices = try reader.indices(header.rows, below: header.classes, "class")
            targets = .classes(indices)
        } else {
            let values = try reader.floats(header.rows)
            guard values.allSatisfy({ $0.isFinite }) else { throw .invalid("a target that is not finite") }
            targets = .values(values)
        }
        let split = RowSplit(
            training: try reader.indices(header.training, below: header.rows, "training row"),
            validation: try reader.indices(header.validation, below: header.rows, "validation row"),
            test: try reader.indices(header.test, below: header.rows, "test row")
        )
        try Self.checkPartition(split, rows: header.rows)
        let weights = header.version == 3 ? try reader.startingWeights() : []
        guard reader.remaining == 0 else { throw .invalid("bytes after the last part") }
        self.init(
            columns: columns,
            image: header.image,
            targetName: targetName,
            features: features,
            targets: targets,
            classes: classes,
            split: split
        )
        startingWeights = weights
    }

    /// Indices, days and seconds must be what their columns can hold.
    private static func checkValues(_ features: FeatureCells, _ columns: [DataColumn]) throws(DataSetFormatError) {
        struct Rule {
            let index: Int
            let range: ClosedRange<Float>
            let isWhole: Bool
            let canMiss: Bool
        }
        let rules = columns.enumerated().filter { $0.element.kind != .number }.map { index, column in
            let range: ClosedRange<Float>
            switch column.kind {
            case .day: range = Float(CivilDate.days.lowerBound)...Float(CivilDate.days.upperBound)
            // A leap second is the last.
            case .secondOfDay: range = 0...86_401
            default: range = -1...Float((column.categoryCount ?? 0) - 1)
            }
            return Rule(index: index, range: range, isWhole: column.kind != .secondOfDay, canMiss: column.canMiss)
        }
        guard !rules.isEmpty else { return }
        let wrong = features.withUnsafeBufferPointer { cells -> Int? in
            for start in stride(from: 0, to: cells.count, by: columns.count) {
                for rule in rules {
                    let value = cells[start + rule.index]
                    let isIn = rule.range.contains(value) && (!rule.isWhole || value == value.rounded())
                    if !isIn && !(rule.canMiss && value.isNaN) { return rule.index }
                }
            }
            return nil
        }
        if let wrong { throw .invalid("a value of column \(wrong)") }
    }

    private static func checkPartition(_ split: RowSplit, rows: Int) throws(DataSetFormatError) {
        var isUsed = [Bool](repeating: false, count: rows)
        for part in [split.training, split.validation, split.test] {
            guard zip(part, part.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .invalid("the order of rows") }
            for row in part {
                guard !isUsed[Int(row)] else { throw .invalid("a row in two parts") }
                isUsed[Int(row)] = true
            }
        }
    }
}

/// Reads the packed form with a bound at each step.
struct PackedReader {
    private let bytes: Blob
    private var position = 0
    /// One past the last byte of content.
    private let end: Int

    init(bytes: Blob) {
        self.bytes = bytes
        end = max(bytes.count - PackedLayout.checksumSize, 0)
    }

    /// Bytes of content not yet read.
    var remaining: Int { end - position }

    struct Header {
        let version: UInt32
        let isClassification: Bool
        let isBytes: Bool
        let image: ImageShape?
        let rows: Int
        let features: Int
        let classes: Int
        let training: Int
        let validation: Int
        let test: Int
    }

    /// Checks magic, version, length and checksum, and reads the counts.
    mutating func header() throws(DataSetFormatError) -> Header {
        guard bytes.starts(with: PackedLayout.magic) else { throw .notADataSet }
        position = PackedLayout.magic.count
        guard bytes.count >= PackedLayout.headerSize + PackedLayout.checksumSize else {
            throw .wrongLength(
                found: bytes.count,
                expected: UInt64(PackedLayout.headerSize + PackedLayout.checksumSize)
            )
        }
        let version = try word("version")
        guard PackedLayout.versions.contains(version) else { throw .unknownVersion(version) }
        let length = UInt64(try word("length")) | UInt64(try word("length")) << 32
        guard length == UInt64(bytes.count) else { throw .wrongLength(found: bytes.count, expected: length) }
        let checksum = bytes[end...].enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
        let found = bytes.withUnsafeBufferPointer { PackedLayout.checksum(UnsafeBufferPointer(rebasing: $0[..<end])) }
        guard checksum == found else { throw .damaged }
        let flags = Array(bytes[position..<position + 4])
        position += 4
        // An image of a later version than 1 has 1 to 255 channels, everything else none.
        let hasChannels = version > 1 && flags[2] == 1
        guard flags[0] <= 1, flags[1] <= 1, flags[2] <= 1, (flags[3] != 0) == hasChannels else {
            throw .invalid("a flag")
        }
        var counts: [Int] = []
        for _ in 0..<8 { counts.append(Int(try word("a count"))) }
        let image =
            flags[2] == 1
            ? ImageShape(height: counts[2], width: counts[3], channels: hasChannels ? Int(flags[3]) : 1) : nil
        let header = Header(
            version: version,
            isClassification: flags[0] == 0,
            isBytes: flags[1] == 1,
            image: image,
            rows: counts[0],
            features: counts[1],
            classes: counts[4],
            training: counts[5],
            validation: counts[6],
            test: counts[7]
        )
        try check(header, counts)
        return header
    }

    private func check(_ header: Header, _ counts: [Int]) throws(DataSetFormatError) {
        guard 1...Int(Int32.max) ~= header.rows else { throw .invalid("the number of rows, \(header.rows)") }
        guard header.features >= 1 else { throw .invalid("no features") }
        guard header.isClassification ? header.classes >= 2 : header.classes == 0 else {
            throw .invalid("the number of classes, \(header.classes)")
        }
        guard header.training >= 1, header.training + header.validation + header.test == header.rows else {
            throw .invalid("parts of \(header.training), \(header.validation), \(header.test) of \(header.rows) rows")
        }
        if let image = header.image {
            let (pixels, overflows) = image.height.multipliedReportingOverflow(by: image.width)
            let (values, overflowsToo) = pixels.multipliedReportingOverflow(by: image.channels)
            guard !overflows, !overflowsToo, values == header.features else { throw .invalid("the image's size") }
        } else {
            guard counts[2] == 0, counts[3] == 0 else { throw .invalid("the size of no image") }
        }
    }

    private func need(_ count: Int, _ what: String) throws(DataSetFormatError) {
        guard count <= remaining else { throw .invalid("too few bytes for \(what)") }
    }

    private mutating func word(_ what: String) throws(DataSetFormatError) -> UInt32 {
        try need(4, what)
        let word = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: UInt32.self) }
        position += 4
        return UInt32(littleEndian: word)
    }

    /// A count or a size, not yet compared with what is there.
    mutating func count(_ what: String) throws(DataSetFormatError) -> Int { Int(try word(what)) }

    /// A text: length and UTF-8.
    mutating func text(_ what: String) throws(DataSetFormatError) -> String {
        let count = Int(try word(what))
        try need(count, what)
        guard let text = String(validating: bytes[position..<position + count], as: UTF8.self) else {
            throw .invalid("\(what): not UTF-8")
        }
        position += count
        return text
    }

    /// `count` texts.
    mutating func texts(_ count: Int, _ what: String) throws(DataSetFormatError) -> [String] {
        // Each text has at least its length, 4 bytes, so this bounds what is reserved.
        guard count <= remaining / 4 else { throw .invalid("too few bytes for \(what)") }
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count { texts.append(try text(what)) }
        return texts
    }

    /// The kinds of `count` columns.
    mutating func kinds(_ count: Int) throws(DataSetFormatError) -> [DataColumn.Kind] {
        try need(count, "the columns' kinds")
        var kinds: [DataColumn.Kind] = []
        kinds.reserveCapacity(count)
        for _ in 0..<count {
            try need(1, "a column's kind")
            let kind = bytes[position]
            position += 1
            switch kind {
            case 0: kinds.append(.number)
            case 1, 2:
                let categories = try texts(Int(try word("a number of categories")), "categories")
                guard !categories.isEmpty, Set(categories).count == categories.count else {
                    throw .invalid("a column's categories")
                }
                kinds.append(kind == 1 ? .oneHot(categories: categories) : .ordinal(categories: categories))
            case 3:
                let buckets = Int(try word("a number of buckets"))
                guard 2...CategoryRule.greatestBuckets ~= buckets else { throw .invalid("the number of buckets") }
                kinds.append(.buckets(buckets))
            case 4: kinds.append(.day)
            case 5: kinds.append(.secondOfDay)
            default: throw .invalid("a column's kind, \(kind)")
            }
        }
        return kinds
    }

    /// `count` floats, each from a byte or from its bits.
    mutating func features(
        _ count: Int,
        areBytes: Bool,
        resident: Int
    ) throws(DataSetFormatError) -> FeatureCells {
        guard count <= remaining / (areBytes ? 1 : 4) else { throw .invalid("too few bytes for the features") }
        let memory: FeatureMemory
        do throws(NoRoom) { memory = try FeatureMemory(count: count, mappedAbove: resident) } catch {
            throw .noRoom(error)
        }
        let start = position
        position += areBytes ? count : 4 * count
        bytes.withUnsafeBytes { input in
            for index in 0..<count {
                if areBytes {
                    memory.floats[index] = Float(input[start + index])
                } else {
                    let word = input.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self)
                    memory.floats[index] = Float(bitPattern: UInt32(littleEndian: word))
                }
            }
        }
        return FeatureCells(memory)
    }

    /// `count` floats from their bits.
    mutating func floats(_ count: Int) throws(DataSetFormatError) -> [Float] {
        guard count <= remaining / 4 else { throw .invalid("too few bytes for numbers") }
        // All empty arrays share one storage, to which an array made by its capacity writes, also of capacity 0: a race of threads.
        guard count > 0 else { return [] }
        let start = position
        position += 4 * count
        return bytes.withUnsafeBytes { input in
            [Float](unsafeUninitializedCapacity: count) { output, initialized in
                for index in 0..<count {
                    let word = input.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self)
                    output.initializeElement(at: index, to: Float(bitPattern: UInt32(littleEndian: word)))
                }
                initialized = count
            }
        }
    }

    /// `count` numbers from 0 to `limit` − 1.
    mutating func indices(_ count: Int, below limit: Int, _ what: String) throws(DataSetFormatError) -> [Int32] {
        guard count <= remaining / 4 else { throw .invalid("too few bytes for \(what)s") }
        var indices: [Int32] = []
        indices.reserveCapacity(count)
        for _ in 0..<count {
            let index = try word(what)
            guard Int(index) < limit, let value = Int32(exactly: index) else {
                throw .invalid("\(what) \(index), of \(limit)")
            }
            indices.append(value)
        }
        return indices
    }
}
