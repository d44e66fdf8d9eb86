import CZlib
import SweepCore
import SweepData
import SweepNumerics
import Testing

/// An NPY file with this description of its elements, shape and content.
func npy(_ type: String, _ shape: String, _ elements: [UInt8], version: UInt8 = 1, order: String = "False")
    -> [UInt8]
{
    let text = Array("{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n".utf8)
    let size: [UInt8] =
        version == 1
        ? [UInt8(text.count & 255), UInt8(text.count >> 8)] : [UInt8(text.count & 255), UInt8(text.count >> 8), 0, 0]
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + text + elements
}

func little(_ word: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: word.littleEndian) { Array($0) }
}

private func big(_ word: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: word.bigEndian) { Array($0) }
}

/// A ZIP archive of these files.
func npz(_ files: [(name: String, content: [UInt8])], deflated: Bool) -> [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for file in files {
        // The middle of a gzip member is deflate alone: its header has 10 bytes, its end 8.
        let packed = deflated ? Array(gzipped(file.content)[10...].dropLast(8)) : file.content
        let checksum = UInt32(crc32(0, file.content, uInt(file.content.count)))
        let name = Array(file.name.utf8)
        let common =
            little(UInt16(20)) + little(UInt16(0)) + little(UInt16(deflated ? 8 : 0)) + little(UInt32(0))
            + little(checksum) + little(UInt32(packed.count)) + little(UInt32(file.content.count))
            + little(UInt16(name.count)) + little(UInt16(0))
        directory +=
            [0x50, 0x4B, 1, 2] + little(UInt16(20)) + common + little(UInt16(0)) + little(UInt16(0))
            + little(UInt16(0)) + little(UInt32(0)) + little(UInt32(archive.count)) + name
        archive += [0x50, 0x4B, 3, 4] + common + name + packed
    }
    let count = little(UInt16(files.count))
    return archive + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + little(UInt32(directory.count))
        + little(UInt32(archive.count)) + [0, 0]
}

@Suite struct `NPY and NPZ files` {
    private func load(_ features: [UInt8], _ labels: [UInt8], task: TaskKind? = nil) -> Result<DataSet, DataProblems> {
        let folder = Folder()
        folder.write("x.npy", features)
        folder.write("y.npy", labels)
        return DataSet.load(
            DataSpec(source: .arrayFiles(features: "x.npy", labels: "y.npy"), task: task, validation: .none),
            relativeTo: folder.path
        )
    }

    private func load(archive: [UInt8], features: String = "x", labels: String = "y") -> Result<DataSet, DataProblems> {
        let folder = Folder()
        folder.write("a.npz", archive)
        return DataSet.load(
            DataSpec(source: .arrays("a.npz", features: features, labels: labels), validation: .none),
            relativeTo: folder.path
        )
    }

    private let labels = npy("|u1", "(4,)", [7, 3, 7, 3])
    private let features = npy("<f4", "(4, 2)", (0..<8).flatMap { little(Float($0).bitPattern) })

    @Test func `every type of elements is read in both byte orders`() throws {
        let values: [Double] = [1, -2, 100, -4]
        var files: [(type: String, elements: [UInt8])] = [("|i1", values.flatMap { little(Int8($0)) })]
        for (order, bytes) in [("<", true), (">", false)] {
            func pack<Word: FixedWidthInteger>(_ words: [Word]) -> [UInt8] {
                words.flatMap { bytes ? little($0) : big($0) }
            }
            files += [
                (order + "i2", pack(values.map { Int16($0) })), (order + "i4", pack(values.map { Int32($0) })),
                (order + "i8", pack(values.map { Int64($0) })),
                // 1, -2, 100 and -4 in half precision.
                (order + "f2", pack([0x3C00, 0xC000, 0x5640, 0xC400] as [UInt16])),
                (order + "f4", pack(values.map { Float($0).bitPattern })),
                (order + "f8", pack(values.map(\.bitPattern))),
            ]
        }
        for (type, elements) in files {
            let data = try load(npy(type, "(4, 1)", elements), labels).get()
            #expect(data.features == [1, -2, 100, -4], "\(type)")
            let numbers = load(npy("|u1", "(4, 1)", [1, 2, 3, 4]), npy(type, "(4,)", elements), task: .regression)
            #expect(try numbers.get().targets == .values([1, -2, 100, -4]), "\(type)")
        }
        let unsigned = try load(npy("<u2", "(4, 1)", [1, 0, 255, 255, 0, 128, 0, 0]), labels).get()
        #expect(unsigned.features == [1, 65535, 32768, 0])
        #expect(try load(npy("|b1", "(4, 1)", [0, 1, 1, 0]), labels).get().features == [0, 1, 1, 0])
        // Subnormal, least normal and greatest half.
        let halves = npy("<f2", "(4, 1)", [1, 0, 0, 4, 0xFF, 0x7B, 0, 0x80])
        #expect(try load(halves, labels).get().features == [0x1p-24, 0x1p-14, 65504, 0])
    }

