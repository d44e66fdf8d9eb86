package import SweepCore
package import SweepData
package import SweepTraining

/// A trained network with all that its answers depend on: what rows go through before it, its layers, its weights, and
/// what its outputs mean.
package struct TrainedModel: Hashable, Sendable {
    /// Where it comes from.
    package let origin: ModelOrigin
    /// The trial's `data` and `train` with every range replaced by a value.
    package let specification: SpecNode
    /// The same, read.
    package let trial: TrialSpec
    /// Of the rows as the first layer reads them.
    package let schema: DataSchema
    /// How the data set's columns become the inputs that the schema names.
    package let layout: FeatureLayout
    /// What is predicted.
    package let targetName: String
    /// How a predicted number becomes one in the target's own unit.
    package let targetScale: TargetUnit
    /// What the inputs that hold numbers go through, in order, as fitted on the training rows.
    package let steps: [FittedStep]
    /// How the rows that it was trained on were stored; nil where the model's file does not say.
    package let form: RowForm?
    /// All parameters, first layer first: those that were measured, so averages where the run averages.
    package let parameters: [ParameterValues]

    /// Throws `specification` when the trial cannot be read or does not fit the schema, `columns` when the layout's inputs are
    /// not those of the schema, and `step` when a step is for another number of inputs.
    package init(
        origin: ModelOrigin,
        specification: SpecNode,
        schema: DataSchema,
        layout: FeatureLayout,
        targetName: String,
        targetScale: TargetUnit,
        steps: [FittedStep],
        form: RowForm? = nil,
        parameters: [ParameterValues]
    ) throws(ModelError) {
        let problems = SpecProblems()
        guard let trial = TrialSpec.read(specification, problems: problems) else {
            throw .specification(problems.all.map { "\($0.path): \($0.message)" })
        }
        guard layout.names == schema.features else { throw .columns }
        let others = trial.problems(on: schema)
        guard others.isEmpty else { throw .specification(others.map { "\($0.path): \($0.message)" }) }
        for (index, step) in steps.enumerated() {
            if let width = step.width, width != layout.numberCount { throw .step(index + 1) }
        }
        self.origin = origin
        self.specification = specification
        self.trial = trial
        self.schema = schema
        self.layout = layout
        self.targetName = targetName
        self.targetScale = targetScale
        self.steps = steps
        self.form = form
        self.parameters = parameters
    }

    /// The loss that it was trained by, which says what its outputs are.
    package var loss: LossSpec { trial.training.loss(on: schema) }

    /// What new rows must be for it.
    package var expectation: NewRows.Expectation {
        NewRows.Expectation(columns: layout.columns, image: schema.image, form: form)
    }

    /// Outputs of its last layer.
    package var outputs: Int { trial.training.outputs(on: schema) }
}

/// Which run of which program a model is the result of.
package struct ModelOrigin: Hashable, Sendable {
    package var sweep: String
    package var trial: Int
    package var configuration: Configuration
    package var seed: UInt64
    /// Epochs trained, from 1.
    package var epoch: Int
    /// The program's version, and that of the arithmetic.
    package var program: String
    package var core: UInt32

    package init(
        sweep: String,
        trial: Int,
        configuration: Configuration,
        seed: UInt64,
        epoch: Int,
        program: String,
        core: UInt32 = TrainingCore.version
    ) {
        self.sweep = sweep
        self.trial = trial
        self.configuration = configuration
        self.seed = seed
        self.epoch = epoch
        self.program = program
        self.core = core
    }
}

/// A target's own unit: the number is factor · output + shift.
package struct TargetUnit: Hashable, Sendable {
    package let shift: Double
    package let factor: Double

    package init(shift: Double = 0, factor: Double = 1) {
        self.shift = shift
        self.factor = factor
    }

    /// The number that an output stands for.
    package func value(of output: Float) -> Float { Float(Double(output) * factor + shift) }

    /// Whether outputs are the numbers themselves.
    var isIdentity: Bool { shift == 0 && factor == 1 }
}

/// Why a model cannot be put together, stored or exported.
package enum ModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The specification cannot be read, or does not fit the rows.
    case specification([String])
    /// The step of this number, from 1, is for rows of another width.
    case step(Int)
    /// The data set's columns do not become the inputs of the model.
    case columns
    /// The parameters are not those of the layers; which is the first that is not.
    case parameters(String)
    /// A safetensors file without a model of ours in it.
    case noModel
    /// Written by a version that this program does not read.
    case version(Int)
    /// The model's description is wrong.
    case damaged(String)
    case file(SafetensorsError)
    /// Protocol buffers hold 2 GiB.
    case tooLarge

    package var description: String {
        switch self {
        case .specification(let sentences): sentences.joined(separator: "; ")
        case .step(let number): "preprocessing step \(number) is for rows of another width"
        case .columns: "the columns of the data set do not become the inputs of the model"
        case .parameters(let name): "parameter \(name) is missing, or has another shape than the model's layers say"
        case .noModel:
            "this safetensors file holds tensors only; allowed is a file written by sweepd export --safetensors, "
                + "which says what the tensors are"
        case .version(let version): "the model has format \(version), this program reads \(TrainedModel.format)"
        case .damaged(let sentence): "the model's description is damaged: \(sentence)"
        case .file(let error): error.description
        case .tooLarge: "the model is larger than the 2 GiB that an ONNX file can hold; safetensors can"
        }
    }
}

extension FittedStep {
    /// The inputs that it is for; nil for any number of them.
    var width: Int? {
        switch self {
        case .affine(let first, let second), .clip(let first, let second):
            first.count == second.count ? first.count : -1
        case .scale, .logarithm: nil
        case .fill(let values), .power(let values): values.count
        }
    }
}
