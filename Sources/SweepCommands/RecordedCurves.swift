import Foundation
import SweepCore
import SweepData
import SweepNodeCommands
import SweepNumerics

/// Curves of one task that were recorded before, whole ones only.
struct RecordedCurves {
    let task: String
    /// Costs by configuration and epoch; infinite from the first epoch on that is not finite.
    let costs: [[Double]]
    /// Other losses of each, which sweepd's own files have; empty where there are none.
    let losses: [[Metric: [Double]]]
    let epochs: Int
    /// The middle cost before training, of a file with a column `e0`; nil where nothing tells it.
    let start: Double?
    /// Curves that were left out because they end before the last epoch.
    let unfinished: Int

    /// Reads a CSV file, also packed by gzip: one row a configuration with columns `e1`, `e2`, … (and `split`, of which
    /// `valid` is taken), or what `sweepd curves --format csv` writes.
    init(path: String, objective: Objective) throws {
        let bytes: [UInt8]
        do { bytes = try FileBytes.read(path: path, name: path) } catch { throw CommandFailure(.badInput, "\(error)") }
        var lines = bytes.split(separator: 10).map { line in
            line.split(separator: 44, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        }
        guard lines.count > 1 else { throw CommandFailure(.badInput, "\(path): no curves: allowed a header and rows") }
        let header = lines.removeFirst().map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        var name = (path as NSString).lastPathComponent
        for ending in [".gz", ".csv"] where name.hasSuffix(ending) { name = String(name.dropLast(ending.count)) }
        var curves: [[Double]]
        var others: [[Metric: [Double]]] = []
        start =
            header.firstIndex(of: "e0").flatMap { column in
                Quantiles.median(
                    lines.compactMap { $0.indices.contains(column) ? Double($0[column]) : nil }.filter(\.isFinite)
                )
            }
        if header.contains("e1") {
            curves = try Self.wide(path, header, lines, objective)
        } else if header.contains("trial"), header.contains("epoch") {
            curves = try Self.long(path, header, lines, objective)
            let names = [Metric.trainingLoss, .probeLoss, .validationLoss].filter { metric in
                metric != objective.metric && header.contains(metric.rawValue)
            }
            let read = try names.map { metric in
                (metric, try Self.long(path, header, lines, Objective(metric: metric)))
            }
            others = curves.indices.map { index in
                Dictionary(uniqueKeysWithValues: read.map { ($0.0, $0.1[index]) })
            }
        } else {
            throw CommandFailure(
                .badInput,
                "\(path):1:1: not a file of curves: allowed columns e1, e2, …, or trial, epoch and metrics"
            )
        }
        // After its first epoch without a number a trial is lost.
        for index in curves.indices {
            guard let lost = curves[index].firstIndex(where: { !$0.isFinite }) else { continue }
            for epoch in lost..<curves[index].count { curves[index][epoch] = .infinity }
        }
        let longest = curves.map(\.count).max() ?? 0
        for index in curves.indices where curves[index].last == .infinity {
            while curves[index].count < longest { curves[index].append(.infinity) }
        }
        task = name
        epochs = longest
        let whole = curves.indices.filter { curves[$0].count == longest }
        costs = whole.map { curves[$0] }
        losses = others.isEmpty ? [] : whole.map { others[$0] }
        unfinished = curves.count - costs.count
        guard costs.count > 1, costs.contains(where: { $0.last ?? .infinity < .infinity }) else {
            throw CommandFailure(
                .badInput,
                "\(path): fewer than two curves come to the last epoch, or none with a number"
            )
        }
    }

    private static func wide(
        _ path: String,
        _ header: [String],
        _ lines: [[String]],
        _ objective: Objective
    ) throws -> [[Double]] {
        let split = header.firstIndex(of: "split")
        var columns: [Int] = []
        while let column = header.firstIndex(of: "e\(columns.count + 1)") { columns.append(column) }
        var curves: [[Double]] = []
        for (line, cells) in lines.enumerated() {
            if let split, cells.indices.contains(split), cells[split] != "valid" { continue }
            curves.append(
                try columns.map { column in
                    objective.cost(try number(cells, column, path, line: line + 2))
                }
            )
        }
        return curves
    }

    private static func long(
        _ path: String,
        _ header: [String],
        _ lines: [[String]],
        _ objective: Objective
    ) throws -> [[Double]] {
        let metric = objective.metric.rawValue
        guard let trial = header.firstIndex(of: "trial"), let epoch = header.firstIndex(of: "epoch"),
            let value = header.firstIndex(of: metric)
        else {
            throw CommandFailure(.badInput, "\(path):1:1: no column \(metric), found \(header.joined(separator: ", "))")
        }
        var curves: [(trial: String, costs: [Double])] = []
        for (line, cells) in lines.enumerated() {
            guard cells.indices.contains(trial), cells.indices.contains(epoch) else {
                throw CommandFailure(.badInput, "\(path):\(line + 2):1: too few cells: found \(cells.count)")
            }
            if curves.last?.trial != cells[trial] { curves.append((cells[trial], [])) }
            guard Int(cells[epoch]) == curves[curves.count - 1].costs.count + 1 else {
                throw CommandFailure(
                    .badInput,
                    "\(path):\(line + 2):1: a trial's epochs must follow one another from 1, found \(cells[epoch])"
                )
            }
            curves[curves.count - 1].costs.append(objective.cost(try number(cells, value, path, line: line + 2)))
        }
        return curves.map(\.costs)
    }

    private static func number(_ cells: [String], _ column: Int, _ path: String, line: Int) throws -> Double {
        guard cells.indices.contains(column) else {
            throw CommandFailure(.badInput, "\(path):\(line):1: too few cells: found \(cells.count)")
        }
        let text = cells[column].trimmingCharacters(in: .whitespacesAndNewlines)
        if text.isEmpty { return .nan }
        guard let value = Double(text) else {
            throw CommandFailure(.badInput, "\(path):\(line):\(column + 1): not a number: found \(text)")
        }
        return value
    }
}
