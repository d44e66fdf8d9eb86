import SweepCore
import SweepSearch
import SweepWire

extension CoordinatorCore {
    /// Takes configurations that a user wants tried next: all of them, or none.
    ///
    /// They count from the fact on, in virtual time too: what was proposed stays, and they are what is proposed next. What one
    /// leaves open is drawn here and stands in the fact, so that a replay draws nothing.
    mutating func enqueue(_ name: String, _ request: EnqueueRequest, _ token: ReplyToken, at now: Instant) {
        guard let sweep = sweep(named: name) else {
            effects.append(.reply(token, .notFound(unknown(sweep: name))))
            return
        }
        // Its answer was lost on the way, or the coordinator ended after it was written.
        if let key = request.key, sweep.enqueued.keys.contains(key) {
            effects.append(.reply(token, .done(sweep.id)))
            return
        }
        do throws(EnqueueRefusal) {
            let (configurations, trials) = try sweep.enqueuing(request)
            if let trials { record(.sweepChanged(sweep.id, .adjusted(SweepAdjustment(trials: trials))), at: now) }
            record(.sweepChanged(sweep.id, .enqueued(configurations, key: request.key ?? "")), at: now)
            effects.append(.reply(token, .done(sweep.id)))
            var about = ["sweep.name": name, "sweep.enqueued": String(configurations.count)]
            if let trials { about["sweep.trials"] = String(trials) }
            log(.info, "configurations enqueued", about)
        } catch {
            effects.append(.reply(token, error.outcome))
        }
    }
}

/// Why nothing is enqueued.
struct EnqueueRefusal: Error {
    let outcome: SteeringOutcome

    /// What was asked for is wrong.
    static func wrong(_ sentence: String) -> EnqueueRefusal { EnqueueRefusal(outcome: .badInput(sentence)) }
    /// The sweep does not take it as it stands.
    static func conflict(_ sentence: String) -> EnqueueRefusal { EnqueueRefusal(outcome: .conflict(sentence)) }
}

extension SweepProgress {
    /// The trials of the search that there must be for `count` more configurations to have a run each.
    func trialsNeeded(for count: Int) -> Int {
        guard count > 0 else { return 0 }
        let begun = (searched + plan.repeats - 1) / plan.repeats
        return (begun + count - 1) * plan.repeats + 1
    }

    /// The whole configurations that a request comes to, and the number of trials that the sweep is to have; nil: as it has.
    func enqueuing(_ request: EnqueueRequest) throws(EnqueueRefusal) -> (configurations: [Configuration], trials: Int?)
    {
        let name = sweep.name
        if state == .cancelled { throw .conflict("\(name) is cancelled; nothing of it is tried any more") }
        if hasFinalRuns {
            throw .conflict(
                "the search of \(name) is over, its finalists are run with new seeds; submit it under another name"
            )
        }
        if sweep.search.branch != nil {
            throw .conflict(
                "the runs of \(name) all go on from its first trial's state, and nothing else is tried; submit a sweep of its own"
            )
        }
        if isStopped {
            throw .conflict("the search of \(name) has ended as its stop says; submit it under another name")
        }
        let given: [Configuration]
        switch request.read(for: sweep.space) {
        case .success(let read): given = read
        case .failure(let mistakes): throw .wrong(mistakes.text)
        }
        let limit = EnqueueRequest.greatestWaiting
        guard enqueued.waiting.count + given.count <= limit else {
            throw .conflict(
                "\(enqueued.waiting.count) enqueued configurations of \(name) wait and \(given.count) would come to them; "
                    + "allowed are \(limit) at once"
            )
        }
        let whole = try completed(given)
        guard whole.reduce(enqueued.size, { $0 + $1.size }) <= EnqueueRequest.greatestBytes else {
            throw .conflict(
                "the configurations that wait would take more than \(EnqueueRequest.greatestBytes >> 20) MiB; enqueue fewer at once"
            )
        }
        return (whole, try numberOfTrials(for: whole, adding: request.addsTrials))
    }

    /// What is given with values for all that it leaves open, by the rule of `search.try_first`; each is new.
    private func completed(_ given: [Configuration]) throws(EnqueueRefusal) -> [Configuration] {
        let search = sweep.search
        // A copy's name is not that of its configuration, which may be trained from the beginning.
        var tried = Set(trials.lazy.filter { $0.parent == nil }.map(\.configurationID))
        for waiting in enqueued.waiting { tried.insert(waiting.id) }
        let completions = TryFirstSearcher.completed(
            given,
            space: sweep.space,
            seed: search.seed,
            constraints: search.constraints,
            from: search.tryFirst.count + enqueued.count,
            tried: tried,
            failures: EnqueueRequest.Mistakes.greatestTold
        )
        var mistakes: [String] = []
        for (place, completion) in completions.enumerated() where !completion.isNew {
            let at = given.count > 1 ? "configurations[\(place)]: " : ""
            mistakes.append(at + whyNot(completion, given[place], before: completions[..<place]))
        }
        guard mistakes.isEmpty else { throw .wrong(EnqueueRequest.Mistakes(mistakes).text) }
        return completions.map(\.configuration)
    }

