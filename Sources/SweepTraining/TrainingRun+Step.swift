import KernelAPI
import SweepCore

extension TrainingRun {
    /// Trains on the rows of the next step and returns their mean loss before the update, without the penalty.
    ///
    /// A loss that is not finite changes nothing but `diverged`. Call it through `trainEpoch`; alone it is for
    /// measuring, and wraps around to the next epoch's order without measuring the epoch.
    @discardableResult
    package func step() -> Double {
        if stepOfEpoch == stepsPerEpoch { wrap() }
        if stepOfEpoch == 0 { beginEpochsFirstStep() }
        let first = stepOfEpoch * rowsPerStep
        let rows = rowsOfNextStep
        let number = epoch * stepsPerEpoch + stepOfEpoch
        let scheduled = schedule.rate(
            spec.schedule,
            base: optimizer.spec.learningRate,
            step: number,
            stepsPerEpoch: stepsPerEpoch,
            epochs: spec.epochs
        )
        optimizer.beginStep()
        let rate = optimizer.rate(scheduled)
        let loss =
            spec.clipNorm == nil && spec.accumulation == 1
            ? stepAtOnce(from: first, rows: rows, number: number, rate: rate)
            : stepTogether(from: first, rows: rows, number: number, rate: rate)
        totals.loss += loss
        record(step: loss / Double(rows) * lossUnit)
        totals.learningRate = rate
        guard !diverged else { return loss / Double(rows) }
        finishStep()
        if schedule.batchEnded(spec.schedule, loss: loss / Double(rows), epoch: epoch + 1) { noteReduction() }
        stepOfEpoch += 1
        return loss / Double(rows)
    }

    /// Trains so many steps, or until a loss is not finite, and returns their mean losses before each update; measures nothing else.
    package func stepLosses(_ count: Int) -> [Double] {
        var losses: [Double] = []
        losses.reserveCapacity(count)
        while losses.count < count, !diverged { losses.append(step()) }
        return losses
    }

    private func beginEpochsFirstStep() {
        order.arrange(seed: seed, epoch: epoch)
        if epoch > 0, let restart = spec.restarts.first(where: { $0.epoch == epoch }) {
            optimizer.restart(restart.optimizer)
            schedule = ScheduleState()
            note("the optimizer begins anew: \(restart.optimizer.rule.name)")
        }
    }

    /// Changes each parameter as soon as its gradient stands; answers the sum of the rows' losses.
    private func stepAtOnce(from first: Int, rows: Int, number: Int, rate: Double) -> Double {
        let measures = stepOfEpoch == stepsPerEpoch - 1
        let pass = Pass(
            rows: rows,
            isTraining: true,
            key: DropoutKey(seed: dropoutSeed, step: UInt64(number)),
            kernels: kernels
        )
        let loss = forward(pass, from: first, scale: 1 / Float(rows))
        guard loss.isFinite else { return loss }
        network.backward(pass) { update($0, rate: rate, scale: 1, measures: measures) }
        return loss
    }

    /// Gathers the whole gradient, of one batch or several, before anything changes.
    private func stepTogether(from first: Int, rows: Int, number: Int, rate: Double) -> Double {
        var loss = 0.0
        var done = 0
        copies.clearSums()
        while done < rows {
            let count = min(spec.batchSize, rows - done)
            // Each batch of a step draws masks of its own.
            let mask = UInt64(number) * UInt64(spec.accumulation) + UInt64(done / spec.batchSize)
            let pass = Pass(
                rows: count,
                isTraining: true,
                key: DropoutKey(seed: dropoutSeed, step: mask),
                kernels: kernels
            )
            loss += forward(pass, from: first + done, scale: 1 / Float(rows))
            guard loss.isFinite else { return loss }
            network.backward(pass) { copies.addGradient(of: $0, kernels: kernels) }
            done += count
        }
        copies.returnSums()
        var scale = 1.0
        if let limit = spec.clipNorm {
            let norm = gradientNorm()
            // PyTorch's form: the summand keeps a norm of zero from dividing.
            scale = min(1, limit / (norm + 1e-6))
            if scale < 1 { totals.clipped += 1 }
        }
        let measures = stepOfEpoch == stepsPerEpoch - 1
        for parameter in network.trained { update(parameter, rate: rate, scale: scale, measures: measures) }
        return loss
    }