    @Test func `versions 1 to 3 and all shapes are read`() throws {
        for version in 1...3 as ClosedRange<UInt8> {
            let rows = try load(npy("|u1", "(4, 3)", (0..<12).map { UInt8($0) }, version: version), labels).get()
            #expect(rows.schema.image == nil && rows.schema.features == ["column_0", "column_1", "column_2"])
        }
        let grey = try load(npy("|u1", "(4, 2, 3)", (0..<24).map { UInt8($0) }), labels).get()
        #expect(grey.schema.image == ImageShape(height: 2, width: 3) && grey.schema.features[5] == "pixel_1_2")
        let colour = try load(npy("|u1", "(4, 1, 2, 3)", (0..<24).map { UInt8($0) }), labels).get()
        #expect(colour.schema.image == ImageShape(height: 1, width: 2, channels: 3))
        #expect(colour.schema.features[5] == "pixel_0_1_2" && colour.features == (0..<24).map { Float($0) })
        let prepared = try PreparedData(colour, steps: [.scale(0.5)])
        #expect(prepared.schema.image == colour.schema.image && prepared.row(1)[5] == 5.5)
        #expect(try load(features, npy("|u1", "(4, 1)", [1, 2, 1, 2])).get().rowCount == 4)
    }

    @Test func `faults are named`() {
        let nan = npy("<f4", "(4, 1)", [1, Float.nan, .infinity, 2].flatMap { little($0.bitPattern) })
        let cases: [(features: [UInt8], expected: [String])] = [
            (Array("1,2,3".utf8), ["x.npy: the file does not start as an NPY file; allowed: what numpy.save writes"]),
            (Array(features.prefix(9)), ["x.npy: the NPY file ends within its header"]),
            (
                npy("<f4", "(4, 2)", [], version: 4),
                ["x.npy: the NPY file has a version that is not known; found 4; allowed: 1, 2 or 3"]
            ),
            (
                npy("<c8", "(4, 2)", [UInt8](repeating: 0, count: 64)),
                [
                    "x.npy: the array has elements of a type that is not read; found '<c8'; "
                        + "allowed: b1, u1, u2, u4, u8, i1, i2, i4, i8, f2, f4 or f8; use astype"
                ]
            ),
            (
                npy("|u1", "(4, 2)", [UInt8](repeating: 0, count: 8), order: "True"),
                [
                    "x.npy: the array is stored column after column (Fortran order); "
                        + "allowed: row after row; use numpy.ascontiguousarray"
                ]
            ),
            (
                Array(features.dropLast()),
                ["x.npy: the NPY file ends too early; found \(features.count - 1) bytes; allowed: \(features.count)"]
            ),
            (features + [0], ["x.npy: bytes stand after the end of the array; found 1 more"]),
            (npy("|u1", "(4, 0)", []), ["x.npy: the array has no elements; found 4 × 0"]),
            (npy("|u1", "()", [1]), ["x.npy: the array is a single number; allowed: 1 or more dimensions"]),
            (
                npy("|u1", "(4294967296, 4294967296, 4)", []),
                ["x.npy: the array has more elements than can be"]
            ),
            (
                npy("|u1", "(4,)", [1, 2, 3, 4]),
                [
                    "x.npy: the features have a wrong number of dimensions; found 4; "
                        + "allowed: rows × columns, rows × height × width, or rows × height × width × channels"
                ]
            ),
            (
                npy("|u1", "(3, 1)", [1, 2, 3]),
                ["y.npy: there are not as many labels as rows in x.npy; found 4; allowed: 3"]
            ),
            (
                nan,
                [
                    "x.npy: a value of row 2 is infinite or too large; found inf; allowed: finite numbers up to 3.4e38",
                    "x.npy: 1 feature values are missing (NaN); found the first in row 1; "
                        + "allowed: no missing values, or the step impute in data.preprocess",
                ]
            ),
        ]
        for (features, expected) in cases { #expect(lines(load(features, labels)) == expected) }
    }

    @Test func `arrays of an archive are found by name, stored or deflated`() throws {
        for deflated in [false, true] {
            let archive = npz([("x.npy", features), ("other.npy", labels), ("y.npy", labels)], deflated: deflated)
            let data = try load(archive: archive).get()
            #expect(data.features == (0..<8).map { Float($0) } && classes(data) == ["3", "7"])
            #expect(
                lines(load(archive: archive, features: "z")) == [
                    "a.npz: the archive has no array of this name; found z; allowed: 'x', 'other', 'y'"
                ]
            )
        }
        #expect(
            lines(load(archive: features)) == ["a.npz: the file is no NPZ archive; allowed: what numpy.savez writes"]
        )
    }

    @Test func `a damaged archive is told`() {
        let archive = npz([("x.npy", features), ("y.npy", labels)], deflated: false)
        var damaged = archive
        // The last byte of the first array.
        damaged[30 + 5 + features.count - 1] ^= 1
        #expect(lines(load(archive: damaged)) == ["a.npz: the array 'x.npy' is damaged: its checksum differs"])
        // A size beyond the limit is refused before anything is unpacked.
        let folder = Folder()
        folder.write("a.npz", archive)
        let spec = DataSpec(source: .arrays("a.npz", features: "x", labels: "y"), validation: .none)
        let limits = FileBytes.Limits(stored: 1 << 20, unpacked: features.count - 1)
        let found = lines(DataSet.load(spec, relativeTo: folder.path, limits: limits))
        #expect(
            found == [
                "a.npz: the array 'x.npy' is too large; found \(features.count) bytes; allowed: at most \(features.count - 1)"
            ]
        )
    }

    @Test func `no change of the bytes traps`() {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        let archives = [true, false].map { npz([("x.npy", features), ("y.npy", labels)], deflated: $0) }
        for round in 0..<3000 {
            let isArchive = round % 2 == 0
            var bytes = isArchive ? archives[round / 2 % 2] : features
            for _ in 0...stream.below(4) {
                let index = stream.below(bytes.count)
                switch stream.below(5) {
                case 0: bytes[index] = UInt8(stream.below(256))
                case 1: bytes[index] ^= 1 << UInt8(stream.below(8))
                case 2: bytes.remove(at: index)
                case 3: bytes.removeSubrange(index...)
                default: bytes.insert(0xFF, at: index)
                }
                if bytes.isEmpty { break }
            }
            let result = isArchive ? load(archive: bytes) : load(bytes, labels)
            if case .success(let data) = result { #expect(data.rowCount == 4, "seed \(seed)") }
        }
    }
}

