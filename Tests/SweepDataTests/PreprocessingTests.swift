import Glibc
import SweepCore
import SweepData
import SweepNumerics
import Testing

@Suite struct `Preprocessing` {
    /// Two features and a constant; the last row is for validation.
    private func table() throws -> DataSet {
        try load("1,10,0.1,0\n2,20,0.1,1\n3,60,0.1,0\n100,-5,0.3,1\n", validation: .last(1)).get()
    }

    private func rows(_ data: PreparedData) -> [[Float]] {
        (0..<data.rowCount).map { Array(data.row($0)) }
    }

    // covers: C12 R7
    @Test func `standardize is fitted on training rows only`() throws {
        let data = try PreparedData(table(), steps: [.standardize])
        let deviation = (2.0 / 3.0).squareRoot()
        let other = (((20.0 * 20 + 10 * 10 + 30 * 30) as Double) / 3).squareRoot()
        let expected: [[Double]] = [
            [-1 / deviation, -20 / other, 0], [0, -10 / other, 0], [1 / deviation, 30 / other, 0],
            [98 / deviation, -35 / other, Double(Float(0.3)) - Double(Float(0.1))],
        ]
        #expect(rows(data) == expected.map { $0.map { Float($0) } })
        #expect(data.steps.count == 1)
    }

    @Test func `standardized training columns have mean 0 and variance 1`() throws {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        let text = (0..<500).map { "\(1000 + stream.normal()),\(stream.normal() * 1e-3),\($0 % 2)\n" }.joined()
        let data = try PreparedData(
            load(text, validation: .fraction(0.3), seed: stream.next()).get(),
            steps: [.standardize]
        )
        for column in 0..<2 {
            let moments = Moments(of: data.split.training.map { Double(data.row(Int($0))[column]) })
            // Each float is off by at most 2^-24 of its size (below 8 here); 1000 in float is off by 2^-15, which is the
            // data, not the step.
            #expect(abs(moments.mean) < 8 * 0x1p-24, "seed \(seed)")
            #expect(abs(moments.populationVariance - 1) < 1e-5, "seed \(seed)")
        }
    }

    @Test func `minmax maps training rows onto 0 to 1`() throws {
        let data = try PreparedData(table(), steps: [.minmax])
        #expect(rows(data)[..<3] == [[0, 0, 0], [0.5, 0.2, 0], [1, 1, 0]])
        #expect(rows(data)[3][0] == 49.5)
    }

    @Test func `scale multiplies, and steps follow one another`() throws {
        #expect(try rows(PreparedData(table(), steps: [.scale(0.5)]))[0] == [0.5, 5, 0.05])
        let once = try rows(PreparedData(table(), steps: [.standardize]))
        let twice = try rows(PreparedData(table(), steps: [.scale(4), .standardize]))
        // A factor of a power of two changes no bits of a standardized column.
        #expect(once.map { $0[..<2] } == twice.map { $0[..<2] })
    }

    @Test func `no steps leave the values as they are`() throws {
        let data = try table()
        let prepared = try PreparedData(data, steps: [])
        #expect(rows(prepared).flatMap { $0 } == data.features)
    }

    @Test func `impute puts in the training mean of what is there`() throws {
        let data = try load("1,5,0\n?,7,1\n3,?,0\n?,1,1\n", validation: .last(1), preprocess: [.impute]).get()
        #expect(try rows(PreparedData(data, steps: [.impute])) == [[1, 5], [2, 7], [3, 6], [2, 1]])
    }

    @Test func `missing values never reach training`() throws {
        let data = try load("1,5,0\n?,7,1\n3,?,0\n?,1,1\n", validation: .last(1), preprocess: [.impute]).get()
        #expect(throws: PreprocessingError.missing(feature: "column_0", count: 1, before: "standardize")) {
            try PreparedData(data, steps: [.standardize, .impute])
        }
        #expect(throws: PreprocessingError.missing(feature: "column_0", count: 2, before: "training")) {
            try PreparedData(data, steps: [])
        }
        let hidden = try load("?,5,0\n?,7,1\n3,2,0\n4,1,1\n", validation: .last(2), preprocess: [.impute]).get()
        #expect(throws: PreprocessingError.nothingToImpute(feature: "column_0")) {
            try PreparedData(hidden, steps: [.impute])
        }
        #expect(throws: PreprocessingError.notFinite(feature: "column_0")) {
            try PreparedData(load("1e30,0\n2,1\n3,0\n4,1\n").get(), steps: [.scale(1e12)])
        }
    }

    @Test func `rows beyond a size are held in a file, with the same bits`() throws {
        let data = try table()
        let steps: [PreprocessStep] = [.scale(0.3), .standardize]
        // 4 rows of 16 floats.
        let own = try PreparedData(data, steps: steps, mappedAbove: 256)
        let mapped = try PreparedData(data, steps: steps, mappedAbove: 255)
        #expect(try !isMapped(own.features) && isMapped(mapped.features))
        #expect(UInt(bitPattern: mapped.features) % 64 == 0)
        withExtendedLifetime((own, mapped)) {
            #expect((0..<64).allSatisfy { own.features[$0].bitPattern == mapped.features[$0].bitPattern })
        }
    }

    /// Whether the address lies in the mapping of a file that has no name any more.
    private func isMapped(_ address: UnsafePointer<Float>) throws -> Bool {
        let file = try #require(fopen("/proc/self/maps", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, 4096, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let bounds = text.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, (bounds[0]..<bounds[1]).contains(UInt(bitPattern: address)) else { continue }
            return (text.contains("/sweepd-rows-") || text.contains("/#")) && text.contains("(deleted)")
        }
        return false
    }

    @Test(arguments: [1, 15, 16, 17, 33])
    func `rows are aligned and padded with zeros`(columns: Int) throws {
        let text = (0..<4).map { row in (0..<columns).map { "\(row * columns + $0 + 1)," }.joined() + "\(row % 2)\n" }
            .joined()
        let data = try PreparedData(load(text).get(), steps: [.scale(2)])
        #expect(data.rowStride == (columns + 15) / 16 * 16)
        #expect(UInt(bitPattern: data.features) % 64 == 0)
        for row in 0..<4 {
            let values = UnsafeBufferPointer(start: data.features + row * data.rowStride, count: data.rowStride)
            #expect(values[..<columns].elementsEqual((0..<columns).map { Float(2 * (row * columns + $0 + 1)) }))
            #expect(values[columns...].allSatisfy { $0 == 0 })
        }
    }

    @Test func `fitted steps give new rows the same bits`() throws {
        let data = try table()
        let prepared = try PreparedData(data, steps: [.scale(0.3), .standardize, .minmax])
        for row in 0..<data.rowCount {
            for column in 0..<data.featureCount {
                let raw = data.features[row * data.featureCount + column]
                let value = prepared.steps.reduce(raw) { $1.apply($0, column: column) }
                #expect(value.bitPattern == prepared.row(row)[column].bitPattern)
            }
        }
    }
}
