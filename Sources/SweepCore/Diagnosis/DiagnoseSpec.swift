/// What the coordinator does about findings by itself: `diagnose` of the sweep file.
package struct DiagnoseSpec: Hashable, Sendable {
    /// The share of the search's epochs that experiments may train once the sweep is finished: above 0, at most 1.
    package var confirm: Double

    package init(confirm: Double) { self.confirm = confirm }

    /// Reads `diagnose`; nil when it is wrong (and reported).
    static func read(_ reader: SpecReader) -> DiagnoseSpec? {
        guard let fields = reader.fields(["confirm"]),
            let share = fields.required("confirm", "a share of the epochs, above 0, at most 1")?.real(
                in: 0...1,
                above: true
            )
        else { return nil }
        return DiagnoseSpec(confirm: share)
    }

    /// The epochs that experiments on a search of so many may train.
    package func epochs(of searched: Int) -> Int { Int((confirm * Double(max(0, searched))).rounded(.down)) }
}
