package import SweepCore

extension PackedReading {
    /// A reading as bytes: single precision, and so many of its layers as fit into what is kept of a trial.
    package init(_ reading: Instruments.Reading) {
        var layers = Instruments.Reading.toldLayers
        var bytes = reading.told(layers: layers).packed
        while bytes.count > KeptReadings.byteLimit, layers > 1 {
            layers /= 2
            bytes = reading.told(layers: layers).packed
        }
        self.init(epoch: reading.epoch, bytes: bytes)
    }

    /// A reading of bytes from elsewhere; throws for those that are none, and for one that is larger than a reading may be.
    ///
    /// What is not known here is left out.
    package init(wireBytes: [UInt8]) throws(WireError) {
        let reading = try Instruments.Reading(wireBytes: wireBytes)
        self.init(epoch: reading.epoch, bytes: reading.packed)
    }

    /// What the bytes say; nil of bytes that no check has seen and that are no reading.
    package var reading: Instruments.Reading? { try? Instruments.Reading(wireBytes: bytes) }
}

extension Instruments {
    /// What kept readings show, by rising epoch.
    ///
    /// Losses of single steps are of the first epoch alone, and are left to be looked at: no rule judges them.
    package init(_ kept: KeptReadings) {
        self.init()
        readings = kept.all.compactMap(\.reading)
    }
}

extension Instruments.Reading: WireForm {
    fileprivate var packed: [UInt8] {
        // A message without required fields has bytes, whatever they are.
        (try? serialize(form())) ?? []
    }

    fileprivate init(wireBytes: [UInt8]) throws(WireError) {
        guard wireBytes.count <= KeptReadings.byteLimit else {
            throw .undecodable("a reading of \(wireBytes.count) bytes, at most \(KeptReadings.byteLimit) are allowed")
        }
        try FieldCount.check(wireBytes, limit: Self.toldLayers + 16)
        try self.init(bytes: wireBytes)
    }

    func form() -> Sweepd_Wire_Reading {
        var form = Sweepd_Wire_Reading()
        form.epoch = UInt32(clamping: epoch)
        form.layers = layers.map { $0.form() }
        form.layerCount = UInt32(clamping: layerCount)
        if let noise {
            form.noiseVariance = Float(noise.variance)
            form.noiseSquaredMean = Float(noise.squaredMean)
            if let rows = noise.rows { form.noiseRows = UInt32(clamping: rows) }
        }
        if let commonestPrediction { form.commonestPrediction = Float(commonestPrediction) }
        if let predictionVariance { form.predictionVariance = Float(predictionVariance) }
        form.stepLosses = stepLosses
        form.classIndices = classes.map { UInt32(clamping: $0.index) }
        form.classRows = classes.map { UInt32(clamping: $0.rows) }
        form.classLosses = classes.map { Self.number($0.loss) }
        form.classRecalls = classes.map { Self.number($0.recall) }
        form.classProbeLosses = classes.map { Self.number($0.probeLoss) }
        return form
    }

    /// What was not measured is not a number.
    private static func number(_ value: Double?) -> Float { value.map { Float($0) } ?? .nan }

    init(_ form: Sweepd_Wire_Reading) throws(WireError) {
        guard form.stepLosses.count <= Self.toldSteps else {
            throw .undecodable("\(form.stepLosses.count) step losses, at most \(Self.toldSteps) are allowed")
        }
        let layers = try Check.list(form.layers, "layers", limit: Self.toldLayers) { layer throws(WireError) in
            try Instruments.Layer(layer)
        }
        self.init(
            epoch: try Check.integer(form.epoch, "an epoch", in: 1...Int(Int32.max)),
            layers: layers,
            layerCount: try Check.integer(form.layerCount, "layers", in: layers.count...Int(Int32.max)),
            noise: form.hasNoiseVariance && form.hasNoiseSquaredMean
                ? Instruments.GradientNoise(
                    variance: Double(form.noiseVariance),
                    squaredMean: Double(form.noiseSquaredMean),
                    rows: form.hasNoiseRows ? try Check.integer(form.noiseRows, "rows") : nil
                ) : nil,
            commonestPrediction: form.hasCommonestPrediction ? Double(form.commonestPrediction) : nil,
            predictionVariance: form.hasPredictionVariance ? Double(form.predictionVariance) : nil,
            stepLosses: form.stepLosses,
            classes: try Self.classes(form)
        )
    }

    /// The classes that are told, by rising place; workers of before tell of none.
    private static func classes(_ form: Sweepd_Wire_Reading) throws(WireError) -> [Instruments.ClassReading] {
        let count = form.classIndices.count
        guard count <= toldClasses else {
            throw .undecodable("\(count) classes, at most \(toldClasses) are allowed")
        }
        let counts = [
            form.classRows.count, form.classLosses.count, form.classRecalls.count, form.classProbeLosses.count,
        ]
        guard counts.allSatisfy({ $0 == count }) else { throw .undecodable("lists of classes of different lengths") }
        func measured(_ value: Float) -> Double? { value.isNaN ? nil : Double(value) }
        var classes: [Instruments.ClassReading] = []
        for place in 0..<count {
            let index = try Check.integer(form.classIndices[place], "a class's place")
            guard index > classes.last?.index ?? -1 else { throw .undecodable("classes out of order") }
            classes.append(
                Instruments.ClassReading(
                    index: index,
                    rows: try Check.integer(form.classRows[place], "a class's rows"),
                    loss: measured(form.classLosses[place]),
                    recall: measured(form.classRecalls[place]),
                    probeLoss: measured(form.classProbeLosses[place])
                )
            )
        }
        return classes
    }
}

extension Instruments.Layer {
    /// The activations that are judged, by their number on the wire.
    private static let judged: [Activation?] = [nil, .relu, .tanh, .sigmoid]

    fileprivate func form() -> Sweepd_Wire_LayerReading {
        var form = Sweepd_Wire_LayerReading()
        form.name = Check.head(name, limit: Instruments.Reading.nameBytes)
        form.head = isHead
        form.activation = UInt32(Self.judged.firstIndex(of: activation) ?? 0)
        if let gradient { form.gradient = Float(gradient) }
        form.weights = Float(weights)
        if let change { form.change = Float(change) }
        form.weightCount = UInt64(clamping: weightCount)
        form.deviation = Float(deviation)
        form.units = UInt32(clamping: units)
        if let dead { form.dead = Float(dead) }
        if let saturated { form.saturated = Float(saturated) }
        form.equalUnits = UInt32(clamping: equalUnits)
        return form
    }

    fileprivate init(_ form: Sweepd_Wire_LayerReading) throws(WireError) {
        let judged = Self.judged
        let activation = try Check.integer(form.activation, "an activation's number", in: 0...judged.count - 1)
        self.init(
            name: try Check.text(form.name, "a layer's name", limit: Instruments.Reading.nameBytes),
            isHead: form.head,
            activation: judged[activation],
            gradient: form.hasGradient ? Double(form.gradient) : nil,
            weights: Double(form.weights),
            change: form.hasChange ? Double(form.change) : nil,
            weightCount: try Check.integer(form.weightCount, "a layer's weights", in: 0...1 << 53),
            deviation: Double(form.deviation),
            units: try Check.integer(form.units, "a layer's units"),
            dead: form.hasDead ? Double(form.dead) : nil,
            saturated: form.hasSaturated ? Double(form.saturated) : nil,
            equalUnits: try Check.integer(form.equalUnits, "equal units")
        )
    }
}
