import Glibc
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepStore
import SweepWire

// store-bench write DIR [--trials N] [--epochs N] [--epochs-a-report N]
//     makes a store as a coordinator would have: the real core, its facts in the real codec, in batches of 64 messages.
// store-bench snapshot DIR
//     reads the whole journal and writes the snapshot that a coordinator would.
// store-bench open DIR [--quick 1]
//     opens it as a coordinator does and asks for what commands ask (with --quick all but the ranking of every trial); prints
//     one line of JSON.

/// The number behind `name` among the arguments, or `standard`.
func option(_ name: String, _ standard: Int) -> Int {
    guard let place = CommandLine.arguments.firstIndex(of: name) else { return standard }
    guard CommandLine.arguments.indices.contains(place + 1), let value = Int(CommandLine.arguments[place + 1]),
        value > 0
    else {
        print("\(name): allowed is a number from 1")
        exit(2)
    }
    return value
}

/// Writes a store and closes it: a value of this file would keep it open until the process ends.
func write(to directory: String) throws {
    var writer = try JournalWriter(
        directory: directory,
        trials: option("--trials", 100_000),
        epochs: option("--epochs", 50),
        epochsAReport: option("--epochs-a-report", 1)
    )
    try writer.run()
}

guard CommandLine.arguments.count >= 3, ["write", "open", "snapshot"].contains(CommandLine.arguments[1]) else {
    print(
        "usage: store-bench write DIR [--trials N] [--epochs N] [--epochs-a-report N] | store-bench snapshot DIR"
            + " | store-bench open DIR [--quick 1]"
    )
    exit(2)
}
let directory = CommandLine.arguments[2]
do {
    if CommandLine.arguments[1] == "write" {
        try write(to: directory)
    } else if CommandLine.arguments[1] == "snapshot" {
        print(try await SnapshotWriting(directory: directory).measured().text())
    } else {
        let isQuick = option("--quick", 2) == 1
        print(try Opening(directory: directory, isQuick: isQuick).measured().text())
    }
} catch {
    print("\(error)")
    exit(1)
}
