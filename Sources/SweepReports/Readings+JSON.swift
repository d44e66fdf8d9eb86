import SweepCore

extension Instruments.Reading {
    /// A reading as documents have it.
    ///
    /// `{"epoch", "layers": [{"name", "head", "activation", "units", "weight_count", "gradient", "weights", "change", "deviation",
    /// "dead", "saturated", "equal_units"}], "layer_count", "noise": {"variance", "squared_mean", "scale", "rows"} or null,
    /// "commonest_prediction", "prediction_variance", "step_losses": [..], "classes": [{"class", "rows", "loss", "recall",
    /// "probe_loss"}]}`; null: not measured. `gradient`, `weights` and `change` are root mean squares over the layer's weights, `dead`
    /// and `saturated` shares of its units; `scale` is `variance` over `squared_mean`, null where that is not above zero; `rows` of a
    /// class are validation rows. All have single precision. `labels` names the data's classes.
    func json(labels: [String]) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("epoch", epoch)
        object.add("layers", .array(layers.map(\.json)))
        object.add("layer_count", layerCount)
        if let noise {
            var measured = JSONObjectBuilder()
            measured.add("variance", single(noise.variance))
            measured.add("squared_mean", single(noise.squaredMean))
            measured.add("scale", noise.simpleScale.map(single))
            measured.add("rows", noise.rows)
            object.add("noise", measured.object)
        } else {
            object.add("noise", .null)
        }
        object.add("commonest_prediction", commonestPrediction.map(single))
        object.add("prediction_variance", predictionVariance.map(single))
        object.add("step_losses", .array(stepLosses.map { $0.isFinite ? .number(single(Double($0))) : .null }))
        object.add("classes", .array(classes.map { $0.json(labels: labels) }))
        return object.object
    }
}

extension Instruments.ClassReading {
    fileprivate func json(labels: [String]) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("class", labels.indices.contains(index) ? labels[index] : String(index))
        object.add("rows", rows)
        object.add("loss", loss.map(single))
        object.add("recall", recall.map(single))
        object.add("probe_loss", probeLoss.map(single))
        return object.object
    }
}

extension Instruments.Layer {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("name", name)
        object.add("head", .boolean(isHead))
        object.add("activation", activation?.name)
        object.add("units", units)
        object.add("weight_count", weightCount)
        object.add("gradient", gradient.map(single))
        object.add("weights", single(weights))
        object.add("change", change.map(single))
        object.add("deviation", single(deviation))
        object.add("dead", dead.map(single))
        object.add("saturated", saturated.map(single))
        object.add("equal_units", equalUnits)
        return object.object
    }
}

/// A number of single precision by its shortest digits, as the double that they are.
private func single(_ value: Double) -> Double { Double(Float(value).description) ?? value }
