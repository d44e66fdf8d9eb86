import FaultBenchmark
import Foundation
import KernelAPI
import SweepKernels

// diagnosis-bench [--half tuning|reporting] [--tasks a,b] [--kinds a,b] [--seeds N] [--from SEED] [--quick] [--no-experiments] [--detail]
//   Faults of known kinds in sound runs: what the diagnosis makes of them. Tables in Markdown.
// diagnosis-bench claims [--seeds N] [--only NAME]
//   What is said of loss curves, tried: a table in Markdown.
//   --from is the first seed: others than 0 are fresh ones, which no rule was set by.
//   --quick leaves out remedies and experiments, --no-experiments the latter; --detail lists every run that was not told rightly.

func option(_ name: String) -> String? {
    let arguments = CommandLine.arguments
    guard let place = arguments.firstIndex(of: "--" + name), place + 1 < arguments.count else { return nil }
    return arguments[place + 1]
}
let isQuick = CommandLine.arguments.contains("--quick")
let isDetailed = CommandLine.arguments.contains("--detail")

func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
func fail(_ line: String) -> Never {
    FileHandle.standardError.write(Data("diagnosis-bench: \(line)\n".utf8))
    exit(2)
}

var plan = FaultStudy.Plan()
if let half = option("half") {
    guard let half = BaseTask.Half(rawValue: half) else { fail("--half: found \(half), allowed tuning or reporting") }
    plan.tasks = BaseTask.all.filter { $0.half == half }.map(\.name)
}
if let tasks = option("tasks") { plan.tasks = tasks.split(separator: ",").map(String.init) }
if let kinds = option("kinds") { plan.kinds = kinds.split(separator: ",").map(String.init) }
if let seeds = option("seeds") {
    guard let count = Int(seeds), count > 1 else { fail("--seeds: found \(seeds), allowed a number from 2") }
    plan.seeds = count
}
if let seed = option("from") {
    guard let seed = UInt64(seed), seed < 1 << 32 else { fail("--from: found \(seed), allowed a number from 0") }
    plan.firstSeed = seed
}
if isQuick {
    plan.mends = false
    plan.experiments = false
}
if CommandLine.arguments.contains("--no-experiments") { plan.experiments = false }
if let unknown = plan.tasks.first(where: { name in !BaseTask.all.contains { $0.name == name } }) {
    fail("--tasks: found \(unknown), allowed \(BaseTask.all.map(\.name).joined(separator: ", "))")
}

/// Tries every claim, or one.
func printClaims(seeds: Int, only: String?, on bench: Workbench) throws {
    say(
        """
        # What is said of loss curves, tried

        Made by `make claims`. Each line compares two runs that differ in one thing, over \(seeds) seeds that both share (weights and order
        of rows; where the claim is about rows, their split too). A ratio is that of the geometric means, with the 95 % interval of the
        paired logarithms by Student's t. *Held*: the whole interval lies on the side that is claimed. The runs are small, in
        `sweeps/why` and `Tests/FaultBenchmark/Claim+All.swift`: what they show is true of them. Out of scope: recurrent and language
        models, reinforcement learning.

        """
    )
    func number(_ value: Double) -> String { String(format: value < 1000 ? "%.3g" : "%.0f", value) }
    for (title, claims) in [
        ("The examples", Claim.examples), ("The traps", Claim.traps), ("What is disputed", Claim.disputed),
    ] {
        say("## \(title)\n")
        say("| claim | what is said | measured: from → to | ratio, 95 % interval, \(seeds) paired seeds | |")
        say("|---|---|---|---|---|")
        for claim in claims where only.map({ claim.name == $0 }) ?? true {
            let result = try ClaimResult(claim, seeds: seeds, on: bench)
            let interval = result.interval.map { "\(number($0.lowerBound)) to \(number($0.upperBound))" } ?? "–"
            say(
                "| \(claim.name) | \(claim.claimed) | \(claim.measures): \(number(result.base)) → \(number(result.changed)) "
                    + "| × \(number(result.ratio)), \(interval) | \(result.verdict.rawValue) |"
            )
        }
        say("")
    }
}

let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
let bench = Workbench(root: root, kernels: try KernelTable.selected())
let begin = Date()
if CommandLine.arguments.dropFirst().first == "claims" {
    try printClaims(seeds: plan.seeds == 5 ? 10 : plan.seeds, only: option("only"), on: bench)
    exit(0)
}
let showsProgress = isatty(STDERR_FILENO) == 1
let study = try FaultStudy(plan, on: bench) { name in
    if showsProgress { FileHandle.standardError.write(Data("\r\u{1B}[K\(name)".utf8)) }
}
if showsProgress { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }

