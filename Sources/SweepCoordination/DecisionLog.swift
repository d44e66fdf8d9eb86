import SweepCore
import SweepSearch

/// What a sweep's searcher and scheduler were told, in order: both are made anew from it.
///
/// They keep nothing that is written down (invariant 2), so a core that begins at a snapshot tells a new searcher and a new
/// scheduler the same again. In blocks, so that a copy of the state that somebody holds makes the next entry copy one block.
struct DecisionLog: Hashable, Sendable {
    /// One thing told.
    struct Entry: Hashable, Sendable {
        enum Kind: UInt8, Sendable {
            /// Both: a trial was proposed, and begun.
            case started
            /// The scheduler: a trial goes on to `epoch`.
            case promoted
            /// Both: a segment ended at `epoch` with `cost`.
            case resolved
            /// The same of a trial that gives no more results.
            case resolvedForGood
            /// The scheduler: a trial was pruned.
            case removed
            /// The scheduler: the cost of a trial's epoch `epoch`.
            case observed
            /// Both, before `resolved`: what the segment cost by one more objective, in their order.
            case weighed
        }

        let kind: Kind
        let trial: UInt32
        let epoch: UInt32
        let cost: Double

        /// Whether its cost says anything.
        var hasCost: Bool {
            switch kind {
            case .resolved, .resolvedForGood, .observed, .weighed: true
            case .started, .promoted, .removed: false
            }
        }

        init(_ kind: Kind, trial: Int, epoch: Int = 0, cost: Double = 0) {
            self.kind = kind
            self.trial = UInt32(clamping: trial)
            self.epoch = UInt32(clamping: epoch)
            self.cost = cost
        }
    }

    /// Entries in a block: 96 KiB, copied in some microseconds.
    static let block = 4096

    /// All full but the last.
    private(set) var blocks: [[Entry]] = []

    /// How many entries there are.
    var count: Int { max(0, blocks.count - 1) * Self.block + (blocks.last?.count ?? 0) }

    /// Adds an entry.
    mutating func append(_ entry: Entry) {
        if blocks.last.map({ $0.count == Self.block }) ?? true {
            blocks.append([])
            blocks[blocks.count - 1].reserveCapacity(Self.block)
        }
        blocks[blocks.count - 1].append(entry)
    }
}

extension DecisionLog.Entry {
    /// The costs of so many objectives, of which `further` were told before; all infinite where they are not all known.
    func costs(_ further: [Double], of objectives: Int) -> [Double] {
        let costs = [cost] + further
        return costs.count == objectives ? costs : Array(repeating: .infinity, count: objectives)
    }
}

extension SweepProgress {
    /// Tells searcher and scheduler something, and remembers it.
    mutating func tell(_ entry: DecisionLog.Entry) {
        told.append(entry)
        repeatTo(entry)
    }

    /// Tells them something that is remembered already.
    mutating func repeatTo(_ entry: DecisionLog.Entry) {
        let (trial, epoch) = (Int(entry.trial), Int(entry.epoch))
        switch entry.kind {
        case .started:
            guard trials.indices.contains(trial - 1) else { return }
            Self.tell(start(of: trial), to: &searcher)
            scheduler.started(trial: trial)
        case .promoted: scheduler.promoted(trial: trial, to: epoch)
        case .resolved, .resolvedForGood:
            let costs = entry.costs(weighed, of: sweep.objectives.count)
            weighed = []
            scheduler.finished(trial: trial, epoch: epoch, costs: costs)
            if entry.kind == .resolvedForGood { scheduler.removed(trial: trial) }
            guard trials.indices.contains(trial - 1) else { return }
            searcher.observe(number: plan[trial - 1].configuration, costs: costs, epoch: epoch)
        case .weighed: weighed.append(entry.cost)
        case .removed: scheduler.removed(trial: trial)
        case .observed: scheduler.observed(trial: trial, from: epoch, costs: [entry.cost])
        }
    }

    /// A trial as a searcher is told that it is begun.
    struct Start {
        let number: Int
        let configuration: Configuration
        /// Whether it was enqueued, so that the searcher did not propose it.
        let isEnqueued: Bool
    }

    /// The start of a trial.
    func start(of trial: Int) -> Start {
        Start(
            number: plan[trial - 1].configuration,
            configuration: trials[trial - 1].configuration,
            isEnqueued: enqueued.trials.contains(trial)
        )
    }

    /// Tells a searcher of a trial that is begun: as of its own proposal, or as of one that it was handed.
    static func tell(_ start: Start, to searcher: inout any Searcher) {
        if start.isEnqueued {
            searcher.handedIn(number: start.number, configuration: start.configuration)
        } else {
            searcher.proposed(number: start.number, configuration: start.configuration)
        }
    }
}
