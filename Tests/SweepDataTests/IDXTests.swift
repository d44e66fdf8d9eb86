import SweepCore
import SweepData
import Testing

/// An IDX file of `type` with these sizes and element bytes.
private func idx(_ type: UInt8, _ sizes: [UInt32], _ elements: [UInt8]) -> [UInt8] {
    [0, 0, type, UInt8(sizes.count)] + sizes.flatMap { big($0) } + elements
}

private func big(_ word: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: word.bigEndian) { Array($0) }
}

@Suite struct `IDX files` {
    private func load(
        _ images: [UInt8],
        _ labels: [UInt8],
        validation: SplitPart = .none,
        task: TaskKind? = nil
    ) -> Result<DataSet, DataProblems> {
        let folder = Folder()
        folder.write("i", images)
        folder.write("l", labels)
        return DataSet.load(
            DataSpec(source: .images("i", labels: "l"), task: task, validation: validation),
            relativeTo: folder.path
        )
    }

    private let labels = idx(8, [4], [7, 3, 7, 3])

    @Test func `images and labels are joined`() throws {
        for pack in [false, true] {
            let images = idx(8, [4, 2, 3], (0..<24).map { UInt8($0 * 10) })
            let data = try load(pack ? gzipped(images) : images, pack ? gzipped(labels) : labels).get()
            #expect(data.schema.image == ImageShape(height: 2, width: 3))
            #expect(data.schema.features[5] == "pixel_1_2")
            #expect(data.features == (0..<24).map { Float($0 * 10) })
            #expect(data.targets == .classes([1, 0, 1, 0]))
            #expect(classes(data) == ["3", "7"])
        }
    }

    @Test func `all types of elements are read`() throws {
        let values: [Double] = [1, -2, 100, -4]
        let files: [(UInt8, [UInt8])] = [
            (0x09, values.flatMap { big(Int8($0)) }),
            (0x0B, values.flatMap { big(Int16($0)) }),
            (0x0C, values.flatMap { big(Int32($0)) }),
            (0x0D, values.flatMap { big(Float($0).bitPattern) }),
            (0x0E, values.flatMap { big($0.bitPattern) }),
        ]
        for (type, elements) in files {
            let data = try load(idx(type, [4, 1], elements), labels).get()
            #expect(data.features == [1, -2, 100, -4])
            #expect(data.schema.image == nil)
            let targets = try load(idx(8, [4, 1], [1, 2, 3, 4]), idx(type, [4], elements), task: .regression).get()
            #expect(targets.targets == .values([1, -2, 100, -4]))
        }
    }

    @Test func `faults of both files are told together`() {
        let images = idx(8, [4, 2, 3], [UInt8](repeating: 1, count: 24))
        let cases: [([UInt8], [UInt8], [String])] = [
            (
                [0, 0, 7, 1, 0, 0, 0, 0], [1, 2],
                [
                    "i: the file does not start as an IDX file; found the bytes 00 00 07 01; allowed: 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of dimensions",
                    "l: the file is too short for the IDX format; found 2 bytes; allowed: at least a header of 8 bytes",
                ]
            ),
            (
                Array(images.dropLast()), labels + [0],
                [
                    "i: the IDX file ends too early; found 39 bytes; allowed: 40 for 4 × 2 × 3 elements of 1",
                    "l: bytes stand after the end of the IDX data; found 1 more; allowed: 12 in all for 4 elements",
                ]
            ),
            (
                images, idx(8, [3], [1, 2, 1]),
                ["l: there are not as many labels as rows in i; found 3; allowed: 4"]
            ),
            (
                labels, images,
                [
                    "i: the features have a wrong number of dimensions; found 4; allowed: rows × columns, rows × height × width, or rows × height × width × channels",
                    "l: the labels have a wrong number of dimensions; found 4 × 2 × 3; allowed: one dimension: a label a row",
                ]
            ),
            (
                idx(8, [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], []), idx(8, [0], []),
                [
                    "i: the IDX file ends too early; found 16 bytes; allowed: more than can be, for 4294967295 × 4294967295 × 4294967295 elements",
                    "l: the IDX file has no elements; found 0",
                ]
            ),
            (
                idx(0x0D, [4, 1], [1, Float.nan, .infinity, 2].flatMap { big($0.bitPattern) }), labels,
                [
                    "i: a value of row 2 is infinite or too large; found inf; allowed: finite numbers up to 3.4e38",
                    "i: 1 feature values are missing (NaN); found the first in row 1; allowed: no missing values, or the step impute in data.preprocess",
                ]
            ),
        ]
        for (images, labels, expected) in cases { #expect(lines(load(images, labels)) == expected) }
    }

    @Test func `a table where images are expected, and the reverse, is said so`() {
        let found = lines(load(Array("1,2,3\n4,5,6\n".utf8), labels))
        #expect(found.count == 1 && found[0].hasPrefix("i: the file does not start as an IDX file"))
        let table = lines(SweepDataTests.load(idx(8, [4], [1, 2, 3, 4])))
        #expect(
            table == [
                "t.csv: the file is in the IDX format; allowed: a table; write IDX files as {images: FILE, labels: FILE}"
            ]
        )
    }

    @Test func `no bytes of a header trap`() {
        let images = idx(8, [4, 2, 3], [UInt8](repeating: 1, count: 24))
        for count in 0...images.count { _ = load(Array(images[..<count]), labels) }
        for index in 0..<16 {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var bytes = images
                bytes[index] = value
                _ = load(bytes, labels)
            }
        }
    }
}
