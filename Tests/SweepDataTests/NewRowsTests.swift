import Foundation
import SweepCore
import SweepData
import Testing

@Suite struct NewRowsTests {
    private static let columns = [
        DataColumn(name: "colour", kind: .oneHot(categories: ["green", "red", ""])), DataColumn(name: "age"),
        DataColumn(name: "when", kind: .day), DataColumn(name: "when_time", kind: .secondOfDay),
        DataColumn(name: "town", kind: .buckets(1000)),
    ]

    private static func read(
        _ bytes: [UInt8],
        _ columns: [DataColumn] = columns,
        header: HeaderRule = .auto
    ) throws -> Result<NewRows, DataProblems> {
        let file = FileManager.default.temporaryDirectory.appending(path: "sweepd-rows-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return NewRows.read(path: file.path, name: "rows.csv", expecting: .init(columns: columns), header: header)
    }

    private static func read(_ text: String, header: HeaderRule = .auto) throws -> Result<NewRows, DataProblems> {
        try read(Array(text.utf8), header: header)
    }

    @Test func `columns are found by name, others are left out, categories keep their indices`() throws {
        let rows = try Self.read(
            """
            town,note,age,when,colour
            Rome,a,41,1970-01-03T00:01:00,red
            Oslo,b,?,1970-01-01,blue
            Rome,c,-2.5,,NA

            """
        ).get()
        #expect(rows.rowCount == 3)
        let rome = Float(DataColumn.bucket(of: "Rome", count: 1000))
        #expect(Array(rows.features[0..<5]) == [1, 41, 2, 60, rome])
        #expect(rows.features[5] == -1 && rows.features[6].isNaN && rows.features[7] == 0)
        #expect(rows.features[10] == 2 && rows.features[11] == -2.5 && rows.features[12].isNaN)
        #expect(rows.features[14] == rome && rows.features[9] != rome)
    }

    @Test func `without a header the columns are taken in order`() throws {
        let rows = try Self.read("red,1,1970-01-02,Rome\ngreen,2,1970-01-03,Rome\n", header: .false).get()
        #expect(rows.rowCount == 2 && Array(rows.features[5..<8]) == [0, 2, 2])
        guard case .failure(let problems) = try Self.read("red,1,1970-01-02,Rome,x\n", header: .false) else {
            Issue.record("a row of five fields")
            return
        }
        #expect(problems.description.contains("found 5 columns; allowed: 4 columns: 'colour', 'age', 'when', 'town'"))
    }

    @Test func `a header above texts alone is found by the names of the model's inputs`() throws {
        let columns = ["colour", "shape"].map { DataColumn(name: $0, kind: .oneHot(categories: ["flat", "red"])) }
        let named = try Self.read(Array("shape,colour\nflat,red\nround,red\n".utf8), columns).get()
        #expect(named.rowCount == 2 && named.features == [1, 0, 1, -1])
        let plain = try Self.read(Array("red,flat\nred,round\n".utf8), columns).get()
        #expect(plain.rowCount == 2 && plain.features == [1, 0, 1, -1])
    }

    @Test func `every wrong cell and every missing column is named`() throws {
        guard
            case .failure(let cells) = try Self.read(
                "colour,age,when,town\nred,old,1970-01-02,A\nred,1e99,2. Mai,A\nred,3,1970-01-02,A\n",
                header: .true
            )
        else {
            Issue.record("wrong cells")
            return
        }
        // A date is read for its day and for its second, and both say that it is none.
        #expect(Set(cells.problems.map(\.line)) == [2, 3] && cells.problems.count == 4)
        #expect(cells.description.contains("rows.csv:2:5: the cell is not a number in column 'age'; found 'old'"))
        #expect(cells.description.contains("rows.csv:3:5: the number is infinite"))
        #expect(cells.description.contains("rows.csv:3:10: the cell is no date in column 'when'"))
        guard case .failure(let names) = try Self.read("colour,age\nred,1\n", header: .true) else {
            Issue.record("missing columns")
            return
        }
        #expect(names.description.contains("allowed: also 'when', 'town'"))
    }

    @Test func `arrays are rows of numbers`() throws {
        let pixels = (0..<4).map { DataColumn(name: "pixel_\($0)") }
        let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]
        let rows = try Self.read(images, pixels).get()
        #expect(rows.rowCount == 2 && rows.features == [1, 2, 3, 4, 5, 6, 7, 8])
        for columns in [Array(pixels.prefix(3)), Self.columns] {
            guard case .failure(let problems) = try Self.read(images, columns) else {
                Issue.record("\(columns)")
                continue
            }
            #expect(problems.description.contains("found 2 × 2 × 2"))
        }
    }
}
