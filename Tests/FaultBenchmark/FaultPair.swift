/// Two faults at once, of kinds that do not undo each other.
struct FaultPair: Sendable {
    let first: String
    let second: String

    /// Pairs across the families: settings with data, network with data, penalty with settings. One in five cases is of them.
    static let all: [FaultPair] = [
        FaultPair("rate × 100", "a feature × 1000"),
        FaultPair("rate × 100", "wrong labels"),
        FaultPair("rate / 100", "outliers in features"),
        FaultPair("rate / 1000", "imbalance"),
        FaultPair("l2 of .3", "wrong labels"),
        FaultPair("l2 of .3", "missing as -999"),
        FaultPair("dropout .9", "outliers in features"),
        FaultPair("width 1 or 2", "a feature × 1000"),
        FaultPair("no activation", "missing as -999"),
        FaultPair("rate × 100", "target × 1000"),
        FaultPair("l2 of .3", "outliers in targets"),
        FaultPair("rate cut by batches", "a feature × 1000"),
        FaultPair("rate × 100", "flips and turns of characters"),
        FaultPair("rate / 100", "flips and turns of characters"),
        FaultPair("raw pixels", "flips and turns of characters"),
        FaultPair("squared error on classes", "imbalance"),
        FaultPair("rate / 1000", "60 rows"),
        FaultPair("weights × 5", "missing as -999"),
    ]

    private init(_ first: String, _ second: String) {
        self.first = first
        self.second = second
    }
}
