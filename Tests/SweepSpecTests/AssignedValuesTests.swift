import SweepCore
import SweepSpec
import Testing

/// `NAME=VALUE` of `sweepd enqueue`.
@Suite struct AssignedValuesTests {
    @Test func `values are those of a sweep file`() throws {
        let node = try AssignedValues([
            "learning_rate=1e-3", "train.layers=2", "bias=true", "optimizer=adam", "decay=null", "widths=[8, 4]",
            "name='a=b'", "range={log: [1, 2]}",
        ]).node
        #expect(
            node
                == .map([
                    SpecEntry("learning_rate", .real(1e-3)), SpecEntry("train.layers", .integer(2)),
                    SpecEntry("bias", .boolean(true)), SpecEntry("optimizer", .text("adam")),
                    SpecEntry("decay", .null), SpecEntry("widths", .list([.integer(8), .integer(4)])),
                    SpecEntry("name", .text("a=b")),
                    // No domain: nothing is searched here.
                    SpecEntry("range", .map([SpecEntry("log", .list([.integer(1), .integer(2)]))])),
                ])
        )
    }

    @Test func `every argument that is wrong is told`() {
        let faults = #expect(throws: AssignedValues.Faults.self) {
            try AssignedValues(["layers", "=3", "layers=2", "layers=3", "rate=.nan", "rate=[1"])
        }
        let sentences = faults?.sentences ?? []
        #expect(sentences.count == 5)
        let allowed = "not an assignment: allowed NAME=VALUE, as in learning_rate=0.01"
        #expect(
            sentences.prefix(4) == [
                "layers: \(allowed)", "=3: \(allowed)", "layers=3: a second value for layers",
                "rate=.nan: not a finite number",
            ]
        )
        #expect(sentences.last?.hasPrefix("rate=[1: ") == true)
    }
}
