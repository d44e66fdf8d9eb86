import SweepCore

/// Reads a libsvm file: a row a line, `label index:value index:value …`, values that are not written being 0; what follows
/// a `#` does not count.
///
/// Indices rise within a line. They count from 1, or from 0 when any line of the main source has the index 0. Rows are
/// held dense.
struct LibsvmReader {
    /// Whether a missing feature (`3:nan`) is a mistake; not so when the sweep imputes.
    let allowsMissing: Bool
    /// The most bytes that the dense rows may take.
    let limit: Int
    /// Bytes of rows beyond which they are held in a file.
    var resident = ResidentLimit.bytes
    /// The columns of the main source, when another is read: they say how many there are, and from where they count.
    let columns: [RawColumn]?
    /// Whether each line begins with a label; otherwise one may, and does not count.
    var needsLabels = true

    /// Features of a file that names no more; the model's inputs have the same limit.
    private static let greatestIndex = FeatureLayout.greatestCount

    /// A line's feature.
    private struct Item {
        let index: Int32
        let value: Float
    }

    /// The table of `bytes`; nil when anything is wrong, and then `problems` has it.
    func read(_ bytes: Blob, file: String, problems: inout ProblemList) -> RawTable? {
        let before = problems.count
        var items: [Item] = []
        // Where each row's items end.
        var ends: [Int] = []
        var targets: [RawTarget] = []
        var lines: [Int32] = []
        bytes.withUnsafeBufferPointer { buffer in
            var line = 0
            for text in buffer.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                line += 1
                let content = text.prefix { $0 != UInt8(ascii: "#") }
                let words = content.split { $0 == 32 || $0 == 9 || $0 == 13 }
                guard let first = words.first else { continue }
                let isLabelled = needsLabels || !first.contains(UInt8(ascii: ":"))
                let label = UnsafeBufferPointer(rebasing: first)
                targets.append(isLabelled ? readLabel(label, file, line, problems: &problems) : .number(0))
                readItems(isLabelled ? words.dropFirst() : words[...], into: &items, file, line, problems: &problems)
                ends.append(items.count)
                lines.append(Int32(clamping: line))
            }
        }
        guard !targets.isEmpty || problems.count > before else {
            problems.add(DataProblem(.empty, file: file, wrong: "the file is empty", allowed: "a row a line"))
            return nil
        }
        let settledBase = columns.map { $0.first?.name == "feature_0" ? 0 : 1 }
        let base = settledBase ?? (items.contains { $0.index == 0 } ? 0 : 1)
        let greatest = Int(items.lazy.map(\.index).max() ?? 0)
        let width = columns?.count ?? (greatest - base + 1)
        check(items, ends, lines, base: base, width: width, file: file, problems: &problems)
        guard problems.count == before else { return nil }
        let (size, overflows) = (width * MemoryLayout<Float>.stride).multipliedReportingOverflow(by: targets.count)
        guard !overflows, size <= limit else {
            problems.add(
                DataProblem(
                    .tooLarge,
                    file: file,
                    wrong: "the rows are too large once zeros are written out",
                    found: "\(targets.count) rows of \(width) features",
                    allowed: "at most \(limit) bytes, 4 a feature"
                )
            )
            return nil
        }
        let features: FeatureMemory
        do throws(NoRoom) {
            features = try FeatureMemory(count: targets.count * width, mappedAbove: resident)
        } catch {
            problems.add(DataProblem(noRoom: error, file: file))
            return nil
        }
        var start = 0
        for (row, end) in ends.enumerated() {
            for item in items[start..<end] { features.floats[row * width + Int(item.index) - base] = item.value }
            start = end
        }
        return RawTable(
            file: file,
            columns: (0..<width).map { RawColumn(name: "feature_\($0 + base)") },
            isNamed: false,
            targetName: "label",
            features: FeatureCells(features),
            targets: targets,
            lines: lines
        )
    }

    /// Whether a text is in this format, by its first line that is not empty: a label or none, then INDEX:VALUE at least once.
    ///
    /// Where it is expected a line that is not quite so will do, for its faults to be told: one without commas that has a
    /// colon or begins with a number.
    static func isLikely(_ bytes: Blob, isExpected: Bool) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let line = rest.prefix { $0 != UInt8(ascii: "\n") }
                rest = rest.dropFirst(line.count + 1)
                let words = line.prefix { $0 != UInt8(ascii: "#") }.split { $0 == 32 || $0 == 9 || $0 == 13 }
                guard let first = words.first else { continue }
                let isNumber = if case .number = CellValue(UnsafeBufferPointer(rebasing: first)) { true } else { false }
                if isExpected {
                    return !line.contains(UInt8(ascii: ",")) && (isNumber || line.contains(UInt8(ascii: ":")))
                }
                let pairs = isNumber ? words.dropFirst() : words[...]
                return !pairs.isEmpty && pairs.allSatisfy(isPair)
            }
            return false
        }
    }

    /// Whether a word is INDEX:VALUE.
    private static func isPair(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let word = UnsafeBufferPointer(rebasing: word)
        guard let colon = word.firstIndex(of: UInt8(ascii: ":")), index(word[..<colon]) != nil else { return false }
        switch CellValue(UnsafeBufferPointer(rebasing: word[(colon + 1)...])) {
        case .number, .tooLarge: return true
        case .missing: return colon + 1 < word.count
        case .text: return false
        }
    }

    private func readLabel(
        _ text: UnsafeBufferPointer<UInt8>,
        _ file: String,
        _ line: Int,
        problems: inout ProblemList
    ) -> RawTarget {
        if case .number(let value) = CellValue(text) { return .number(value) }
        add("the label is not a number", text, "a number, as in 1 3:0.5 7:2", file, line, problems: &problems)
        return .number(0)
    }

    private func readItems(
        _ words: ArraySlice<Slice<UnsafeBufferPointer<UInt8>>>,
        into items: inout [Item],
        _ file: String,
        _ line: Int,
        problems: inout ProblemList
    ) {
        var last: Int32 = -1
        for word in words {
            let word = UnsafeBufferPointer(rebasing: word)
            guard let colon = word.firstIndex(of: UInt8(ascii: ":")), let index = Self.index(word[..<colon]) else {
                add("this is no feature", word, "INDEX:VALUE, as in 3:0.5", file, line, problems: &problems)
                continue
            }
            guard index <= Self.greatestIndex else {
                let allowed = "at most \(Self.greatestIndex)"
                add("the index is too large", word, allowed, file, line, problems: &problems)
                continue
            }
            guard index > last else {
                add("the indices do not rise", word, "above \(last)", file, line, problems: &problems)
                continue
            }
            last = index
            let text = UnsafeBufferPointer(rebasing: word[(colon + 1)...])
            switch CellValue(text) {
            case .number(let value): items.append(Item(index: index, value: Float(value)))
            case .missing where !text.isEmpty:
                if !allowsMissing {
                    add(
                        "a feature value is missing",
                        word,
                        "a number, or add the step impute to data.preprocess",
                        file,
                        line,
                        problems: &problems
                    )
                }
                items.append(Item(index: index, value: .nan))
            case .missing, .text, .tooLarge:
                add("the value is not a number", word, "finite numbers up to 3.4e38", file, line, problems: &problems)
            }
        }
    }

    /// Indices must be within what the main source has, and there must be a feature at all.
    private func check(
        _ items: [Item],
        _ ends: [Int],
        _ lines: [Int32],
        base: Int,
        width: Int,
        file: String,
        problems: inout ProblemList
    ) {
        if items.isEmpty, width < 1 {
            problems.add(DataProblem(.libsvm, file: file, wrong: "no line has a feature", allowed: "INDEX:VALUE"))
        }
        guard columns != nil else { return }
        var start = 0
        for (row, end) in ends.enumerated() {
            for item in items[start..<end] where !(base..<base + width ~= Int(item.index)) {
                problems.add(.libsvm, file: file) {
                    DataProblem(
                        .libsvm,
                        file: file,
                        line: Int(lines[row]),
                        wrong: "the \(needsLabels ? "source" : "model") has no feature of this index",
                        found: "\(item.index)",
                        allowed: "\(base) to \(base + width - 1)"
                    )
                }
            }
            start = end
        }
    }

    private func add(
        _ wrong: String,
        _ found: UnsafeBufferPointer<UInt8>,
        _ allowed: String,
        _ file: String,
        _ line: Int,
        problems: inout ProblemList
    ) {
        problems.add(.libsvm, file: file) {
            let text = ColumnReader.short(String(decoding: found.prefix(80), as: UTF8.self))
            return DataProblem(.libsvm, file: file, line: line, wrong: wrong, found: "'\(text)'", allowed: allowed)
        }
    }

    /// An index; nil when it is none. Beyond the limit it is any number above the limit.
    private static func index(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int32? {
        guard 1...10 ~= digits.count else { return nil }
        var index = 0
        for digit in digits {
            guard digit &- 48 < 10 else { return nil }
            index = index * 10 + Int(digit &- 48)
        }
        return Int32(clamping: index)
    }
}