@Suite struct `libsvm files` {
    private func load(
        _ text: String,
        validation: String? = nil,
        preprocess: [PreprocessStep] = [],
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<DataSet, DataProblems> {
        let folder = Folder()
        folder.write("a.svm", gzipped(Array(text.utf8)))
        if let validation { folder.write("b.svm", validation) }
        return DataSet.load(
            DataSpec(
                source: .libsvm("a.svm"),
                validation: validation == nil ? .none : .source(.libsvm("b.svm")),
                preprocess: preprocess
            ),
            relativeTo: folder.path,
            limits: limits
        )
    }

    @Test func `rows are held dense, and what is not written is 0`() throws {
        let data = try load("+1 1:0.5 3:2 # a comment\n-1 2:1e1\r\n\n+1\n-1 3:-4\n").get()
        #expect(data.schema.features == ["feature_1", "feature_2", "feature_3"])
        #expect(data.features == [0.5, 0, 2, 0, 10, 0, 0, 0, 0, 0, 0, -4])
        #expect(classes(data) == ["-1", "1"])
        let zeroBased = try load("1 0:5\n0 1:6\n1 0:7\n0 1:8\n").get()
        #expect(zeroBased.schema.features == ["feature_0", "feature_1"])
        #expect(zeroBased.features == [5, 0, 0, 6, 7, 0, 0, 8])
    }

    @Test func `another file has the features of the main one`() throws {
        let main = "1 1:1 3:3\n0 2:2\n1 1:1\n0 3:3\n"
        #expect(try load(main, validation: "1 1:9\n").get().features.suffix(3).map { $0 } == [9, 0, 0])
        #expect(
            lines(load(main, validation: "1 1:9\n0 4:1\n1 0:1\n")) == [
                "b.svm:2: the source has no feature of this index; found 4; allowed: 1 to 3",
                "b.svm:3: the source has no feature of this index; found 0; allowed: 1 to 3",
            ]
        )
    }

