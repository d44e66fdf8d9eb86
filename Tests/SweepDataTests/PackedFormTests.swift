import CZlib
import SweepCore
import SweepData
import SweepNumerics
import Testing

@Suite struct `The packed form` {
    private func samples() throws -> [DataSet] {
        [
            try load("a,b,label\n1,2.5,x\n-3,4e-1,y\n5,6,x\n7,8,y\n", validation: .fraction(0.25)).get(),
            try load("0,255,1.5\n3,4,2\n5,6,2.5\n7,8,3\n", task: .regression, validation: .last(1), test: .last(1))
                .get(),
            try load("1,?,0\n?,4,1\n5,6,0\n7,8,1\n", preprocess: [.impute]).get(),
            try load(
                "kind,when,x,y\nred,2024-02-29 12:30,1,0\nblue,?,2,1\nred,2024-03-01,3,0\nblue,2024-03-01,3,1\n"
                    + "?,2024-03-02,4,1\n",
                validation: .last(1),
                preprocess: [.impute]
            ).get(),
            try load(
                "kind,size,x,y\na,s,1,0\nb,m,2,1\na,s,3,0\nb,,4,1\na,m,5,0\nb,,6,1\n",
                header: .true,
                columns: [ColumnRule("x", .ignore)],
                categorical: .ordinal
            ).get(),
            try load("kind,x,y\na,1,0\nb,2,1\nc,3,0\nd,4,1\n", categorical: .hash(7)).get(),
        ]
    }

    /// A data set with weights that trials may begin with.
    private func weighted() throws -> DataSet {
        var data = try samples()[0]
        data.startingWeights = [
            StartingWeights(
                file: "a.safetensors",
                tensors: [
                    WeightTensor(name: "1.weights", shape: [2, 3], values: [1, -0.5, 0, 3, 4, 5]),
                    WeightTensor(name: "1.bias", shape: [3], values: [0.25, 0, -1]),
                ]
            ), StartingWeights(file: "b", tensors: []),
        ]
        return data
    }

    private func isSame(_ a: DataSet, _ b: DataSet) -> Bool {
        a.schema == b.schema && a.columns == b.columns && a.targetName == b.targetName && a.targets == b.targets
            && a.split == b.split && a.startingWeights == b.startingWeights
            && a.features.map(\.bitPattern) == b.features.map(\.bitPattern)
    }

