import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// What augmentation and sampling do to a run.
@Suite struct BatchChangeTests {
    private func losses(
        _ change: (inout TrainingSpec) -> Void,
        classes: Int = 3,
        image: ImageShape? = nil,
        seed: UInt64 = 3
    ) throws -> [Double] {
        let data = try SyntheticTask(rows: 90, validationRows: 30, columns: 6, classes: classes, image: image).make()
            .data
        let run = try TrainingRun(
            spec: makeSpec([16], batchSize: 16).with(change),
            data: data,
            seed: seed,
            kernels: .selected()
        )
        return try (0..<4).map { _ in
            let observation = try #require(run.trainEpoch())
            #expect(observation.values[1].isFinite)
            return observation.values[0]
        }
    }

    @Test func `augmentation changes what is trained on, the same way each time`() throws {
        let plain = try losses { _ in }
        let noisy = try losses { $0.augment = [.noise(deviation: 0.5)] }
        #expect(noisy != plain)
        #expect(try losses({ $0.augment = [.noise(deviation: 0.5)] }) == noisy)
        #expect(try losses({ $0.augment = [.noise(deviation: 0.5)] }, seed: 4) != noisy)
        let image = ImageShape(height: 5, width: 6)
        let upright = try losses({ _ in }, image: image)
        #expect(try losses({ $0.augment = [.rotate(degrees: 30, fill: .edge)] }, image: image) != upright)
    }

    @Test(arguments: [0, 2, 3])
    func `mixed rows train with every loss`(_ classes: Int) throws {
        let kinds: [LossSpec] =
            classes == 0
            ? [.meanSquaredError, LossSpec(.huber)]
            : [.softmaxCrossEntropy, LossSpec(.binaryCrossEntropy, labelSmoothing: 0.1), .meanSquaredError]
        for loss in kinds {
            let mixed = try losses(
                {
                    $0.loss = loss
                    $0.augment = [.mixup(alpha: 0.4)]
                },
                classes: classes
            )
            #expect(mixed != (try losses({ $0.loss = loss }, classes: classes)), "\(loss)")
            #expect(mixed.allSatisfy { $0.isFinite })
        }
    }

    // covers: T10
    @Test func `validation and probe rows are measured as they are`() throws {
        let data = try SyntheticTask(rows: 60, validationRows: 20, columns: 6).make().data
        func evaluations(_ augment: [AugmentStep]) throws -> [Double] {
            let run = try TrainingRun(
                spec: makeSpec([16]).with { $0.augment = augment },
                data: data,
                seed: 1,
                kernels: .selected()
            )
            return [run.evaluate(.probe).loss, run.evaluate(.validation).loss]
        }
        #expect(try evaluations([.noise(deviation: 3), .mixup(alpha: 1)]) == (try evaluations([])))
    }

    @Test func `oversampling lengthens an epoch, undersampling shortens it`() throws {
        let data = try SyntheticTask(rows: 100, validationRows: 10, columns: 4, classes: 3).make().data
        func order(_ sampling: Sampling) throws -> [Int32] {
            try TrainingRun(
                spec: makeSpec([4]).with { $0.sampling = sampling },
                data: data,
                seed: 1,
                kernels: .selected()
            ).rowOrder(epoch: 0)
        }
        let plain = try order(.none)
        #expect(plain.sorted() == data.rows(.training).sorted())
        #expect(try order(.oversample()).count >= plain.count)
        #expect(try order(.undersample()).count <= plain.count)
        guard case .classification(_, let counts) = data.schema.task else { return }
        #expect(try order(.oversample()).count == 3 * (counts.max() ?? 0))
        #expect(try order(.undersample()).count == 3 * (counts.min() ?? 0))
    }

    @Test func `a checkpoint of an augmented, sampled run goes on with the same bits`() throws {
        let data = try SyntheticTask(rows: 90, validationRows: 10, columns: 6).make().data
        let spec = makeSpec([12]).with {
            $0.augment = [.noise(deviation: 0.2), .mixup(alpha: 0.3)]
            $0.sampling = .oversample(ratio: 0.9)
        }
        let whole = try TrainingRun(spec: spec, data: data, seed: 2, kernels: .selected())
        _ = whole.trainEpoch()
        let bytes = try #require(whole.checkpoint())
        let resumed = try TrainingRun(restoring: bytes, spec: spec, data: data, seed: 2, kernels: .selected())
        let (a, b) = (try #require(whole.trainEpoch()), try #require(resumed.trainEpoch()))
        #expect(a.matches(b))
        #expect(throws: TrainingError.self) {
            try TrainingRun(
                restoring: bytes,
                spec: spec.with { $0.augment = [.noise(deviation: 0.3), .mixup(alpha: 0.3)] },
                data: data,
                seed: 2,
                kernels: .selected()
            )
        }
    }
}
