package import CoreMetrics
import SweepMessaging

/// Counters, gauges and histograms of a process, and their text for Prometheus (exposition format 0.0.4).
///
/// A `MetricsFactory`, so that what measures knows swift-metrics alone. Labels of swift-metrics become metric names, with
/// underscores for what Prometheus does not allow; its dimensions become labels. Timers count seconds.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    private let help: [String: String]
    private let families = Locked<[String: Family]>([:])

    /// Upper bounds of the buckets of histograms of seconds: from a commit on a fast disk to a stall.
    ///
    /// A third of a decade apart, so that a quantile read off them is right within a factor of two.
    package static let secondsBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

    /// - Parameter help: what each metric says, by its name.
    package init(help: [String: String] = [:]) { self.help = help }

    /// All metrics, families by name and series by their labels: the same state gives the same bytes.
    package var text: String {
        families.withLock { families in
            var text = ""
            for (name, family) in families.sorted(by: { $0.key < $1.key }) {
                if let help = help[name] { text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n" }
                text += "# TYPE \(name) \(family.kind.rawValue)\n"
                for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                    series.write(name, labels, to: &text)
                }
            }
            return text
        }
    }

    private func series(_ label: String, _ dimensions: [(String, String)], _ kind: Kind) -> Series {
        let name = Self.name(label)
        let labels = dimensions.sorted { $0.0 < $1.0 }
            .map { "\(Self.name($0.0))=\"\(Self.escaped($0.1, quotes: true))\"" }.joined(separator: ",")
        return families.withLock { families in
            // A second kind under one name would make the whole text unreadable: it measures, and is not shown.
            if let family = families[name], family.kind != kind { return Series(kind) }
            if let known = families[name]?.series[labels] { return known }
            let series = Series(kind)
            families[name, default: Family(kind: kind)].series[labels] = series
            return series
        }
    }

    /// The text as a name: letters, digits, underscores and colons, the first no digit.
    static func name(_ text: String) -> String {
        var name = String(
            text.map { letter in
                letter.isASCII && (letter.isLetter || letter.isNumber || letter == "_" || letter == ":") ? letter : "_"
            }
        )
        if name.isEmpty || name.first?.isNumber == true { name = "_" + name }
        return name
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        let text = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? text.replacing("\"", with: "\\\"") : text
    }

    enum Kind: String { case counter, gauge, histogram }

    private struct Family {
        let kind: Kind
        var series: [String: Series] = [:]
    }
}

// MARK: - swift-metrics

extension PrometheusRegistry {
    /// A counter; its name should end in `_total`.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter)
    }

    /// A counter of parts.
    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter)
    }

    /// A gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge)
    }

    /// A histogram with buckets of seconds, or a gauge when nothing is to be aggregated.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, aggregate ? .histogram : .gauge)
    }

    /// A histogram of seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram)
    }

    // A counter that vanishes would be a reset to whoever reads it.

    /// Keeps what was counted.
    package func destroyCounter(_ handler: any CounterHandler) {}
    /// Keeps what was counted.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Keeps what was counted.
    package func destroyMeter(_ handler: any MeterHandler) {}
    /// Keeps what was counted.
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Keeps what was counted.
    package func destroyTimer(_ handler: any TimerHandler) {}
}

/// One line of a family, or the lines of one histogram.
final class Series: Sendable {
    private struct State {
        var value = 0.0
        var count = 0
        var buckets: [Int]
    }

    private let kind: PrometheusRegistry.Kind
    private let state: Locked<State>

    init(_ kind: PrometheusRegistry.Kind) {
        self.kind = kind
        let buckets = kind == .histogram ? PrometheusRegistry.secondsBuckets.count : 0
        state = Locked(State(buckets: [Int](repeating: 0, count: buckets)))
    }

    fileprivate func add(_ amount: Double) { state.withLock { $0.value += amount } }
    fileprivate func put(_ value: Double) { state.withLock { $0.value = value } }

    fileprivate func observe(_ value: Double) {
        guard kind == .histogram else { return put(value) }
        let bucket = PrometheusRegistry.secondsBuckets.firstIndex { value <= $0 }
        state.withLock { state in
            state.value += value
            state.count += 1
            if let bucket { state.buckets[bucket] += 1 }
        }
    }

    fileprivate func write(_ name: String, _ labels: String, to text: inout String) {
        let state = state.withLock { $0 }
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        guard kind == .histogram else {
            text += "\(name)\(braced) \(Self.number(state.value))\n"
            return
        }
        let lead = labels.isEmpty ? "" : labels + ","
        var sum = 0
        for (bound, count) in zip(PrometheusRegistry.secondsBuckets, state.buckets) {
            sum += count
            text += "\(name)_bucket{\(lead)le=\"\(Self.number(bound))\"} \(sum)\n"
        }
        text += "\(name)_bucket{\(lead)le=\"+Inf\"} \(state.count)\n"
        text += "\(name)_sum\(braced) \(Self.number(state.value))\n"
        text += "\(name)_count\(braced) \(state.count)\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }
}

extension Series: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func reset() { put(0) }
    func set(_ value: Int64) { put(Double(value)) }
    func set(_ value: Double) { put(value) }
    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }
    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1e9) }
}
