import SweepCore

extension WorkerSession {
    /// Leases that are taken: with those whose end is on its way they must fit into one registration.
    package static var heldLimit: Int { WireLimits.entries / 2 }

    /// Leases to hold ahead beside `slots`, of as many as are wished for: half of what is held with them, since an end that is not
    /// acknowledged yet is held too.
    package static func prefetch(_ wished: Int, besides slots: Int) -> Int {
        min(wished, max(0, heldLimit / 2 - slots))
    }

    /// Takes a lease in, gives it back when draining, ignores one that it has.
    mutating func take(_ assignment: Assignment, _ actions: inout [Action]) {
        let lease = assignment.lease
        guard held[lease] == nil, inherited[lease] == nil else { return }
        guard !isDraining else {
            actions.append(.send(.draining(Draining(handedBack: [lease]))))
            return
        }
        held[lease] = Held(assignment: assignment, epoch: assignment.from)
        useDataSet(assignment.dataSet.hash)
        guard held.count <= Self.heldLimit else {
            end(lease, .died(reason: "more than \(Self.heldLimit) leases at once", log: ""))
            return
        }
        queue.append(lease)
        mayFetch = true
    }

    /// Begins queued leases, in order, while slots are free; one that lacks an object lets the next pass.
    ///
    /// One that needs more slots than are free lets none pass: narrow ones would take each slot before it.
    mutating func beginLeases(_ actions: inout [Action]) {
        guard !queue.isEmpty else { return }
        var free = options.register.slots - busySlots
        while free > 0, !isFull,
            let position = queue.firstIndex(where: { lease in
                held[lease].map { hasObjects($0.assignment) } ?? true
            })
        {
            let lease = queue[position]
            guard let assignment = held[lease]?.assignment else {
                queue.remove(at: position)
                continue
            }
            // One that is wider than this worker takes all of it.
            let slots = min(assignment.slots, options.register.slots)
            guard slots <= free else { return }
            queue.remove(at: position)
            free -= slots
            held[lease]?.state = .running
            busy[lease] = slots
            actions.append(.begin(assignment))
        }
    }

    private func hasObjects(_ assignment: Assignment) -> Bool {
        objects.contains(assignment.dataSet.hash) && assignment.checkpoint.map { objects.contains($0.hash) } ?? true
    }

    func missingObjects(_ assignment: Assignment) -> [ContentHash] {
        ([assignment.dataSet.hash] + (assignment.checkpoint.map { [$0.hash] } ?? [])).filter { !objects.contains($0) }
    }

    /// Puts epochs that a trainer reports into the outbox; of a lease that is not held any more they are dropped.
    mutating func observe(_ item: Reports.Item) {
        guard held[item.lease] != nil, let last = item.observations.last else { return }
        held[item.lease]?.epoch = last.epoch
        outbox.append(item)
    }

    /// A trainer is done with a lease: its slot is free, its end goes out, after its checkpoint.
    mutating func ended(
        _ lease: LeaseID,
        epoch: Int,
        _ outcome: SegmentOutcome,
        _ checkpoint: WorkerCheckpoint?,
        at now: Instant,
        _ actions: inout [Action]
    ) {
        busy[lease] = nil
        progress[lease] = nil
        guard held[lease]?.state == .running else { return }
        held[lease]?.epoch = epoch
        // What a drain stopped goes on elsewhere from where it was.
        guard let checkpoint, outcome == .reached || (outcome == .cancelled && isDraining) else {
            return end(lease, outcome)
        }
        held[lease]?.state = .uploading(checkpoint.id.hash)
        let end = SegmentEnded(sequence: 0, lease: lease, epoch: epoch, outcome: outcome, checkpoint: checkpoint.id)
        if uploads[checkpoint.id.hash] != nil {
            uploads[checkpoint.id.hash]?.ends.append(end)
        } else {
            let deadline = now.advanced(by: ObjectDownload.patience)
            uploads[checkpoint.id.hash] = WorkerUpload(bytes: checkpoint.bytes, ends: [end], deadline: deadline)
            offer(checkpoint.id.hash, at: now, &actions)
        }
    }

    /// Queues the end of a lease, without a checkpoint.
    mutating func end(_ lease: LeaseID, _ outcome: SegmentOutcome) {
        guard let epoch = held[lease]?.epoch else { return }
        held[lease]?.state = .ended
        queue.removeAll { $0 == lease }
        outbox.append(SegmentEnded(sequence: 0, lease: lease, epoch: epoch, outcome: outcome))
    }

    /// A verdict: the lease ends with `cancelled`, at once or when its trainer has stopped.
    mutating func stop(_ lease: LeaseID, _ reason: StopReason, _ actions: inout [Action]) {
        switch held[lease]?.state {
        case nil, .ended: break
        case .queued: end(lease, .cancelled)
        case .running: actions.append(.stop(lease, reason))
        case .uploading(let hash):
            withdraw(lease, from: hash)
            end(lease, .cancelled)
        }
    }

    /// A lease that is not ours any more: nothing is said about it.
    mutating func forget(_ lease: LeaseID, _ actions: inout [Action]) {
        if inherited.removeValue(forKey: lease) != nil { return outbox.drop(lease) }
        guard let state = held[lease]?.state else { return }
        if state == .running { actions.append(.stop(lease, .superseded)) }
        if case .uploading(let hash) = state { withdraw(lease, from: hash) }
        queue.removeAll { $0 == lease }
        outbox.drop(lease)
        release(lease, &actions)
    }

    /// Messages that are committed: leases whose end is among them are done with.
    mutating func finish(_ committed: [Message], _ actions: inout [Action]) {
        for case .segmentEnded(let ended) in committed {
            inherited[ended.lease] = nil
            release(ended.lease, &actions)
        }
    }

    private mutating func release(_ lease: LeaseID, _ actions: inout [Action]) {
        guard let assignment = held.removeValue(forKey: lease)?.assignment else { return }
        if let hash = assignment.checkpoint?.hash { discardCheckpoint(hash, &actions) }
        dropDataSets(&actions)
    }

    /// Takes no more leases and gives back those that are not begun.
    mutating func drain(_ actions: inout [Action]) {
        guard !isDraining else { return }
        isDraining = true
        let back = queue
        queue = []
        for hash in downloads.keys.sorted(by: { $0.hex < $1.hex }) { endDownload(hash, &actions) }
        for lease in back { release(lease, &actions) }
        handedBack = back
        if phase == .active { sayDraining(&actions) }
    }

    /// Tells that it drains, with the leases that it has not told of.
    mutating func sayDraining(_ actions: inout [Action]) {
        actions.append(.send(.draining(Draining(handedBack: handedBack))))
        handedBack = []
    }

    /// Sends from the outbox what the sender has room for.
    mutating func sendWaiting(at now: Instant, _ actions: inout [Action]) {
        while !sender.isFull, let next = outbox.next() {
            let message = sender.send(size: next.size, at: now) { sequence in
                switch next.content {
                case .items(let items): return .reports(Reports(sequence: sequence, items: items))
                case .end(var end):
                    end.sequence = sequence
                    return .segmentEnded(end)
                }
            }
            if let message { actions.append(.send(message)) }
        }
    }
}
