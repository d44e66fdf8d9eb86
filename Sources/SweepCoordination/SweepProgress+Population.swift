package import SweepCore
import SweepSearch

/// What concerns trials that go on from another's state, of populations and of arms that part after an epoch: copies, their states and
/// their lineage.
extension SweepProgress {
    /// Whether trials go on from the states of others.
    var copiesStates: Bool { sweep.search.population != nil || sweep.search.branch != nil }

    /// What of a trial belongs to the name of one that goes on from its state; nil when there is no such trial.
    ///
    /// In a population its name, as no two copies are runs of the same. Arms that part all go on from the same state, so that the
    /// repeats of one are runs of its configuration: nothing.
    func nameToCopy(_ number: Int) -> ConfigurationID?? {
        guard let trial = self[number] else { return nil }
        return .some(sweep.search.branch == nil ? trial.configurationID : nil)
    }

    /// Ends the trial that is trained up to where arms part, once all have begun: they keep its state themselves.
    func endSharedSegment() -> Decision? {
        guard sweep.search.branch != nil, let all = plan.trials, searched >= all, let first = self[1],
            first.ended == nil
        else { return nil }
        return .prune(trials: [1], .scheduler)
    }

    /// Whether the end of a trial's segment at `epoch` can be told: its result is known and, where states are copied, its own is kept.
    ///
    /// A state follows its result at once, and a copy that is decided between the two would have to train its parent's epochs again. Of a
    /// worker that is lost in between nothing is awaited. When it is told changes no decision.
    func isSettled(_ number: Int, at epoch: Int) -> Bool {
        let trial = trials[number - 1]
        guard trial.isKnown(at: epoch) else { return false }
        guard copiesStates, epoch < sweep.epochs, trial.ended == nil else { return true }
        return trial.checkpoint?.epoch == epoch || trial.lease == nil
    }

    /// The trial that goes on from the state of `copy`'s donor: in a population a copy of it, else the next run of an arm.
    mutating func decision(on copy: MemberCopy) -> Decision? {
        guard let donor = self[copy.donor] else { return nil }
        let number = trials.count + 1
        let parent = Parent(trial: copy.donor, epoch: copy.epoch)
        let end = timeline.now + Double(copy.to - copy.epoch)
        guard let explorer else {
            let run = plan[number - 1]
            // A run that stopped early, there or before, has no state to go on from; of one whose curve was thinned there is none either.
            guard donor.curve.epochs >= copy.epoch, !donor.stoppedEarly, donor.curve.isWhole,
                let configuration = searcher.propose(number: run.configuration)
            else { return nil }
            let proposal = TrialProposal(
                trial: TrialID(sweep: id, number: number),
                configuration: configuration,
                configurationIndex: run.configuration,
                repeatIndex: run.repeat,
                seed: sweep.trialSeed(configuration.id, repeat: run.repeat),
                parent: parent
            )
            return .copy(proposal, parent: parent, replacing: nil, to: copy.to, end: end)
        }
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
            let donor = self[parent.trial], let explorer, let replaced = copy.replaced
        else { return nil }
        let (configuration, changes) = explorer.copy(of: donor.configuration, number: trial.number)
        guard configuration == trial.configuration else { return nil }
        return .copy(trial: parent.trial, epoch: parent.epoch, replaced: replaced, changes: changes)
    }
}
