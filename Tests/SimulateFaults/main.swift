import CoordinationSimulation
import Glibc
import SweepTestKit

// What it can be asked for; a word it does not know is an error with exit code 2.
let usage = """
    usage: simulate-faults [--seeds N] [--first SEED] [--kind drawn|steered|infested|arrival|crowded|cleared|populated|branched|experimented|all] [--trace]
           simulate-faults cost [--workers W,W,…] [--trials N,N,…] [--prune none|asha] [--silent W]

    Runs sweeps among faults on a virtual clock, each seed another scenario, and checks everything that must hold. A seed
    that fails is printed with what is wrong, made smaller, and written out as source for
    Tests/SimulationTests/NamedScenarios.swift. Exit code 1 if one fails.

    `cost` measures what an event costs the coordinator's core, in processor time: null workers without network and disk;
    beside them W that have fallen silent.
    """

func fail(_ sentence: String) -> Never {
    let text = Array("simulate-faults: \(sentence)\n\(usage)\n".utf8)
    _ = write(STDERR_FILENO, text, text.count)
    exit(2)
}

var arguments = Array(CommandLine.arguments.dropFirst())
if arguments.contains("--help") {
    print(usage)
    exit(0)
}
if arguments.first == "cost" {
    measureCosts(Array(arguments.dropFirst()))
} else {
    runSeeds(arguments)
}
