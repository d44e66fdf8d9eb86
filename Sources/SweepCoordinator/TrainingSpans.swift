package import SweepCore
package import SweepReports

/// Who trained what, when: read from the facts of this process as they are committed.
///
/// Facts carry no time, so what was before a restart is not known. Bounded: of each sweep the newest `limit` spans.
package struct TrainingSpans: Sendable {
    /// Spans kept of a sweep: more than any picture shows, some 2 MiB.
    package static let limit = 20_000

    private var series: [SweepID: Series] = [:]

    package init() {}

    /// Takes notice of a fact that was committed.
    package mutating func note(_ fact: Fact, at now: Instant) {
        switch fact {
        case .leased(let lease, let worker, let from, let to, _):
            let held = Held(lease: lease, worker: worker.name, since: now, from: from, to: to)
            series[lease.trial.sweep, default: Series()].lease(held)
        case .observed(let lease, let observations): series[lease.trial.sweep]?.observe(lease, observations, at: now)
        case .leaseEnded(let lease, .lapsed), .leaseEnded(let lease, .died):
            series[lease.trial.sweep]?.lose(lease, at: now)
        case .leaseEnded(let lease, .handedBack), .leaseEnded(let lease, .superseded):
            series[lease.trial.sweep]?.close(lease.trial.number)
        case .trialEnded(let trial, _): series[trial.sweep]?.close(trial.number)
        case .sweepSubmitted, .sweepChanged, .trialProposed, .segmentDecided, .segmentResolved, .noted,
            .measured, .checkpointKept, .workerSequence:
            break
        }
    }

    /// Lets go of a sweep that was removed.
    package mutating func forget(_ sweep: SweepID) { series[sweep] = nil }

    /// The sweep's spans, `now` being the end of those under way.
    package func spans(of sweep: SweepID, at now: Instant) -> [TimelineDocument.Span] {
        (series[sweep]?.spans ?? []).map { span in
            TimelineDocument.Span(
                trial: span.held.lease.trial.number,
                attempt: Int(span.held.lease.attempt.rawValue),
                worker: span.held.worker,
                begin: Self.seconds(span.begin),
                end: Self.seconds(span.kind == .running ? now : span.end),
                toEpoch: span.toEpoch,
                kind: span.kind
            )
        }
    }

    /// Seconds since the coordinator's start.
    static func seconds(_ moment: Instant) -> Double {
        Double(Instant.zero.duration(to: moment).wholeNanoseconds) / 1e9
    }

    /// A lease as it was given.
    private struct Held {
        let lease: LeaseID
        let worker: String
        let since: Instant
        let from: Int
        let to: Int
    }

    private struct Span {
        let held: Held
        let begin: Instant
        var end: Instant
        var toEpoch: Int
        var kind: TimelineDocument.Span.End
    }

    /// What is known of one sweep.
    private struct Series {
        private(set) var spans: [Span] = []
        /// Spans that were left out before the first.
        private var dropped = 0
        /// The number of each trial's span that is not over.
        private var open: [Int: Int] = [:]
        /// Leases of which nothing was heard yet.
        private var waiting: [Int: Held] = [:]

        mutating func lease(_ held: Held) {
            close(held.lease.trial.number)
            waiting[held.lease.trial.number] = held
        }

        /// A lease that was waited for begins as long ago as its epochs took, but not before it was given: a worker may hold
        /// it a while before a slot is free.
        mutating func observe(_ lease: LeaseID, _ observations: [Observation], at now: Instant) {
            let number = lease.trial.number
            guard let last = observations.last else { return }
            if let held = waiting[number], held.lease == lease {
                waiting[number] = nil
                let age = held.since.duration(to: now).wholeNanoseconds
                let trained = observations.reduce(0) { $0 + max(0, $1.seconds) }
                let waited = max(0, Double(age) - trained * 1e9)
                append(held, from: held.since.advanced(by: .nanoseconds(Int64(waited))), to: now, epoch: last.epoch)
            }
            change(number) { span in
                span.end = now
                span.toEpoch = max(span.toEpoch, last.epoch)
            }
            if let place = open[number], spans[place - dropped].toEpoch >= spans[place - dropped].held.to {
                close(number)
            }
        }

        /// Ends a span; one of which nothing was heard is a span all the same.
        mutating func lose(_ lease: LeaseID, at now: Instant) {
            let number = lease.trial.number
            if let held = waiting[number], held.lease == lease {
                append(held, from: held.since, to: now, epoch: held.from)
            }
            change(number) { span in
                span.end = now
                span.kind = .lost
            }
            close(number)
        }

        mutating func close(_ number: Int) {
            waiting[number] = nil
            change(number) { span in if span.kind == .running { span.kind = .done } }
            open[number] = nil
        }

        private mutating func append(_ held: Held, from begin: Instant, to end: Instant, epoch: Int) {
            if spans.count >= TrainingSpans.limit {
                // A half at once: dropping one by one would move all the others each time.
                let half = TrainingSpans.limit / 2
                spans.removeFirst(half)
                dropped += half
                open = open.filter { $0.value >= dropped }
            }
            open[held.lease.trial.number] = dropped + spans.count
            spans.append(Span(held: held, begin: begin, end: end, toEpoch: epoch, kind: .running))
        }

        private mutating func change(_ number: Int, _ body: (inout Span) -> Void) {
            guard let place = open[number] else { return }
            body(&spans[place - dropped])
        }
    }
}