    /// `bytes` with length and checksum made right again, so that a change is met by the checks behind them.
    private func resealed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = Array(bytes.dropLast(4))
        guard bytes.count >= 20 else { return bytes }
        let length = UInt64(bytes.count + 4)
        for index in 0..<8 { bytes[12 + index] = UInt8(truncatingIfNeeded: length >> UInt64(8 * index)) }
        let checksum = UInt32(crc32(0, bytes, uInt(bytes.count)))
        return bytes + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> UInt32(8 * $0)) }
    }

    @Test func `packing and unpacking changes nothing`() throws {
        for data in try samples() + [weighted()] {
            let packed = data.packed()
            let unpacked = try DataSet(packed: packed)
            #expect(isSame(data, unpacked))
            #expect(unpacked.packed() == packed)
        }
    }

    @Test func `weights to begin with make a new version, and only they do`() throws {
        let (plain, weighted) = (try samples()[0].packed(), try weighted().packed())
        #expect(plain[8] == 1 && weighted[8] == 3)
        // Any cut within the weights is found by what stands there, not by the checksum alone.
        let tail = weighted.count - plain.count
        for length in (weighted.count - tail)..<(weighted.count - 4) {
            #expect(throws: DataSetFormatError.self, "\(length)") {
                try DataSet(packed: resealed(Array(weighted[..<length]) + [0, 0, 0, 0]))
            }
        }
        var broken = weighted
        for index in 0..<4 { broken[weighted.count - 4 - 4 - 4 - 1 - 4 + index] = [0, 0, 0xC0, 0x7F][index] }
        #expect(throws: DataSetFormatError.self) { try DataSet(packed: resealed(broken)) }
    }

    @Test func `images keep their shape and take a byte a pixel`() throws {
        let folder = Folder()
        folder.write("i", [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 10, 0, 0, 0, 10] + (0..<400).map { UInt8($0 % 256) })
        folder.write("l", [0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 1, 2])
        let data = try DataSet.load(
            DataSpec(source: .images("i", labels: "l"), validation: .fraction(0.25)),
            relativeTo: folder.path
        ).get()
        let packed = data.packed()
        // 400 pixels; names of 100 pixels take less than 16 bytes each.
        #expect(packed.count < 400 + 100 * 16 + 200)
        #expect(isSame(try DataSet(packed: packed), data))
    }

    @Test func `negative zero and fractions are not taken for bytes`() throws {
        let data = try load("-0,1\n1,2\n2,1\n3,2\n").get()
        #expect(data.features[0].sign == .minus)
        #expect(isSame(try DataSet(packed: data.packed()), data))
    }

    @Test func `the id is the SHA-256 of the bytes`() throws {
        // FIPS 180-4's example of one block.
        #expect(
            DataSet.id(ofPacked: Array("abc".utf8)).hash.hex
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(DataSet.id(ofPacked: Array("abc".utf8)).size == 3)
        let ids = try samples().map { DataSet.id(ofPacked: $0.packed()) }
        #expect(Set(ids).count == 6)
        #expect(try ids == samples().map { DataSet.id(ofPacked: $0.packed()) })
    }

    @Test func `version 1 is what it was`() throws {
        let packed = try samples()[1].packed()
        // From the table of the layout, packed by Python's struct, zlib and hashlib.
        #expect(packed.count == 136)
        #expect(
            DataSet.id(ofPacked: packed).hash.hex == "d865ee0d6312001b4633b42de09885844cc26562b2bd2cc484d9a9c04ae3ed25"
        )
    }

    @Test func `bytes of version 1 are read as they were written`() throws {
        // Made by Python's struct and zlib from the table of the layout.
        let hex = """
            535750444441544101000000880000000000000001010000040000000200000000000000000000000000000002000000\
            010000000100000008000000636f6c756d6e5f3208000000636f6c756d6e5f3008000000636f6c756d6e5f3100ff0304\
            050607080000c03f00000040000020400000404000000000010000000200000003000000cb5990dd
            """
        let digits = Array(hex.utf8)
        let packed = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
        }
        #expect(isSame(try DataSet(packed: packed), try samples()[1]))
    }

    @Test func `columns that are not numbers, and images in colour, take version 2`() throws {
        let versions = try samples().map { $0.packed()[8] }
        #expect(versions == [1, 1, 1, 2, 2, 2])
        let folder = Folder()
        folder.write("i", [0, 0, 8, 4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3] + (0..<24).map { UInt8($0) })
        folder.write("l", [0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 1, 2])
        let data = try DataSet.load(
            DataSpec(source: .images("i", labels: "l"), validation: .last(1)),
            relativeTo: folder.path
        ).get()
        #expect(data.schema.image == ImageShape(height: 1, width: 2, channels: 3))
        #expect(data.schema.features[4] == "pixel_0_1_1")
        #expect(data.packed()[8] == 2)
        #expect(isSame(try DataSet(packed: data.packed()), data))
    }

    @Test func `wrong bytes are named`() throws {
        let packed = try samples()[0].packed()
        func error(_ bytes: [UInt8]) -> DataSetFormatError? {
            do throws(DataSetFormatError) {
                _ = try DataSet(packed: bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(error([]) == .notADataSet)
        #expect(error(Array("a,b,label\n1,2,x\n".utf8)) == .notADataSet)
        #expect(error(Array(packed.prefix(30))) == .wrongLength(found: 30, expected: 60))
        #expect(error(packed + [0]) == .wrongLength(found: packed.count + 1, expected: UInt64(packed.count)))
        var newer = packed
        newer[8] = 4
        #expect(error(newer) == .unknownVersion(4))
        var damaged = packed
        damaged[packed.count - 9] ^= 1
        #expect(error(damaged) == .damaged)
    }

    @Test func `no change of the bytes traps or asks for memory beyond the input`() throws {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        var refused = 0
        for data in try samples() {
            let packed = data.packed()
            for count in 0..<packed.count {
                _ = try? DataSet(packed: Array(packed[..<count]))
                _ = try? DataSet(packed: resealed(Array(packed[..<count])))
            }
            // Every count of the header at its extremes.
            for field in stride(from: 20, to: 56, by: 4) {
                for value in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] as [UInt32] {
                    var bytes = packed
                    for index in 0..<4 { bytes[field + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
                    _ = try? DataSet(packed: resealed(bytes))
                }
            }
            for _ in 0..<3000 {
                var bytes = packed
                for _ in 0...stream.below(4) {
                    let index = stream.below(bytes.count)
                    switch stream.below(4) {
                    case 0: bytes[index] = UInt8(stream.below(256))
                    case 1: bytes[index] ^= 1 << UInt8(stream.below(8))
                    case 2: bytes.remove(at: index)
                    default: bytes.insert(UInt8(stream.below(256)), at: index)
                    }
                }
                do throws(DataSetFormatError) {
                    // What is accepted is a data set: it can be packed and prepared.
                    let data = try DataSet(packed: resealed(bytes))
                    #expect(isSame(try DataSet(packed: data.packed()), data), "seed \(seed)")
                    _ = try? PreparedData(data, steps: [.impute, .standardize])
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 3000, "seed \(seed)")
    }
}
