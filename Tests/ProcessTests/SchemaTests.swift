import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// The sweep file's JSON Schema, by a validator of somebody else's.
    @Suite struct SchemaTests {
        @Test(
            .enabled(
                if: Program.python != nil,
                "SKIPPED: the validator needs SWEEPD_PYTHON with Tests/requirements.txt"
            )
        )
        func `all examples fit the schema, wrong files do not, and it has the program's keys`() async throws {
            let python = try #require(Program.python)
            let script = Program.root.appending(path: "Tests/ProcessTests/Python/check_schema.py").path
            try await Bench.run { bench in
                let child = try await bench.run([python.path, script, Program.sweepd.path, Program.root.path])
                try #require(child.status == 0, "\(child.output)\(child.errors)")
                try #require(child.output.contains("sections have the program's keys"))
            }
        }
    }
}
