import CoreMetrics
import Foundation
import Logging
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct MetricsTests {
    @Test func `counters, gauges and histograms come as Prometheus reads them`() throws {
        let registry = PrometheusRegistry(help: ["things_total": "Things, with a \\ and\na break."])
        Counter(label: "things_total", dimensions: [("kind", "a")], factory: registry).increment(by: 3)
        Counter(label: "things_total", dimensions: [("kind", "a")], factory: registry).increment()
        Counter(label: "things_total", dimensions: [("kind", "b \"x\"\\\n")], factory: registry).increment()
        Meter(label: "level", factory: registry).set(-2.5)
        let timer = Timer(label: "wait_seconds", factory: registry)
        for milliseconds in [0.4, 3, 3, 700, 20_000] { timer.recordNanoseconds(Int64(milliseconds * 1e6)) }

        let text = try PrometheusText(registry.text)
        #expect(text["things_total", ["kind": "a"]] == 4)
        #expect(text["things_total", ["kind": "b \"x\"\\\n"]] == 1)
        #expect(text.help["things_total"] == "Things, with a \\\\ and\\na break.")
        #expect(text.types == ["things_total": "counter", "level": "gauge", "wait_seconds": "histogram"])
        #expect(text["level", [:]] == -2.5)
        #expect(text["wait_seconds_count", [:]] == 5)
        #expect(abs((text["wait_seconds_sum", [:]] ?? 0) - 20.7064) < 1e-9)
        #expect(text["wait_seconds_bucket", ["le": "0.0005"]] == 1)
        #expect(text["wait_seconds_bucket", ["le": "0.005"]] == 3)
        #expect(text["wait_seconds_bucket", ["le": "1"]] == 4)
        #expect(text["wait_seconds_bucket", ["le": "10"]] == 4)
        #expect(text["wait_seconds_bucket", ["le": "+Inf"]] == 5)
        // Buckets only grow.
        let buckets = text.samples.filter { $0.name == "wait_seconds_bucket" }.map(\.value)
        #expect(buckets == buckets.sorted())
    }

    @Test func `names of other libraries are made fit, and a second kind of a name spoils nothing`() throws {
        let registry = PrometheusRegistry()
        Counter(label: "http.requests-total", factory: registry).increment()
        Counter(label: "9lives", factory: registry).increment()
        Meter(label: "9lives", factory: registry).set(7)
        let text = try PrometheusText(registry.text)
        #expect(text["http_requests_total", [:]] == 1)
        #expect(text["_9lives", [:]] == 1)
    }

    @Test func `many threads lose no count`() async throws {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "n_total", factory: registry)
                    for _ in 0..<1_000 { counter.increment() }
                }
            }
        }
        #expect(try PrometheusText(registry.text)["n_total", [:]] == 8_000)
    }

    @Test func `the parser refuses what Prometheus refuses`() {
        for wrong in [
            "a 1", "# TYPE a counter\na 1", "# TYPE a counter\na one\n", "# TYPE a counter\na{b=c} 1\n",
            "# TYPE a counter\na 1\na 2\n", "# TYPE a counter\n# TYPE a gauge\na 1\n", "# TYPE a-b counter\na-b 1\n",
            "a 1\n",
        ] {
            #expect(throws: PrometheusText.Mistake.self, "\(wrong)") { try PrometheusText(wrong) }
        }
    }

    @Test func `a coordinator's metrics all have a help text, and begin at 0`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sweepd-metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let registry = PrometheusRegistry(help: CoordinatorMetrics.help)
        let coordinator = try Coordinator(
            CoordinatorServiceOptions(directory: directory.path, listen: "tcp://127.0.0.1:*", coreVersion: "core-1"),
            metrics: CoordinatorMetrics(factory: registry),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        _ = try await coordinator.open()
        await coordinator.refreshGauges()
        let text = try PrometheusText(registry.text)
        await coordinator.close()
        #expect(Set(text.types.keys) == Set(CoordinatorMetrics.help.keys))
        #expect(Set(text.help.keys) == Set(text.types.keys))
        #expect(text.types.keys.allSatisfy { $0.hasPrefix("sweepd_") })
        #expect(text["sweepd_workers", ["connected": "yes"]] == 0)
        #expect(text["sweepd_lease_ends_total", ["end": "lapsed"]] == 0)
        for reason in BadPeers.Reason.allCases {
            #expect(text["sweepd_bad_peers_total", ["reason": reason.rawValue]] == 0)
        }
        for limit in KeyLimit.allCases {
            #expect(text["sweepd_key_limits_total", ["limit": limit.rawValue]] == 0)
        }
        for (name, type) in text.types { #expect((type == "counter") == name.hasSuffix("_total"), "\(name)") }
    }

    @Test func `facts are counted once each, by what they are`() throws {
        let registry = PrometheusRegistry()
        let metrics = CoordinatorMetrics(factory: registry)
        var harness = CoreHarness()
        var sample = SampleSweep()
        sample.prune = "none"
        sample.trials = 2
        sample.epochs = 3
        var first = harness.join("a")
        _ = harness.submit(sample)
        let lease = try #require(harness.assigned(to: first).first)
        harness.report(lease, 1...3, by: &first)
        // The other trial is given to a worker that falls silent, and again to the first.
        let silent = harness.join("silent")
        harness.end(lease, by: &first)
        for _ in 0..<10 {
            harness.wait(.seconds(1))
            harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: first)
            harness.give(.tick)
        }
        #expect(harness.core.workers[silent.id] == nil)
        for fact in harness.facts { metrics.count(fact) }
        let text = try PrometheusText(registry.text)
        let leased = harness.facts.count { if case .leased = $0 { true } else { false } }
        let lapsed = harness.facts.count { if case .leaseEnded(_, .lapsed) = $0 { true } else { false } }
        #expect(text["sweepd_attempts_total", [:]] == Double(leased))
        #expect(text["sweepd_lease_ends_total", ["end": "lapsed"]] == Double(lapsed))
        #expect(text["sweepd_epochs_total", [:]] == 3)
        #expect(text["sweepd_trial_ends_total", ["state": "completed"]] == 1)
        #expect((text["sweepd_retries_total", [:]] ?? 0) == Double(leased - 2))
    }
}
