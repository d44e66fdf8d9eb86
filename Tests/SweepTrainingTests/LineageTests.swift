import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

/// Runs that go on from the state of another run.
@Suite struct LineageTests {
    private func trial(_ spec: TrainingSpec, _ ancestors: [Ancestor] = []) -> TrialSpec {
        TrialSpec(preprocess: [], augment: spec.augment, training: spec, ancestors: ancestors)
    }

    /// The run that `spec` has after copying the state of `parent` after `epoch`, from its parent's checkpoint or from the start.
    private func copy(
        _ spec: TrainingSpec,
        seed: UInt64,
        of parent: TrainingRun,
        after epoch: Int,
        checkpoint: (bytes: [UInt8], epoch: Int)? = nil,
        kernels: KernelTable? = nil
    ) throws -> TrainingRun {
        let ancestor = Ancestor(to: epoch, seed: parent.seed, trial: trial(parent.spec))
        let run = try TrainingRun.descendant(
            trial(spec, [ancestor]),
            seed: seed,
            checkpoint: checkpoint,
            kernels: try kernels ?? .selected(),
            data: { _ in parent.data }
        )
        return try #require(run)
    }

    @Test(arguments: BitCase.all)
    func `a copy with its parent's settings and seed has the bits that its parent would have had`(_ bitCase: BitCase)
        throws
    {
        let parent = try bitCase.makeRun(.selected())
        for _ in 0..<2 { _ = try #require(parent.trainEpoch()) }
        let state = try #require(parent.checkpoint())
        let child = try copy(parent.spec, seed: parent.seed, of: parent, after: 2, checkpoint: (state, 2))
        #expect(child.epoch == 2 && child.parameters() == parent.parameters())
        for _ in 0..<3 {
            guard let expected = parent.trainEpoch() else {
                #expect(child.trainEpoch() == nil)
                break
            }
            let found = try #require(child.trainEpoch())
            #expect(found.matches(expected))
        }
        #expect(child.parameters() == parent.parameters())
        #expect(child.measuredParameters() == parent.measuredParameters())
    }

    private static let data = Result { try SyntheticTask(rows: 60, validationRows: 20).make().data }

    private func parent(_ spec: TrainingSpec, seed: UInt64 = 1, epochs: Int) throws -> TrainingRun {
        let run = try TrainingRun(spec: spec, data: try Self.data.get(), seed: seed, kernels: .selected())
        for _ in 0..<epochs { _ = try #require(run.trainEpoch()) }
        return run
    }

    @Test func `other settings and another seed change what follows and nothing before`() throws {
        let base = makeSpec([8], dropout: 0.1)
        let parent = try parent(base, epochs: 3)
        let state = try #require(parent.checkpoint())
        func next(_ spec: TrainingSpec, seed: UInt64 = 1) throws -> Double {
            let child = try copy(spec, seed: seed, of: parent, after: 3, checkpoint: (state, 3))
            // A layer without numbers may be gone, and with it a place in the names.
            #expect(child.parameters().map(\.values) == parent.parameters().map(\.values))
            return try #require(child.trainEpoch()).values[0]
        }
        var losses = [try next(base), try next(base, seed: 2)]
        losses.append(try next(base.with { $0.optimizer.learningRate = 0.02 }))
        losses.append(
            try next(base.with { $0.optimizer = .adam(learningRate: 0.01, beta1: 0.8, beta2: 0.999, epsilon: 1e-8) })
        )
        losses.append(try next(base.with { $0.batchSize = 30 }))
        losses.append(try next(base.with { $0.l2 = 0.1 }))
        losses.append(try next(base.with { $0.model = ModelSpec(widths: [8], dropout: 0.4) }))
        #expect(Set(losses).count == losses.count, "\(losses)")
        // Without dropout the layer is gone, and the numbers are where they were.
        _ = try next(base.with { $0.model = ModelSpec(widths: [8]) })
    }

    @Test func `a lineage has the same bits from any state on its way, or from the start`() throws {
        let first = makeSpec([8], .sgd(learningRate: 0.05, momentum: 0.9))
        let second = first.with { $0.optimizer = .sgd(learningRate: 0.02, momentum: 0.5) }
        let third = second.with { $0.batchSize = 8 }
        let data = try Self.data.get()
        let ancestors = [
            Ancestor(to: 2, seed: 11, trial: trial(first)), Ancestor(to: 5, seed: 12, trial: trial(second)),
        ]
        // Every state on the way, by its epoch, as the trials themselves would have kept them.
        var states: [Int: [UInt8]] = [:]
        func keep(_ run: TrainingRun) {
            if let bytes = run.checkpoint() { states[run.epoch] = states[run.epoch] ?? bytes }
        }
        let whole = try #require(
            try TrainingRun.descendant(
                trial(third, ancestors),
                seed: 13,
                kernels: .selected(),
                data: { _ in data },
                trained: { run, _ in keep(run) }
            )
        )
        #expect(whole.epoch == 5)
        while whole.epoch < 8 {
            _ = try #require(whole.trainEpoch())
            keep(whole)
        }
        #expect(states.keys.sorted() == Array(1...8))
        for (epoch, bytes) in states {
            var trained = 0
            let run = try #require(
                try TrainingRun.descendant(
                    trial(third, ancestors),
                    seed: 13,
                    checkpoint: (bytes, epoch),
                    kernels: epoch % 2 == 0 ? .reference : .selected(),
                    data: { _ in data },
                    trained: { _, _ in trained += 1 }
                )
            )
            #expect(run.epoch == max(5, epoch) && trained == max(0, 5 - epoch))
            while run.epoch < 8 { _ = try #require(run.trainEpoch()) }
            #expect(run.checkpoint() == whole.checkpoint(), "from epoch \(epoch)")
        }
    }

    @Test func `a state of another lineage is refused`() throws {
        let base = makeSpec([8])
        let parent = try parent(base, epochs: 2)
        let state = try #require(parent.checkpoint())
        let child = try copy(base.with { $0.batchSize = 8 }, seed: 5, of: parent, after: 2, checkpoint: (state, 2))
        _ = child.trainEpoch()
        let own = try #require(child.checkpoint())
        func refuses(_ spec: TrainingSpec, seed: UInt64 = 5, parent: TrainingRun, _ bytes: [UInt8], _ epoch: Int)
            -> Bool
        {
            do {
                _ = try copy(spec, seed: seed, of: parent, after: 2, checkpoint: (bytes, epoch))
                return false
            } catch { return true }
        }
        #expect(!refuses(child.spec, parent: parent, own, 3))
        #expect(!refuses(child.spec, parent: parent, state, 2))
        let other = try self.parent(base, seed: 2, epochs: 2)
        #expect(refuses(child.spec, parent: other, own, 3) && refuses(child.spec, parent: other, state, 2))
        #expect(refuses(child.spec, seed: 6, parent: parent, own, 3) && refuses(base, parent: parent, own, 3))
        // The same run without a lineage is another run.
        #expect(throws: TrainingError.self) {
            _ = try TrainingRun(restoring: own, spec: child.spec, data: child.data, seed: 5, kernels: .selected())
        }
        // Another layer has no place for the numbers.
        #expect(refuses(base.with { $0.model = ModelSpec(widths: [9]) }, parent: parent, state, 2))
    }

