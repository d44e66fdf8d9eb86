import Foundation
import SweepCore
import SweepNumerics
import SweepSearch

// search-bench runs [--methods a,b] [--functions a,b] [--seeds N] [--trials N] [--parallel a,b]
//   one line of JSON a run: the best value after each trial, and milliseconds a proposal
// search-bench cost [--methods a,b] [--results N] [--parameters N]
//   what a proposal costs with that many results, in processor time
// search-bench serve
//   the function `digits` for others: a line `SEED NAME=VALUE …` in, its cost out
//
// `digits` is no formula: it trains the configurations of sweeps/digits.yaml, and is begun in the repository's folder.

func fail(_ sentence: String) -> Never {
    FileHandle.standardError.write(Data("search-bench: \(sentence)\n".utf8))
    exit(2)
}

func option(_ name: String, _ fallback: String) -> String {
    let arguments = CommandLine.arguments
    guard let place = arguments.firstIndex(of: "--" + name), place + 1 < arguments.count else { return fallback }
    return arguments[place + 1]
}

func methods(_ fallback: String) -> [SearchSpec.Method] {
    option("methods", fallback).split(separator: ",").map { word in
        guard let method = SearchSpec.Method(rawValue: String(word)) else { fail("no method is called \(word)") }
        return method
    }
}

/// Writes a line at once, so that what was measured is there when the rest is not.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// The processor's time of this thread: a machine that is shared does not count.
func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// One search; `parallel` trials are always pending, and the oldest ends first.
func run(_ method: SearchSpec.Method, _ function: Function, seed: Int, trials: Int, parallel: Int) {
    var spec = SearchSpec(method: method, trials: trials, seed: UInt64(seed), parallelism: parallel)
    spec.objectives = function.front?.reference.count ?? 1
    var searcher = SearcherFactory.make(spec: spec, space: function.space)
    var pending: [(number: Int, costs: [Double])] = []
    var best = Double.infinity
    var front: [[Double]] = []
    var curve: [Double] = []
    var proposed = 0
    var seconds = 0.0
    while curve.count < trials {
        if pending.count < parallel, proposed < trials {
            let begin = nanoseconds()
            guard let configuration = searcher.propose(number: proposed) else { break }
            searcher.proposed(number: proposed, configuration: configuration)
            seconds += Double(nanoseconds() - begin) / 1e9
            pending.append((proposed, function.costs(configuration, UInt64(seed))))
            proposed += 1
            continue
        }
        let (number, costs) = pending.removeFirst()
        searcher.observe(number: number, costs: costs, epoch: 1)
        if let whole = function.front {
            if !front.contains(where: { $0 == costs || ParetoFronts.dominates($0, costs) }) {
                front = front.filter { !ParetoFronts.dominates(costs, $0) } + [costs]
                best = 1 - ParetoFronts.hypervolume(front, reference: whole.reference) / whole.hypervolume
            }
        } else {
            best = min(best, costs[0] - function.least)
        }
        curve.append(best)
    }
    let text = curve.map { "\($0)" }.joined(separator: ",")
    say(
        """
        {"by":"sweepd","method":"\(method.rawValue)","function":"\(function.name)","seed":\(seed),\
        "parallel":\(parallel),"ms":\(1000 * seconds / Double(max(1, proposed))),"regret":[\(text)]}
        """
    )
}

/// Milliseconds of each of some proposals after `results` results in `parameters` reals.
func cost(_ method: SearchSpec.Method, results: Int, parameters: Int) {
    let space = SearchSpace(
        template: .map(
            (0..<parameters).map { SpecEntry("x\($0)", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))) }
        )
    )
    let spec = SearchSpec(method: method, trials: results + 100, seed: 1)
    var searcher = SearcherFactory.make(spec: spec, space: space)
    var random = RandomSearcher(space: space, seed: 2)
    func tell(_ number: Int, _ configuration: Configuration) {
        searcher.proposed(number: number, configuration: configuration)
        let value = (0..<parameters).map { pow(Function.real(configuration, "x\($0)") - 0.3, 2) }.reduce(0, +)
        searcher.observe(number: number, objective: value, epoch: 1)
    }
    if searcher.ignoresResults {
        let count = 200_000
        let begin = nanoseconds()
        var entries = 0
        for number in 0..<count { entries += searcher.propose(number: number)?.entries.count ?? 0 }
        let seconds = Double(nanoseconds() - begin) / 1e9
        precondition(entries == count * parameters)
        print("\(method.rawValue): \(Int(Double(count) / seconds)) proposals/s of \(parameters) parameters")
        return
    }
    for number in 0..<results { if let configuration = random.propose(number: number) { tell(number, configuration) } }
    var milliseconds: [Double] = []
    for number in results..<results + 41 {
        let begin = nanoseconds()
        guard let configuration = searcher.propose(number: number) else { return }
        milliseconds.append(Double(nanoseconds() - begin) / 1e6)
        tell(number, configuration)
    }
    let first = milliseconds[0]
    milliseconds.sort()
    print(
        "\(method.rawValue): \(milliseconds[20]) ms median, \(milliseconds[40]) ms most, first \(first) ms; "
            + "\(results) results of \(parameters) parameters"
    )
}

/// The real trainings of the benchmark.
func digits() -> TrainedSweep {
    do { return try TrainedSweep(file: "sweeps/digits.yaml") } catch { fail("\(error)") }
}

/// Answers each line of the input with a cost, until the input ends.
func serve(_ training: TrainedSweep) {
    while let line = readLine() {
        do { say("\(try training.cost(line))") } catch { fail("\(error)") }
    }
}

switch CommandLine.arguments.dropFirst().first {
case "runs":
    let known = Function.all + Function.fronts
    let names = option("functions", Function.all.map(\.name).joined(separator: ",")).split(separator: ",").map(
        String.init
    )
    let functions = names.map { name -> Function in
        if name == "digits" { return Function(digits(), name: name) }
        guard let function = known.first(where: { $0.name == name }) else { fail("no function is called \(name)") }
        return function
    }
    for method in methods("tpe,gp,cmaes,auto") {
        for function in functions {
            for parallel in option("parallel", "1,8").split(separator: ",").compactMap({ Int($0) }) {
                let first = Int(option("first", "0")) ?? 0
                for seed in first..<first + (Int(option("seeds", "30")) ?? 30) {
                    run(method, function, seed: seed, trials: Int(option("trials", "100")) ?? 100, parallel: parallel)
                }
            }
        }
    }
case "cost":
    for method in methods("random,sobol,halton,tpe,gp,cmaes,evolution") {
        cost(method, results: Int(option("results", "1000")) ?? 1000, parameters: Int(option("parameters", "10")) ?? 10)
    }
case "serve": serve(digits())
default:
    print(
        "usage: search-bench runs|cost|serve [--methods a,b] [--functions a,b] [--seeds N] [--trials N] [--parallel 1,8]"
    )
}
