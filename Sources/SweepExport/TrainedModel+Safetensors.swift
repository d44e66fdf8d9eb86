import SweepCore
import SweepData
import SweepReports
import SweepTraining

extension TrainedModel {
    /// The form of a model's description.
    package static let format = 1
    /// The text of a safetensors file that describes the model.
    package static let key = "sweepd.model"

    /// The model as a safetensors file: its weights by name, and its description as the text `sweepd.model`.
    package var safetensors: SafetensorsFile {
        SafetensorsFile(metadata: [Self.key: document.text()], tensors: parameters)
    }

    /// Reads a model of ours from the bytes of a safetensors file; bytes that hold none are refused.
    package init(safetensors bytes: [UInt8]) throws(ModelError) {
        let file: SafetensorsFile
        do throws(SafetensorsError) { file = try SafetensorsFile(bytes: bytes) } catch { throw .file(error) }
        guard let text = file.metadata[Self.key] else { throw .noModel }
        let limits = JSONValue.Limits(bytes: SafetensorsFile.greatestHeader)
        let reader: DocumentReader
        do throws(JSONError) {
            reader = DocumentReader(try JSONValue(parsing: Array(text.utf8), limits: limits))
        } catch { throw .damaged(error.description) }
        let format: Int
        do throws(DocumentError) { format = try reader.field("format").integer() } catch {
            throw .damaged(error.description)
        }
        guard format == Self.format else { throw .version(format) }
        let description: Description
        do throws(DocumentError) { description = try Description(reader) } catch { throw .damaged(error.description) }
        try self.init(description, tensors: file.tensors)
    }

    /// What a model is beside its weights.
    private struct Description {
        let origin: ModelOrigin
        let specification: SpecNode
        let schema: DataSchema
        let layout: FeatureLayout
        let targetName: String
        let targetScale: TargetUnit
        let steps: [FittedStep]
        let form: RowForm?
        /// Names of the parameters in their order, which other programs that write the format do not keep.
        let parameters: [String]

        init(_ reader: DocumentReader) throws(DocumentError) {
            origin = try ModelOrigin(reader)
            specification = try SpecNode(reader.field("specification"))
            schema = try DataSchema(reader.field("schema"))
            layout = try FeatureLayout(reader)
            let target = try reader.field("target")
            targetName = try target.field("name").text()
            targetScale = TargetUnit(
                shift: try target.field("shift").number(),
                factor: try target.field("factor").number()
            )
            steps = try reader.field("steps").items().each { step throws(DocumentError) in try FittedStep(step) }
            // Files of before do not say it.
            if let rows = reader.optional("rows") { form = try RowForm(rows) } else { form = nil }
            parameters = try reader.field("parameters").items().each { name throws(DocumentError) in try name.text() }
        }
    }

    private init(_ description: Description, tensors: [ParameterValues]) throws(ModelError) {
        let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var parameters: [ParameterValues] = []
        for name in description.parameters {
            guard let found = byName[name] else { throw .parameters(name) }
            parameters.append(found)
        }
        try self.init(
            origin: description.origin,
            specification: description.specification,
            schema: description.schema,
            layout: description.layout,
            targetName: description.targetName,
            targetScale: description.targetScale,
            steps: description.steps,
            form: description.form,
            parameters: parameters
        )
    }

    /// The model's description as JSON.
    private var document: JSONValue {
        var members: [JSONMember] =
            [JSONMember("format", .integer(Self.format))] + origin.members + [
                JSONMember("specification", specification.json),
                JSONMember("schema", schema.json),
                JSONMember("columns", .array(layout.columns.map(\.json))),
                JSONMember("indicators", .array(layout.indicators.map { .integer($0) })),
                JSONMember(
                    "target",
                    .object([
                        JSONMember("name", .text(targetName)),
                        JSONMember("shift", .number(targetScale.shift)),
                        JSONMember("factor", .number(targetScale.factor)),
                    ])
                ),
                JSONMember("steps", .array(steps.map(\.json))),
                JSONMember("parameters", .array(parameters.map { .text($0.name) })),
            ]
        if let form { members.append(JSONMember("rows", form.json)) }
        return .object(members)
    }
}

extension ModelOrigin {
    /// `"sweep"`, `"trial"`, `"configuration"`, `"seed"`, `"epoch"`, `"program"`, `"core"`.
    var members: [JSONMember] {
        [
            JSONMember("sweep", .text(sweep)), JSONMember("trial", .integer(trial)),
            JSONMember("configuration", configuration.json), JSONMember("seed", .whole(seed)),
            JSONMember("epoch", .integer(epoch)), JSONMember("program", .text(program)),
            JSONMember("core", .integer(Int(core))),
        ]
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        let core = try reader.field("core")
        guard let version = UInt32(exactly: try core.integer()) else { throw core.wrong("a version") }
        self.init(
            sweep: try reader.field("sweep").text(),
            trial: try reader.field("trial").integer(),
            configuration: try Configuration(reader.field("configuration")),
            seed: try reader.field("seed").unsigned(),
            epoch: try reader.field("epoch").integer(),
            program: try reader.field("program").text(),
            core: version
        )
    }
}