    /// Loads and predicts a batch; answers the sum of its rows' losses.
    private func forward(_ pass: Pass, from first: Int, scale: Float) -> Double {
        let indices = order.indices + first
        network.load(data, rows: pass.rows, indices: indices)
        if let changes {
            // A row that is seen more than once in an epoch is changed differently each time.
            let repeats = spec.sampling != .none
            changes.apply(
                to: network,
                rows: pass.rows,
                keys: { repeats ? first + $0 : Int(indices[$0]) },
                seed: seed,
                epoch: epoch,
                batch: first / spec.batchSize
            )
        }
        network.forward(pass)
        let loss = network.head.train(rows: pass.rows, gradientScale: scale)
        if !loss.isFinite {
            diverged = true
            let place = network.firstNonFiniteLayer(pass).map { "the output of layer \($0)" } ?? "the loss"
            note("step \(stepOfEpoch + 1) of the epoch: \(place) is not finite")
        }
        return loss
    }

    private func update(_ parameter: Parameter, rate: Double, scale: Double, measures: Bool) {
        let penalty = penalty(of: parameter)
        let norms = optimizer.update(
            parameter,
            parameter.index,
            learningRate: rate,
            terms: UpdateTerms(
                gradientScale: scale,
                clip: spec.clipValue,
                l1: penalty.l1,
                l2: penalty.l2,
                decay: parameter.role == .weights ? optimizer.spec.decay : 0,
                measures: measures
            ),
            kernels: kernels
        )
        if measures { lastNorms[parameter.index] = norms }
    }

    /// The coefficients of a parameter's penalties.
    func penalty(of parameter: Parameter) -> (l1: Double, l2: Double) {
        switch parameter.role {
        case .weights: (parameter.l1 ?? spec.l1, parameter.l2 ?? spec.l2)
        case .bias where spec.penalizesBiases: (parameter.l1 ?? spec.l1, parameter.l2 ?? spec.l2)
        default: (0, 0)
        }
    }

    /// The Euclidean norm of the gradient as it stands in the parameters, without penalties.
    private func gradientNorm() -> Double {
        var sum = 0.0
        for parameter in network.trained {
            guard let gradient = parameter.gradient else { continue }
            sum += kernels.sumOfSquares(gradient, parameter.storedCount)
        }
        return sum.squareRoot()
    }

    /// What follows the update: bounds of norms, averages, copies derived from the weights.
    private func finishStep() {
        if let limit = spec.maxNorm {
            for parameter in network.trained where parameter.role == .weights {
                guard case .panels(_, _, _, let columns) = parameter.layout else { continue }
                kernels.limitColumnNorms(
                    ColumnNormLimit(
                        rows: parameter.layout.panelStride / laneCount,
                        columns: paddedCount(columns),
                        weights: parameter.values,
                        limit: Float(limit)
                    )
                )
            }
        }
        copies.average(kernels: kernels)
        network.refresh()
    }

    func noteReduction(after finished: Int? = nil) {
        // The first few are worth a line each; a rule that fires on every batch is told by its count.
        guard schedule.reductions <= 20 else { return }
        note("learning rate reduced to \(Float(optimizer.spec.learningRate * schedule.factor))", after: finished)
    }

    /// Goes on to the next epoch without measuring this one.
    private func wrap() {
        epoch += 1
        beginEpoch()
    }

    func beginEpoch() {
        stepOfEpoch = 0
        totals = EpochTotals()
    }
}
