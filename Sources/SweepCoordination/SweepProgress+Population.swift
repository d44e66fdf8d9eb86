package import SweepCore
import SweepSearch

/// What concerns populations: copies of members, their states and their lineage.
extension SweepProgress {
    /// Whether the end of a trial's segment at `epoch` can be told: its result is known and, in a population, its state is kept.
    ///
    /// A state follows its result at once, and a copy that is decided between the two would have to train its parent's epochs again. Of a
    /// worker that is lost in between nothing is awaited. When it is told changes no decision.
    func isSettled(_ number: Int, at epoch: Int) -> Bool {
        let trial = trials[number - 1]
        guard trial.isKnown(at: epoch) else { return false }
        guard sweep.search.population != nil, epoch < sweep.epochs, trial.ended == nil else { return true }
        return trial.checkpoint?.epoch == epoch || trial.lease == nil
    }

    /// The trial that a member is replaced by.
    func decision(on copy: MemberCopy) -> Decision? {
        guard let donor = self[copy.donor], let explorer else { return nil }
        let number = trials.count + 1
        let parent = Parent(trial: copy.donor, epoch: copy.epoch)
        let configuration = explorer.copy(of: donor.configuration, number: number).configuration
        let name = configuration.id(copiedFrom: donor.configurationID, after: copy.epoch, number: number)
        let proposal = TrialProposal(
            trial: TrialID(sweep: id, number: number),
            configuration: configuration,
            configurationIndex: number - 1,
            repeatIndex: 0,
            seed: sweep.trialSeed(name, repeat: 0),
            parent: parent
        )
        let end = timeline.now + Double(copy.to - copy.epoch)
        return .copy(proposal, parent: parent, replacing: copy.replaced, to: copy.to, end: end)
    }

    /// The trials whose state became that of trial `number`, the first one first, each with the epoch after which it was copied.
    package func ancestors(of number: Int) -> [(trial: TrialProgress, to: Int)] {
        var found: [(trial: TrialProgress, to: Int)] = []
        var next = self[number]?.parent
        while let parent = next, let trial = self[parent.trial] {
            found.append((trial, parent.epoch))
            // Numbers fall from a trial to its parent, so that this ends.
            next = trial.parent.flatMap { $0.trial < trial.number ? $0 : nil }
        }
        return found.reversed()
    }

    /// What a worker is told to train for a trial: the file's template with its values, and those of its ancestors; nil if its
    /// configuration does not fit the space.
    package func template(of number: Int) -> SpecNode? {
        guard let trial = self[number], let own = sweep.space.resolve(trial.configuration) else { return nil }
        guard trial.parent != nil, case .map(let entries) = own else { return own }
        var lineage: [(to: Int, seed: UInt64, template: SpecNode)] = []
        for (ancestor, to) in ancestors(of: number) {
            guard let template = sweep.space.resolve(ancestor.configuration) else { return nil }
            lineage.append((to, ancestor.seed, template))
        }
        return .map(entries + [Ancestor.entry(lineage)])
    }

    /// Why a trial is a copy; nil when the same facts would give another one.
    func copyReason(of trial: TrialProgress, _ copy: MemberCopy) -> ProposalReason? {
        guard let parent = trial.parent, parent == Parent(trial: copy.donor, epoch: copy.epoch),
            let donor = self[parent.trial], let explorer
        else { return nil }
        let (configuration, changes) = explorer.copy(of: donor.configuration, number: trial.number)
        guard configuration == trial.configuration else { return nil }
        return .copy(trial: parent.trial, epoch: parent.epoch, replaced: copy.replaced, changes: changes)
    }
}
