import SweepCore
import SweepSpec
import Testing

/// What a file says of experiments on its findings: mistakes have their line and column.
@Suite struct DiagnoseFileTests {
    @Test(arguments: [("0.1", 0.1), ("1", 1), ("1e-3", 1e-3)]) func `a share is read`(text: String, share: Double)
        throws
    {
        let read = try sweep(file(rest: "search: {trials: 3}\ndiagnose: {confirm: \(text)}"))
        #expect(read.sweep.diagnose == DiagnoseSpec(confirm: share))
        #expect(try sweep(file(rest: "search: {trials: 3}")).sweep.diagnose == nil, "off unless told")
    }

    @Test(arguments: [
        (
            "{confirm: 0}",
            "f:8:21: not an allowed value: diagnose.confirm, found 0, allowed a number above 0, at most 1"
        ),
        (
            "{confirm: 1.5}",
            "f:8:21: not an allowed value: diagnose.confirm, found 1.5, allowed a number above 0, at most 1"
        ),
        (
            "{confirm: most}",
            "f:8:21: not an allowed value: diagnose.confirm, found most, allowed a number above 0, at most 1"
        ),
    ]) func `a mistake is told where it stands`(value: String, sentence: String) {
        #expect(problems(file(rest: "search: {trials: 3}\ndiagnose: \(value)")) == [sentence])
    }

    @Test func `a file without the share, or with a key beside it, is refused`() {
        let none = problems(file(rest: "search: {trials: 3}\ndiagnose: {}"))
        #expect(none.count == 1 && none[0].contains("missing: diagnose.confirm"), "\(none)")
        let other = problems(file(rest: "search: {trials: 3}\ndiagnose: {confirm: 0.1, repeats: 3}"))
        #expect(other.count == 1 && other[0].contains("unknown key: diagnose.repeats"), "\(other)")
    }

    @Test func `arms, which are an experiment, are refused with it`() {
        let rest = "arms: {as it is: {}, more: {train.batch_size: 64}}\ndiagnose: {confirm: 0.1}"
        let found = problems(file(rest: rest))
        #expect(found.contains { $0.contains("a sweep with arms is an experiment") }, "\(found)")
    }

    @Test func `epochs are a share of the search's, rounded down`() {
        #expect(DiagnoseSpec(confirm: 0.1).epochs(of: 729) == 72)
        #expect(DiagnoseSpec(confirm: 1).epochs(of: 729) == 729)
        #expect(DiagnoseSpec(confirm: 0.5).epochs(of: 1) == 0)
    }
}