    @Test func `an ancestor that is told to stop, or ends by itself, gives no run`() throws {
        let data = try Self.data.get()
        let base = makeSpec([8])
        var steps = 0
        let stopped = try TrainingRun.descendant(
            trial(base, [Ancestor(to: 3, seed: 1, trial: trial(base))]),
            seed: 2,
            kernels: .selected(),
            data: { _ in data },
            shouldStop: {
                steps += 1
                return steps > 4
            }
        )
        #expect(stopped == nil && steps == 5)
        let wild = base.with { $0.optimizer = .sgd(learningRate: 1e30, momentum: 0) }
        #expect(throws: TrainingError.self) {
            _ = try TrainingRun.descendant(
                trial(base, [Ancestor(to: 3, seed: 1, trial: trial(wild))]),
                seed: 2,
                kernels: .selected(),
                data: { _ in data }
            )
        }
    }

    @Test func `a lineage is read as it was written, and wrong ones are told`() throws {
        let template = SpecNode.map([
            SpecEntry(
                "train",
                .map([
                    SpecEntry("model", .text("linear")),
                    SpecEntry("optimizer", .map([SpecEntry("sgd", .map([SpecEntry("learning_rate", .real(0.1))]))])),
                    SpecEntry("epochs", .integer(9)),
                ])
            )
        ])
        func read(_ steps: [(to: Int, seed: UInt64)]) -> TrialSpec? {
            guard case .map(let entries) = template else { return nil }
            let entry = Ancestor.entry(steps.map { ($0.to, $0.seed, template) })
            return TrialSpec.read(.map(entries + [entry]), problems: SpecProblems())
        }
        let found = try #require(read([(2, 7), (4, .max)]))
        #expect(found.ancestors.map(\.to) == [2, 4] && found.ancestors.map(\.seed) == [7, .max])
        #expect(found.ancestors.allSatisfy { $0.trial.ancestors.isEmpty && $0.trial.training == found.training })
        #expect(read([(4, 1), (4, 2)]) == nil && read([(9, 1)]) == nil && read([]) == nil)
    }
}
