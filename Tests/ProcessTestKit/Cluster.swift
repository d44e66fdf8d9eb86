import Foundation
import Glibc
import Testing

/// A coordinator in a folder of the bench, and what is asked of it.
package struct Coordinator: Sendable {
    package let bench: Bench
    package let child: Child
    package let directory: String
    package let endpoint: EndpointFile
    /// What every command needs to reach it.
    package let access: [String]
    /// What stands before every command, such as the host it runs on.
    package let prefix: [String]

    /// What a command prints that must succeed.
    package func text(_ arguments: [String]) async throws -> String {
        try await bench.run(prefix + ["sweepd"] + arguments + access, exits: 0).output
    }

    /// The same coordinator, asked with these keys, with `prefix` before each command.
    package func asked(with keys: [String], from prefix: [String] = []) -> Coordinator {
        Coordinator(
            bench: bench,
            child: child,
            directory: directory,
            endpoint: endpoint,
            access: ["--coordinator", endpoint.worker] + keys,
            prefix: prefix
        )
    }

    /// How the sweep is.
    package func status(_ sweep: String) async throws -> Status { try await .read(json(["status", sweep])) }

    /// The ranked table, without what may differ between two runs.
    package func stableRank(_ sweep: String) async throws -> String { try await json(["rank", sweep, "--stable"]) }

    package func rank(_ sweep: String) async throws -> Rank { try await .read(json(["rank", sweep])) }

    package func curves(_ sweep: String) async throws -> Curves { try await .read(json(["curves", sweep])) }

    private func json(_ arguments: [String]) async throws -> String {
        try await text(arguments + ["--format", "json"])
    }

    /// How the sweep is; nil when a command of another host did not reach the coordinator. Where a packet in twenty is lost, a
    /// connection in some hundreds takes longer than a command waits for it.
    private func reached(_ sweep: String) async throws -> Status? {
        let words = ["sweepd", "status", sweep, "--format", "json"]
        let child = try await bench.run(prefix + words + access)
        if child.status == 3, !prefix.isEmpty { return nil }
        try #require(child.status == 0, "\(child.command)\n\(child.errors)")
        return try .read(child.output)
    }

    /// Waits until the sweep's status satisfies `condition`; the last one is shown if it never does.
    @discardableResult
    package func wait(
        _ sweep: String,
        _ what: String,
        within seconds: Double = 60,
        until condition: (Status) -> Bool
    ) async throws -> Status {
        var last: Status?
        return try await bench.value(
            what,
            within: seconds,
            state: { "The last status: \(last.map { "\($0)" } ?? "none")" }
        ) {
            guard let status = try await reached(sweep) else { return nil }
            last = status
            return condition(status) ? status : nil
        }
    }

    /// Waits for the sweep's end and checks that each trial came to exactly one.
    @discardableResult
    package func finished(_ sweep: String, within seconds: Double = 60) async throws -> Status {
        let status = try await wait(sweep, "\(sweep) ends", within: seconds) {
            !["waiting", "running"].contains($0.state)
        }
        try #require(status.state == "finished")
        try #require(status.trials.ended == status.trials.total && status.trials.failed == 0, "\(status.trials)")
        return status
    }
}

extension Bench {
    /// Starts a coordinator and waits until it can be reached. Beats are quick, so that a loss is noticed in a second.
    package func coordinator(
        _ arguments: [String] = [],
        directory: String = "coordinator",
        listen: String = "tcp://127.0.0.1:*",
        heartbeat: Double = 0.2,
        prefix: [String] = []
    ) async throws -> Coordinator {
        let directory = path(directory)
        let child = try start(
            "coordinator",
            prefix + ["sweepd", "coordinator"] + arguments
                + [
                    "--listen", listen, "--http", "127.0.0.1:0", "--directory", directory, "--heartbeat",
                    "\(heartbeat)",
                ]
        )
        let endpoint = try await value("the coordinator can be reached", within: 20) { () -> EndpointFile? in
            guard let data = try? Data(contentsOf: URL(filePath: directory + "/endpoint.json")) else { return nil }
            let endpoint = try EndpointFile.read(String(decoding: data, as: UTF8.self))
            // A killed coordinator's file stays until the next one writes its own; the address for HTTP comes last.
            return endpoint.pid == child.pid && endpoint.http != nil ? endpoint : nil
        }
        return Coordinator(
            bench: self,
            child: child,
            directory: directory,
            endpoint: endpoint,
            access: ["--coordinator", endpoint.worker],
            prefix: []
        )
    }

    /// Starts a worker of `slots` slots.
    package func worker(
        _ name: String,
        of coordinator: Coordinator,
        slots: Int = 1,
        _ arguments: [String] = [],
        prefix: [String] = []
    ) throws -> Child {
        try start(
            name,
            prefix + ["sweepd", "worker", "--connect", coordinator.endpoint.worker, "--name", name]
                + ["--slots", "\(slots)"] + arguments
        )
    }

    /// Kills a process as a loss of power would.
    package func lose(_ child: Child) async throws {
        child.signal(SIGKILL)
        try await ended(child)
    }

    /// What a sweep of the package says when nothing disturbs it: the stable ranked table and the curves.
    package func undisturbed(
        _ file: String,
        slots: Int = 2,
        named sweep: String,
        within seconds: Double = 120
    ) async throws -> (rank: String, curves: Curves) {
        let directory = path("undisturbed-\(slots).sweepd")
        try await run(
            ["sweepd", "run", file, "--directory", directory, "--slots", "\(slots)"],
            exits: 0,
            within: seconds
        )
        let of = [sweep, "--directory", directory, "--format", "json"]
        let rank = try await run(["sweepd", "rank"] + of + ["--stable"], exits: 0).output
        let curves = try await run(["sweepd", "curves"] + of, exits: 0).output
        return (rank, try Curves.read(curves))
    }
}