    /// Why a configuration is not new, with what was found and what is allowed.
    private func whyNot(
        _ completion: TryFirstSearcher.Completion,
        _ given: Configuration,
        before: ArraySlice<TryFirstSearcher.Completion>
    ) -> String {
        let found = "found " + (given.entries.isEmpty ? "no value" : given.excerpt)
        let constraints = sweep.search.constraints
        guard completion.isWhole else {
            let conditions = constraints.map { "\"\($0.text)\"" }.joined(separator: " and ")
            return
                "nothing new was found for the parameters that it leaves open, \(found), allowed values with which it differs "
                + "from every trial" + (conditions.isEmpty ? "" : " and meets \(conditions)")
        }
        let id = completion.configuration.id
        if let broken = constraints.first(where: { !$0.holds(completion.configuration) }) {
            return "does not meet a condition of search.where, \(found), allowed what meets \"\(broken.text)\""
        }
        let what: String
        if let trial = trials.first(where: { $0.configurationID == id && $0.parent == nil }) {
            what = "trial \(trial.number) has this configuration"
        } else if let place = enqueued.waiting.firstIndex(where: { $0.id == id }) {
            what = "this configuration is enqueued already, at place \(place + 1)"
        } else {
            let place = before.firstIndex { $0.configuration.id == id } ?? 0
            what = "repeats configurations[\(place)]"
        }
        return
            "\(what), \(found), allowed one that was not tried: equal ones have equal seeds and give the same numbers"
    }

    /// The number of trials that the sweep is to have for these; nil when there is room for them.
    private func numberOfTrials(
        for configurations: [Configuration],
        adding: Bool
    ) throws(EnqueueRefusal) -> Int? {
        let name = sweep.name
        let needed = trialsNeeded(for: enqueued.waiting.count + configurations.count)
        // A finished sweep goes on only with more trials than it has, however many its file allows.
        let isShort = state == .finished || plan.trials.map { $0 < needed } == true
        // All runs of each, so that none has fewer than the file asks for.
        var asked = max(needed - 1 + plan.repeats, trials.count + 1)
        let whole = trialsOfGrid(with: configurations)
        if let planned = plan.trials {
            if let whole { asked = max(asked, whole) }
            if adding {
                // No more than there are configurations: one of the space's own takes its own trial where all of it is planned.
                let all = searcher.ignoresResults ? searcher.total(with: enqueued.waiting + configurations) : nil
                let most = max(planned, all.map { plan.greatest(total: $0) } ?? .max)
                asked = max(asked, min(planned + configurations.count * plan.repeats, most))
            }
        }
        guard isShort || whole != nil || (adding && plan.trials.map { asked > $0 } == true) else { return nil }
        let change = SweepAdjustment(trials: asked)
        if isShort, sweep.search.population != nil {
            throw .conflict(
                "the members of \(name) are all begun; its later trials are copies of them, and nothing can be enqueued"
            )
        }
        if let problem = change.problem { throw .conflict(problem) }
        if let conflict = conflict(with: change, enqueuing: configurations) { throw .conflict(conflict) }
        guard adding else {
            if !isShort {
                throw .conflict(
                    "the trials of \(name) are the points of its grid, and not all of these are; sweepd enqueue with --more gives them "
                        + "trials of their own"
                )
            }
            let all = plan.trials ?? searched
            let waiting = enqueued.waiting.count
            throw .conflict(
                "no trial of \(name) is left for it: \(min(searched, all)) of \(all) are begun"
                    + (waiting > 0 ? ", \(waiting) enqueued before it wait\(waiting == 1 ? "s" : "")" : "")
                    + "; sweepd enqueue with --more gives it one of its own, sweepd set \(name) --trials NUMBER lets the search go on too"
            )
        }
        return change.trials
    }

    /// The trials of a grid without a number of its own, and of what is enqueued beside it, where that is more than it has: nothing
    /// takes the place of one of its points. Nil for every other search.
    private func trialsOfGrid(with configurations: [Configuration]) -> Int? {
        guard sweep.search.trials == nil, sweep.search.population == nil, let planned = plan.trials,
            let total = searcher.total(with: enqueued.waiting + configurations)
        else { return nil }
        let all = plan.greatest(total: total)
        return all > planned ? all : nil
    }
}
