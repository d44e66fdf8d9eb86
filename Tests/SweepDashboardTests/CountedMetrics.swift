import CoreMetrics
import Synchronization

/// Keeps what was counted, by name and labels: `name{a=1,b=2}`.
final class CountedMetrics: MetricsFactory, Sendable {
    private let values = Mutex<[String: Double]>([:])

    /// A counter or gauge, or how many times something was recorded; nil for what was never made.
    subscript(name: String) -> Double? { values.withLock { $0[name] } }

    /// All names, with their labels.
    var names: Set<String> { values.withLock { Set($0.keys) } }

    private func line(_ label: String, _ dimensions: [(String, String)]) -> Line {
        let labels = dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
        let name = labels.isEmpty ? label : "\(label){\(labels)}"
        values.withLock { $0[name, default: 0] += 0 }
        return Line { [self] change in values.withLock { change(&$0[name, default: 0]) } }
    }

    private final class Line: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
        private let change: @Sendable ((inout Double) -> Void) -> Void

        init(_ change: @escaping @Sendable ((inout Double) -> Void) -> Void) { self.change = change }

        func increment(by amount: Int64) { change { $0 += Double(amount) } }
        func increment(by amount: Double) { change { $0 += amount } }
        func decrement(by amount: Double) { change { $0 -= amount } }
        func reset() { change { $0 = 0 } }
        func set(_ value: Int64) { change { $0 = Double(value) } }
        func set(_ value: Double) { change { $0 = value } }
        func record(_ value: Int64) { change { $0 += 1 } }
        func record(_ value: Double) { change { $0 += 1 } }
        func recordNanoseconds(_ duration: Int64) { change { $0 += 1 } }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { line(label, dimensions) }
    func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler { line(label, dimensions) }
    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { line(label, dimensions) }
    func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler { line(label, dimensions) }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { line(label, dimensions) }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
