import SweepCoordination
import SweepCore
import SweepTestKit
import SweepTraining
import SweepWire
import Testing

/// The whole way but sockets and disks: the real core and the real training on the digits.
@Suite struct DigitsSweepTests {
    static let trials = 27
    static let epochs = 27

    /// A sweep like `sweeps/digits.yaml`, smaller.
    static func source(prune: String) -> SpecNode {
        func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }
        func choice(_ options: [SpecNode]) -> SpecNode { .domain(.choice(options.map { ChoiceOption($0) })) }
        let sgd = map(
            ("learning_rate", .domain(.logUniform(low: 1e-3, high: 1, points: nil))),
            ("momentum", .domain(.uniform(low: 0.8, high: 0.99, step: nil, points: nil)))
        )
        let adam = map(("learning_rate", .domain(.logUniform(low: 1e-4, high: 1e-1, points: nil))))
        let network = map(
            ("layers", .domain(.integer(low: 1, high: 2, step: 1))),
            ("width", choice([.integer(16), .integer(32)])),
            ("dropout", .domain(.uniform(low: 0, high: 0.5, step: nil, points: nil)))
        )
        return map(
            ("name", .text("digits-\(prune)")),
            (
                "data",
                map(
                    ("source", .text("data/digits.csv.gz")),
                    ("target", .text("label")),
                    ("test", .real(0.1)),
                    ("preprocess", .list([.text("standardize")]))
                )
            ),
            (
                "train",
                map(
                    ("model", map(("mlp", network))),
                    ("optimizer", choice([map(("sgd", sgd)), map(("adam", adam))])),
                    ("batch_size", choice([.integer(64), .integer(128)])),
                    ("epochs", .integer(epochs))
                )
            ),
            ("search", map(("trials", .integer(trials)), ("seed", .integer(7)), ("parallelism", .integer(8)))),
            ("prune", .text(prune))
        )
    }

    /// Runs a sweep to its end on one worker with three slots; every ninth segment dies before its last epoch.
    static func sweep(_ source: SpecNode, _ trainer: Trainer) throws -> SweepProgress {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 3, labels: ["trial_copies": "any"])
        let draft = SweepDraft(
            source: source,
            text: "",
            fileName: "digits.yaml",
            dataSet: trainer.dataSet,
            schema: trainer.schema,
            coreVersion: "core-1",
            milliseconds: 0
        )
        #expect(harness.submit(draft) == .done(SweepID(rawValue: 1)))
        var checkpoints: [ContentHash: [UInt8]] = [:]
        var queue = harness.assigned(to: worker)
        var segments = 0
        func follow() {
            queue += harness.assigned(to: worker)
            for case .drop(let hash) in harness.effects { checkpoints[hash] = nil }
            for case .log(let line) in harness.effects { #expect(line.level != .error, "\(line.message)") }
        }
        while !queue.isEmpty {
            let assignment = queue.removeFirst()
            segments += 1
            let dies = segments.isMultiple(of: 9)
            let start = try assignment.checkpoint.map { try #require(checkpoints[$0.hash]) }
            let run = try trainer.run(assignment.spec, seed: assignment.seed, checkpoint: start, epoch: assignment.from)
            let ancestors = TrialSpec.read(assignment.spec, problems: SpecProblems())?.ancestors ?? []
            #expect(run.epoch == max(assignment.from, ancestors.last?.to ?? 0))
            while run.epoch < (dies ? assignment.to - 1 : assignment.to), let observation = run.trainEpoch() {
                worker.sequence += 1
                let item = Reports.Item(lease: assignment.lease, observations: [observation])
                harness.say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
                follow()
            }
            worker.sequence += 1
            var end = SegmentEnded(
                sequence: worker.sequence,
                lease: assignment.lease,
                epoch: run.epoch,
                outcome: run.diverged ? .notFinite : dies ? .died(reason: "signal 9", log: "") : .reached
            )
            if end.outcome == .reached, assignment.keepsCheckpoint, let bytes = run.checkpoint() {
                end.checkpoint = CheckpointID(hash: try Trainer.hash(of: bytes), size: bytes.count)
                checkpoints[try Trainer.hash(of: bytes)] = bytes
            }
            harness.say(.segmentEnded(end), by: worker)
            follow()
        }
        #expect(harness.broken == [])
        #expect(checkpoints.isEmpty)
        return try #require(harness.sweep)
    }

    @Test(.timeLimit(.minutes(2)))
    func `ASHA on the digits trains a part of the epochs and every curve is that of the configuration alone`() throws {
        let trainer = try Trainer()
        let pruned = try Self.sweep(Self.source(prune: "asha"), trainer)
        #expect(pruned.state == .finished)
        #expect(pruned.trials.count == Self.trials)
        #expect(pruned.trials.allSatisfy { $0.ended?.isTerminal == true })
        #expect(pruned.trials.contains { $0.ended?.name == "pruned" })
        #expect(pruned.trials.contains { $0.ended == .completed })
        #expect(pruned.epochsTrained * 100 <= 45 * Self.trials * Self.epochs)
        for trial in pruned.trials {
            let spec = try #require(pruned.sweep.space.resolve(trial.configuration))
            let alone = try trainer.run(spec, seed: trial.seed)
            for observation in trial.curve.observations {
                let expected = try #require(alone.trainEpoch())
                #expect(observation.matches(expected), "trial \(trial.number), epoch \(observation.epoch)")
            }
        }
        let best = pruned.trials.compactMap { $0.curve.series(.validationAccuracy).max() }.max() ?? 0
        #expect(best > 0.95)
        print("ASHA: \(pruned.epochsTrained) of \(Self.trials * Self.epochs) epochs, best accuracy \(best)")

        // The same seeds give the same trials, so those of the sweep without pruning are the same curves, longer.
        let whole = try Self.sweep(Self.source(prune: "none"), trainer)
        #expect(whole.state == .finished)
        for (short, long) in zip(pruned.trials, whole.trials) {
            #expect(short.configuration == long.configuration)
            #expect(short.seed == long.seed)
            for (a, b) in zip(short.curve.observations, long.curve.observations) { #expect(a.matches(b)) }
        }
        let losses = [pruned, whole].map { sweep in
            sweep.trials.compactMap { $0.curve.best(for: sweep.sweep.objective)?.value }.filter(\.isFinite).min()
                ?? .infinity
        }
        print("best validation loss with ASHA \(losses[0]), without pruning \(losses[1])")
        #expect(whole.trials.allSatisfy { $0.ended == .completed || $0.ended == .pruned(.cannotRecover) })
    }
}
