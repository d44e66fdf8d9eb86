import Foundation
import SweepCore
import SweepReports
import SwiftProtobuf

extension SweepHistory {
    /// A log directory of TensorBoard: an event file for each trial, in a folder of its own, and one for the whole sweep.
    ///
    /// Scalars are the metrics by their names, the step is the epoch. The plugin HParams gets every parameter with its range,
    /// the objective and the other validation metrics, and each trial as a session. A value that is not finite is written as it
    /// is: TensorBoard draws such points as marks.
    package var tensorBoard: [(path: String, bytes: [UInt8])] {
        let names = names
        let texts = Set(paths.filter(isText))
        // TensorBoard asks for the word and for a number of ten digits in it; where files are equal, so are their names.
        let file = "events.out.tfevents.\(Self.padded(Int(began), 10)).sweepd"
        let digits = String(curves.trials.map(\.trial).max() ?? 0).count
        return [(file, TFRecord.file([version, event(at: began, 0, experiment(names, texts))]))]
            + curves.trials.map { trial in
                (
                    "trial-\(Self.padded(trial.trial, digits))/\(file)",
                    TFRecord.file([version] + records(of: trial, names, texts))
                )
            }
    }

    /// The same as one tar archive, in a folder of the sweep's name; nil where a path does not fit into one.
    package var tensorBoardArchive: [UInt8]? {
        TarArchive.bytes(of: tensorBoard.map { ("\(curves.sweep)/\($0.path)", $0.bytes) }, changed: Int(began))
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    // MARK: Records

    private var version: [UInt8] {
        var event = Tensorboard_Event()
        event.wallTime = began
        event.fileVersion = "brain.Event:2"
        return Self.bytes(event)
    }

    private func event(at time: Double, _ step: Int, _ values: [Tensorboard_Summary.Value]) -> [UInt8] {
        var event = Tensorboard_Event()
        event.wallTime = time
        event.step = Int64(step)
        event.summary.value = values
        return Self.bytes(event)
    }

    /// The bytes of a message, maps in order.
    private static func bytes(_ message: some Message) -> [UInt8] {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        // Messages without required fields can always be encoded.
        return (try? message.serializedBytes(options: options)) ?? []
    }

    /// `texts` are the paths of parameters that are written as text.
    private func records(of trial: CurvesDocument.Trial, _ names: [String: String], _ texts: Set<String>) -> [[UInt8]] {
        let times = times(of: trial)
        let curve = trial.curve
        var start = Tensorboard_SessionStartInfo()
        for entry in trial.configuration.entries {
            start.hparams[names[entry.path] ?? entry.path] =
                texts.contains(entry.path) ? Self.value(.text(entry.value.description)) : Self.value(entry.value)
        }
        start.groupName = "trial \(trial.trial)"
        start.startTimeSecs = began
        var end = Tensorboard_SessionEndInfo()
        end.status =
            switch trial.state {
            case .failed: .failure
            case .completed, .pruned: .success
            case .waiting, .running, .paused: .running
            }
        end.endTimeSecs = times.last ?? began
        let points = zip(curve.observations, times).map { observation, time in
            event(
                at: time,
                observation.epoch,
                zip(curve.metrics, observation.values).map { metric, number in
                    var value = Tensorboard_Summary.Value()
                    value.tag = metric.rawValue
                    value.simpleValue = Float(number)
                    return value
                }
            )
        }
        return [event(at: began, 0, [Self.plugin("session_start_info") { $0.sessionStartInfo = start }])] + points
            + [event(at: end.endTimeSecs, 0, [Self.plugin("session_end_info") { $0.sessionEndInfo = end }])]
    }

    // MARK: HParams

    private static func plugin(
        _ tag: String,
        _ fill: (inout Tensorboard_HParamsPluginData) -> Void
    ) -> Tensorboard_Summary.Value {
        var data = Tensorboard_HParamsPluginData()
        fill(&data)
        var value = Tensorboard_Summary.Value()
        value.tag = "_hparams_/\(tag)"
        value.metadata.pluginData.pluginName = "hparams"
        value.metadata.pluginData.content = Data(bytes(data))
        return value
    }

    private func experiment(_ names: [String: String], _ texts: Set<String>) -> [Tensorboard_Summary.Value] {
        var experiment = Tensorboard_Experiment()
        experiment.name = sweep
        experiment.hparamInfos = paths.map { path in
            var info = Tensorboard_HParamInfo()
            info.name = names[path] ?? path
            info.description_p = path
            fill(&info, path, texts)
            return info
        }
        // The objective stands first: HParams sorts by it when a user asks for nothing else.
        let others = curves.metrics.filter { $0 != objective.metric && $0.rawValue.hasPrefix("validation.") }
        experiment.metricInfos = ([objective.metric] + others).map { metric in
            var info = Tensorboard_MetricInfo()
            info.name.tag = metric.rawValue
            return info
        }
        return [Self.plugin("experiment") { $0.experiment = experiment }]
    }

    private func fill(_ info: inout Tensorboard_HParamInfo, _ path: String, _ texts: Set<String>) {
        switch domain(path)?.range {
        case .uniform(let low, let high, _, _), .logUniform(let low, let high, _):
            info.type = .float64
            info.domainInterval.minValue = low
            info.domainInterval.maxValue = high
        case .integer(let low, let high, _), .logInteger(let low, let high, _):
            info.type = .float64
            info.domainInterval.minValue = Double(low)
            info.domainInterval.maxValue = Double(high)
        case .choice, .believed, nil:
            let values = options(path).map { texts.contains(path) ? Self.value(.text($0.description)) : Self.value($0) }
            info.type = values.first.map(Self.type) ?? .string
            info.domainDiscrete.values = values
        }
    }

    /// The options of a choice, and what else trials hold there.
    private func options(_ path: String) -> [ParameterValue] {
        var values: [ParameterValue] = []
        if case .choice(let options)? = domain(path) { values = options.map(\.label) }
        var seen = Set(values)
        for value in curves.trials.compactMap({ $0.configuration[path] }) where seen.insert(value).inserted {
            values.append(value)
        }
        return values
    }

    /// Whether a parameter is written as text: a choice between a number and a word has one type only that way.
    private func isText(_ path: String) -> Bool { Set(options(path).map { Self.type(Self.value($0)) }).count > 1 }

    private static func value(_ parameter: ParameterValue) -> Tensorboard_Value {
        var value = Tensorboard_Value()
        switch parameter {
        case .none: value.stringValue = "null"
        case .flag(let flag): value.boolValue = flag
        case .integer(let number): value.numberValue = Double(number)
        case .real(let number): value.numberValue = number
        case .text(let text): value.stringValue = text
        }
        return value
    }

    private static func type(_ value: Tensorboard_Value) -> Tensorboard_DataType {
        switch value.kind {
        case .numberValue: .float64
        case .boolValue: .bool
        case .stringValue, nil: .string
        }
    }
}