for half in BaseTask.Half.allCases {
    let records = study.records.filter { $0.half == half }
    guard !records.isEmpty else { continue }
    let scores = FaultScores(records)
    say(
        "### \(half == .tuning ? "Tuned on" : "Reported on"): \(plan.tasks.filter { name in BaseTask.all.contains { $0.name == name && $0.half == half } }.joined(separator: ", "))\n"
    )
    say("| figure | share | of |")
    say("|---|---|---|")
    say("| the first cause is right | \(scores.first) | \(scores.first.of) runs with one fault |")
    say("| one of the first three is | \(scores.three) | \(scores.three.of) |")
    say("| the first is the fault's own name | \(scores.strict) | \(scores.strict.of) |")
    say("| both faults of two, each among the first three | \(scores.pairs) | \(scores.pairs.of) faults |")
    say("| something is named in a sound run | \(scores.alarms) | \(scores.alarms.of) sound runs |")
    say(
        isQuick
            ? "| the same, where the printed remedy gains nothing: false alarms | – | not tried |"
            : "| the same, where the printed remedy gains nothing: false alarms | \(scores.falseAlarms) | \(scores.falseAlarms.of) sound runs |"
    )
    say(
        "| a printed remedy recovers four fifths of what was lost | \(scores.recovered) | \(scores.recovered.of) runs with a remedy that can be set |"
    )
    if scores.recovered.of > 0 {
        say(
            "| the same, no remedy printed counted as none that helps | \(scores.cured) | \(scores.cured.of) runs whose fault a setting can undo |"
        )
    }
    say("| a remedy that can be set is printed | \(scores.settable) | \(scores.settable.of) |")
    say("| faults without effect that are named all the same | \(scores.idle) | \(scores.idle.of) runs |")
    say("")
    say("| evidence | first | of three | named in sound runs |")
    say("|---|---|---|---|")
    for level in EvidenceLevel.allCases {
        guard let shares = scores.ablation[level] else { continue }
        say("| \(level.rawValue) | \(shares.first) | \(shares.three) | \(shares.alarms) |")
    }
    if scores.experiment.tried.of > 0 {
        say(
            "| all, and the remedies of three tried (one seed of each fault) | \(scores.experiment.rules) → \(scores.experiment.tried) | | |"
        )
    }
    say("")
    say("| rules, on the runs that were trained | faulty ones of which something is said | of | sound ones | of |")
    say("|---|---|---|---|---|")
    for tool in scores.tools {
        say("| \(tool.name) | \(tool.found) | \(tool.found.of) | \(tool.alarms) | \(tool.alarms.of) |")
    }
    say("")
    say("| kind of fault | runs | first | of three | remedy recovers | named instead |")
    say("|---|---|---|---|---|---|")
    for row in scores.rows {
        let instead = row.instead.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3).map {
            "\($0.key) \($0.value)"
        }
        .joined(separator: ", ")
        say("| \(row.kind) | \(row.runs) | \(row.first) | \(row.three) | \(row.recovered) | \(instead) |")
    }
    if !scores.alarmsByVerdict.isEmpty {
        say(
            "\nFalse alarms by what was named: "
                + scores.alarmsByVerdict.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
                    separator: ", "
                )
        )
    }
    say("")
}
if isDetailed {
    for record in study.records {
        let named = record.answers[.data] ?? []
        let isWrong: Bool =
            switch record.kinds.count {
            case 0: record.verdict != "no fault found" && record.gains != true
            case 1: record.isAdmitted && !(named.first.map(record.right[0].contains) ?? false)
            default:
                record.isAdmitted
                    && !record.right.allSatisfy { right in named.prefix(3).contains(where: right.contains) }
            }
        if record.gains == true { say("mended   \(record.name) #\(record.seed): \(record.remedy)") }
        if isWrong { say("wrong    \(record.name) #\(record.seed): \(record.verdict) | \(record.detail)") }
        if record.recovers == false { say("unmended \(record.name) #\(record.seed): \(record.remedy)") }
    }
}
for line in Set(study.unusable).sorted() { say("unusable remedy: \(line)") }
say("\(bench.runs) runs trained, \(Int(Date().timeIntervalSince(begin))) s")
