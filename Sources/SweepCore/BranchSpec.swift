/// Where the arms of a comparison part: `search: {branch: {after: …}}` of the sweep file.
///
/// The file's first arm is trained up to an epoch once, and every run of every arm goes on from that state: weights, the optimizer's
/// memory, averages and the place in schedules are its, the change and the order of rows after it are the run's own.
package struct BranchSpec: Hashable, Sendable {
    /// The epoch, from 1, after which the arms part.
    package var after: Int
    /// The seed of the epochs before; nil: that of the first repeat.
    package var seed: UInt64?

    package init(after: Int, seed: UInt64? = nil) {
        self.after = after
        self.seed = seed
    }

    /// As a sweep file has it.
    package var node: SpecNode {
        let seed = seed.map { [SpecEntry("seed", .integer(Int(bitPattern: UInt($0))))] } ?? []
        return .map([SpecEntry("after", .integer(after))] + seed)
    }

    /// Reads `branch`; nil when it is wrong (and reported).
    static func read(_ reader: SpecReader) -> BranchSpec? {
        guard let fields = reader.fields(["after", "seed"]),
            let after = fields.required("after", "the epoch after which the arms part")?.integer(in: 1...1_000_000)
        else { return nil }
        // A trial's seed has 64 bits, and an integer of a file a sign.
        let seed: Int?? = fields.optional("seed").map { $0.integer(in: Int.min...Int.max) }
        if case .some(.none) = seed { return nil }
        return BranchSpec(after: after, seed: seed?.map { UInt64(UInt(bitPattern: $0)) })
    }
}

extension Sweep {
    /// Bytes that what a worker is told of one trial may take: a tree is at most 1 MiB.
    static let greatestLineage = 1 << 20

    /// Reports what a file with `branch` says that its arms cannot have.
    static func reportUnfit(
        _ branch: BranchSpec,
        _ source: SpecNode,
        work: Work?,
        arms: [Arm],
        problems: SpecProblems
    ) {
        let at = SpecPath([.key("search"), .key("branch")])
        guard let work else { return }
        guard case .training = work else {
            let message = "a program keeps its own state, from which no other goes on"
            problems.add(SpecProblem(path: at, message: message, allowed: "no branch"))
            return
        }
        guard source["arms"] != nil else {
            let message = "the trials of a search begin with weights of their own"
            problems.add(SpecProblem(path: at, message: message, allowed: "arms, or no branch"))
            return
        }
        if branch.after >= work.epochs {
            problems.add(
                SpecProblem(
                    path: at.appending(.key("after")),
                    message: "nothing is left to train",
                    found: "\(branch.after)",
                    allowed: "less than the \(work.epochs) epochs of a run"
                )
            )
        }
        let run = template(of: source)
        if 2 * run.roughBytes > greatestLineage {
            let message = "what a run went through may take more than 1 MiB to tell a worker"
            problems.add(SpecProblem(path: at, message: message, allowed: "no branch, or a shorter model"))
        }
        func specification(_ arm: Arm) -> TrialSpec? {
            arm.applied(to: run).flatMap { TrialSpec.read($0, problems: SpecProblems()) }
        }
        guard let first = arms.first.flatMap(specification) else { return }
        for arm in arms.dropFirst() {
            guard let other = specification(arm), !first.canGoOn(as: other) else { continue }
            problems.add(
                SpecProblem(
                    path: SpecPath([.key("arms"), .key(arm.name)]),
                    message: "the state of \(arms[0].name) has no meaning in this run, so that it cannot go on from it",
                    found: arm.changes.map { $0.path.joined(separator: ".") }.joined(separator: ", "),
                    allowed:
                        "what may change while a network is trained (rates, penalties, batches, clipping, dropout, …), or no branch"
                )
            )
        }
    }
}
