extension TrainingSpec {
    /// The loss that is minimised on data of this schema.
    package func loss(on schema: DataSchema) -> LossSpec {
        loss ?? (schema.task.kind == .classification ? .softmaxCrossEntropy : .meanSquaredError)
    }

    /// Units of the head: one a class or number; a single logit for two classes under binary cross-entropy.
    package func outputs(on schema: DataSchema) -> Int {
        loss(on: schema).kind == .binaryCrossEntropy && schema.outputs == 2 ? 1 : schema.outputs
    }

    /// The shape of a row as the first layer reads it.
    package func inputShape(on schema: DataSchema) -> TensorShape {
        guard let image = schema.image, model.needsImage else { return .vector(schema.features.count) }
        return .image(height: image.height, width: image.width, channels: image.channels)
    }

    /// What cannot work on data of this schema, with paths below `train`.
    package func problems(on schema: DataSchema) -> [SpecProblem] {
        lossProblems(on: schema) + modelProblems(on: schema) + batchProblems(on: schema) + samplingProblems(on: schema)
            + topProblems(on: schema)
    }

    /// Among how many largest outputs the rules count that watch the curve: fewer than there are classes.
    private func topProblems(on schema: DataSchema) -> [SpecProblem] {
        var watched: [(key: String, metric: Metric)] = []
        if let earlyStopping { watched.append(("early_stopping", earlyStopping.metric)) }
        if let metric = schedule.watchedMetric { watched.append(("learning_rate_schedule", metric)) }
        return watched.compactMap { key, metric in
            guard metric.top != nil, let (message, allowed) = metric.absence(from: schema) else { return nil }
            return SpecProblem(path: path(key), message: message, found: metric.rawValue, allowed: allowed)
        }
    }

    private func path(_ key: String) -> SpecPath { SpecPath().appending(.key("train")).appending(.key(key)) }

    private func lossProblems(on schema: DataSchema) -> [SpecProblem] {
        guard let loss else { return [] }
        var problems: [SpecProblem] = []
        switch schema.task {
        case .regression:
            if loss.kind.needsClasses {
                problems.append(
                    SpecProblem(
                        path: path("loss"),
                        message: "this loss needs classes, but the target is a number",
                        found: loss.kind.rawValue,
                        allowed: "mean_squared_error, mean_absolute_error or huber, or data.task: classification"
                    )
                )
            }
        case .classification(let classes, _):
            if case .listed(let weights) = loss.classWeights, weights.count != classes.count {
                problems.append(
                    SpecProblem(
                        path: path("loss"),
                        message: "\(weights.count) class weights for \(classes.count) classes",
                        allowed: "one for each of \(classes.prefix(10).joined(separator: ", "))"
                            + (classes.count > 10 ? ", …" : "")
                    )
                )
            }
        }
        return problems
    }

    private func modelProblems(on schema: DataSchema) -> [SpecProblem] {
        if model.needsImage, schema.image == nil {
            return [
                SpecProblem(
                    path: path("model"),
                    message: "this model reads images, but the data is a table of \(schema.features.count) features",
                    allowed: "mlp, linear, or layers without convolutions and pooling"
                )
            ]
        }
        do throws(ShapeError) {
            _ = try model.shapes(input: inputShape(on: schema))
            return []
        } catch {
            return [
                SpecProblem(
                    path: path("model"),
                    message: "layer \(error.layer + 1) of the model cannot be built: \(error.message)",
                    allowed: "layers that fit each other"
                )
            ]
        }
    }

    private func samplingProblems(on schema: DataSchema) -> [SpecProblem] {
        guard sampling != .none, schema.task.kind == .regression else { return [] }
        return [
            SpecProblem(
                path: path("sampling"),
                message: "numbers have no classes to sample",
                allowed: "none, or data.task: classification"
            )
        ]
    }

    private func batchProblems(on schema: DataSchema) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        if batchSize > schema.trainingRows {
            problems.append(
                SpecProblem(
                    path: path("batch_size"),
                    message: "more rows a batch than there are training rows (\(schema.trainingRows))",
                    found: String(batchSize),
                    allowed: "at most \(schema.trainingRows)"
                )
            )
        }
        return problems
    }
}
