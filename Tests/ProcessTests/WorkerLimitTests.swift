import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct WorkerLimitTests {
        @Test func `a worker that may have few open files starts its training process, which says what it lacks`()
            async throws
        {
            try await Bench.run { bench in
                let port = try BoundPort()
                let worker = "worker --connect tcp://127.0.0.1:\(port.number) --patience 0 --slots 1 --calibrate 0"
                let run = try await bench.run(["sh", "-c", "ulimit -n 64; exec \(Program.sweepd.path) \(worker)"])
                try #require(run.status == 3 && run.errors.contains("no coordinator answers"), "\(run.errors)")
            }
        }
    }
}
