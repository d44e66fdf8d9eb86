import SweepCoordination
import SweepCoordinator
import SweepReports
import SweepStore
import SweepTestKit
import Testing

@Suite struct StoredSweepsTests {
    @Test func `whose directory is held is not told that its coordinator is to be started`() throws {
        var harness = CoreHarness()
        _ = harness.submit(SampleSweep())
        let sample = try StoreSample([harness.facts])
        let stored = try StoredSweeps(directory: sample.path)
        let directory = sample.path
        #expect(
            stored.stopped.message
                == "\(directory): its coordinator is not running; `sweepd coordinator --directory \(directory)` starts it"
        )
        let running = try Store.open(directory: directory, mode: .readWrite)
        #expect(
            stored.stopped.message == "\(directory): its coordinator starts or ends, and has no port open; try again"
        )
        withExtendedLifetime((running, sample)) {}
    }
}