    @Test func `all mistakes are told by line`() {
        let text = """
            1 1:1 2:2
            x 1:1
            1 2:1 2:1
            1 3:1 2:1
            0 qid:3 1:x
            0 1:1e99
            0 99999999999:1 1048577:1
            0 1: 2:nan
            """
        #expect(
            lines(load(text)) == [
                "a.svm:2: the label is not a number; found 'x'; allowed: a number, as in 1 3:0.5 7:2",
                "a.svm:3: the indices do not rise; found '2:1'; allowed: above 2",
                "a.svm:4: the indices do not rise; found '2:1'; allowed: above 3",
                "a.svm:5: this is no feature; found 'qid:3'; allowed: INDEX:VALUE, as in 3:0.5",
                "a.svm:5: the value is not a number; found '1:x'; allowed: finite numbers up to 3.4e38",
                "a.svm:6: the value is not a number; found '1:1e99'; allowed: finite numbers up to 3.4e38",
                "a.svm:7: this is no feature; found '99999999999:1'; allowed: INDEX:VALUE, as in 3:0.5",
                "a.svm:7: the index is too large; found '1048577:1'; allowed: at most 1048576",
                "a.svm:8: the value is not a number; found '1:'; allowed: finite numbers up to 3.4e38",
                "a.svm:8: a feature value is missing; found '2:nan'; allowed: a number, or add the step impute to data.preprocess",
            ]
        )
        #expect(lines(load("\n# nothing\n")) == ["a.svm: the file is empty; allowed: a row a line"])
        #expect(lines(load("1\n0\n1\n0\n")) == ["a.svm: no line has a feature; allowed: INDEX:VALUE"])
    }

    @Test func `missing values can be imputed, and dense rows have a limit`() throws {
        let data = try load("1 1:nan 2:1\n0 1:4\n1 1:2\n0 2:1\n", preprocess: [.impute]).get()
        #expect(try inputs(PreparedData(data, steps: [.impute]), row: 0)[0] == 2)
        let limits = FileBytes.Limits(stored: 1 << 20, unpacked: 1 << 20)
        let found = lines(load("1 1000000:1\n0 1:1\n1 1:1\n0 1:1\n", limits: limits))
        #expect(
            found == [
                "a.svm: the rows are too large once zeros are written out; found 4 rows of 1000000 features; "
                    + "allowed: at most 1048576 bytes, 4 a feature"
            ]
        )
    }

    @Test func `no bytes trap the reader`() {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        let alphabet = Array("0123456789:: \n\t.-+e#x".utf8)
        for _ in 0..<2000 {
            let bytes = (0..<stream.below(80)).map { _ in alphabet[stream.below(alphabet.count)] }
            // Indices may ask for much; the limit keeps that small.
            let limits = FileBytes.Limits(stored: 1 << 20, unpacked: 1 << 14)
            if case .success(let data) = load(String(decoding: bytes, as: UTF8.self), limits: limits) {
                #expect(data.features.count == data.rowCount * data.featureCount, "seed \(seed)")
            }
        }
    }
}
