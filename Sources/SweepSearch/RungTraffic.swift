/// Which rung each running trial is on its way to, and how far each has come: what every rule needs that promotes from rungs.
struct RungTraffic {
    /// Ascending, not empty.
    let levels: [Int]
    /// How many running trials are on their way to each rung.
    private(set) var approaching: [Int]
    private var running: [Int: Int] = [:]
    /// The highest rung at which each trial gave a result, so that a repeated report changes nothing.
    private var reached: [Int: Int] = [:]

    init(levels: [Int]) {
        precondition(!levels.isEmpty, "there must be a level")
        precondition(zip(levels, levels.dropFirst()).allSatisfy(<), "levels must ascend")
        self.levels = levels
        approaching = Array(repeating: 0, count: levels.count)
    }

    /// A trial begins, unless it has before.
    mutating func start(_ trial: Int) {
        guard reached[trial] == nil, running[trial] == nil else { return }
        run(trial, to: 0)
    }

    /// A trial is on its way to this rung (from 0).
    mutating func run(_ trial: Int, to rung: Int) {
        stop(trial)
        running[trial] = rung
        approaching[rung] += 1
    }

    /// A trial runs no more, as it has a result at `epoch`: the rung (from 0) that this counts at; nil where it has one there already.
    mutating func arrive(_ trial: Int, at epoch: Int) -> Int? {
        guard let rung = levels.firstIndex(where: { $0 >= epoch }), rung > reached[trial, default: -1] else {
            return nil
        }
        reached[trial] = rung
        stop(trial)
        return rung
    }

    /// A trial is gone: whatever is still reported for it comes too late.
    mutating func leave(_ trial: Int) {
        stop(trial)
        reached[trial] = levels.count
    }

    private mutating func stop(_ trial: Int) {
        if let rung = running.removeValue(forKey: trial) { approaching[rung] -= 1 }
    }
}
