import Glibc
import SweepTestKit

/// Measures the core and ends the process.
func measureCosts(_ arguments: [String]) -> Never {
    var arguments = arguments
    var workers = [100, 1_000, 10_000]
    var trials = [10_000, 100_000, 1_000_000]
    var prunes = ["none", "asha"]
    var silent = 0
    while !arguments.isEmpty {
        let option = arguments.removeFirst()
        guard !arguments.isEmpty else { fail("\(option) needs a value") }
        let value = arguments.removeFirst()
        let numbers = value.split(separator: ",").compactMap { Int($0) }.filter { $0 > 0 }
        switch option {
        case "--workers" where !numbers.isEmpty: workers = numbers
        case "--trials" where !numbers.isEmpty: trials = numbers
        case "--silent" where numbers.count == 1: silent = numbers[0]
        case "--prune" where value == "none" || value == "asha": prunes = [value]
        default: fail("\(option) \(value) is not known")
        }
    }
    print("prune  workers    trials     events  events/s  µs/event  slowest tenth, µs  MiB")
    for prune in prunes {
        for workers in workers {
            for trials in trials {
                var sweep = SampleSweep()
                sweep.trials = trials
                sweep.prune = prune
                sweep.epochs = prune == "none" ? 1 : 9
                // As wide as the workers, or virtual time would keep most of them idle.
                sweep.parallelism = min(65_536, max(256, 2 * workers))
                guard let cost = NullWorkers.run(sweep, workers: workers, slots: 1, prefetch: 1, silent: silent)
                else {
                    print("the sweep of \(trials) trials on \(workers) workers does not end")
                    exit(1)
                }
                let columns = [
                    pad(prune, 5, left: false), pad("\(workers)", 8), pad("\(trials)", 9), pad("\(cost.events)", 10),
                    pad("\(Int(cost.perSecond))", 9), pad(tenths(cost.microsecondsPerEvent), 9),
                    pad(tenths(cost.slowestTenth), 18), pad("\(residentMebibytes())", 4),
                ]
                print(columns.joined(separator: " "))
            }
        }
    }
    exit(0)
}

private func pad(_ text: String, _ width: Int, left: Bool = true) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? space + text : text + space
}

private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

/// The memory of this process now.
private func residentMebibytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, 256, file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
        separator: " "
    )
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 / 1_048_576 : 0
}
