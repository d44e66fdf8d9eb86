import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import SweepReports

/// Why a sweep could not be brought to an MLflow server.
package struct MLflowError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// An MLflow tracking server, by its REST interface, version 2.0 of the paths, which MLflow 1 to 3 serve.
package struct MLflowServer: Sendable {
    /// Without a slash at its end.
    private let url: String
    /// The value of the header `Authorization`; nil: none.
    private let authorization: String?
    private let client: HTTPClient

    /// How long one request may take: a batch of 1000 metrics takes a busy server with a database seconds.
    private static let timeout = TimeAmount.seconds(60)
    private static let connecting = TimeAmount.seconds(10)
    private static let longestAnswer = 16 << 20

    package init(url: String, authorization: String? = nil) {
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url
        self.authorization = authorization
        var configuration = HTTPClient.Configuration(timeout: .init(connect: Self.connecting))
        // A server that is not there is told of at once: nobody waits for it to come.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lets go of the connections; must be the last thing that is asked of it.
    package func close() async { try? await client.shutdown() }

    /// Makes a run for the sweep and one for each trial, nested in it, in `experiment`, which is made when it is not there.
    ///
    /// Nothing of a sweep stays that could not be brought whole: what was made is deleted again, or by the next call where this one
    /// was ended or the server was gone. A sweep that the experiment has whole is not brought again. `progress` is told of trials brought. Returns the parent's run id.
    package func keep(
        _ history: SweepHistory,
        state: String,
        experiment: String,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(MLflowError) -> String {
        let place = try await self.experiment(experiment)
        for run in try await existing(history.curves.sweep, in: place) {
            guard run.isWhole else {
                try await delete(run.id, in: place)
                continue
            }
            throw MLflowError(
                "experiment \(experiment) has the sweep \(history.curves.sweep) already, as run \(run.id): delete that run, or name another experiment"
            )
        }
        var made: [String] = []
        do {
            let parent = history.mlflowParent(state: state)
            let parentID = try await begin(parent, in: place, within: nil)
            made.append(parentID)
            let names = history.names
            for (index, trial) in history.curves.trials.enumerated() {
                let run = history.mlflowRun(of: trial, names: names)
                let id = try await begin(run, in: place, within: parentID)
                made.append(id)
                try await end(run, id)
                progress(index + 1)
            }
            try await end(parent, parentID)
            _ = try await post(
                "runs/set-tag",
                [
                    JSONMember("run_id", .text(parentID)), JSONMember("key", .text(Self.whole)),
                    JSONMember("value", .text("true")),
                ]
            )
            return parentID
        } catch {
            // The parent last: by it the next call finds what is left.
            var left = made.count
            for id in made.reversed() {
                do { try await delete(run: id) } catch { break }
                left -= 1
            }
            guard left > 0 else { throw error }
            throw MLflowError(
                "\(error.description); \(left) runs are left there, which the same command takes away first"
            )
        }
    }

    private func experiment(_ name: String) async throws(MLflowError) -> String {
        let query = "experiments/get-by-name?experiment_name=\(Self.escaped(name))"
        let (status, found) = try await request(query, body: nil)
        if status == 200 {
            guard case .text(let id)? = found["experiment"]?["experiment_id"] else {
                throw unlike("experiments/get-by-name")
            }
            if case .text("deleted")? = found["experiment"]?["lifecycle_stage"] {
                throw MLflowError("\(url): experiment \(name) is deleted there; restore it, or name another")
            }
            return id
        }
        guard status == 404, case .text("RESOURCE_DOES_NOT_EXIST")? = found["error_code"] else {
            throw failure("experiments/get-by-name", status, found)
        }
        let made = try await post("experiments/create", [JSONMember("name", .text(name))])
        guard case .text(let id)? = made["experiment_id"] else { throw unlike("experiments/create") }
        return id
    }

    /// The tag of a run of a sweep that was brought to its end.
    private static let whole = "sweepd.whole"

    private func delete(run id: String) async throws(MLflowError) {
        _ = try await post("runs/delete", [JSONMember("run_id", .text(id))])
    }

    /// Deletes a run with those that are nested in it.
    private func delete(_ parent: String, in experiment: String) async throws(MLflowError) {
        while true {
            let found = try await search("tags.`mlflow.parentRunId` = '\(parent)'", in: experiment)
            if found.isEmpty { break }
            for run in found { try await delete(run: run.id) }
        }
        try await delete(run: parent)
    }

    /// The runs of the sweep that are there from before, and whether each was brought to its end.
    private func existing(_ sweep: String, in experiment: String) async throws(MLflowError)
        -> [(id: String, isWhole: Bool)]
    {
        let quoted = sweep.replacing("'", with: "\\'")
        return try await search("tags.`sweepd.sweep` = '\(quoted)' and tags.`sweepd.role` = 'sweep'", in: experiment)
    }

    /// At most a thousand runs that a filter lets through.
    private func search(_ filter: String, in experiment: String) async throws(MLflowError)
        -> [(id: String, isWhole: Bool)]
    {
        let found = try await post(
            "runs/search",
            [
                JSONMember("experiment_ids", .array([.text(experiment)])), JSONMember("filter", .text(filter)),
                JSONMember("max_results", .integer(1000)),
            ]
        )
        guard case .array(let runs)? = found["runs"] else { return [] }
        return runs.compactMap { run in
            guard case .text(let id)? = run["info"]?["run_id"] else { return nil }
            let tags: [JSONValue] = if case .array(let tags)? = run["data"]?["tags"] { tags } else { [] }
            return (id, tags.contains { $0["key"] == .text(Self.whole) })
        }
    }

    private func begin(_ run: MLflowRun, in experiment: String, within parent: String?) async throws(MLflowError)
        -> String
    {
        let tags = run.tags + (parent.map { [(key: "mlflow.parentRunId", value: $0)] } ?? [])
        let made = try await post(
            "runs/create",
            [
                JSONMember("experiment_id", .text(experiment)), JSONMember("run_name", .text(run.name)),
                JSONMember("start_time", .integer(Int(run.began))),
                JSONMember(
                    "tags",
                    .array(
                        tags.map { .object([JSONMember("key", .text($0.key)), JSONMember("value", .text($0.value))]) }
                    )
                ),
            ]
        )
        guard case .text(let id)? = made["run"]?["info"]?["run_id"] else { throw unlike("runs/create") }
        return id
    }

    private func end(_ run: MLflowRun, _ id: String) async throws(MLflowError) {
        let name = [JSONMember("run_id", .text(id))]
        for batch in run.batches { _ = try await post("runs/log-batch", name + batch) }
        let times = run.status == "RUNNING" ? [] : [JSONMember("end_time", .integer(Int(run.ended)))]
        _ = try await post("runs/update", name + [JSONMember("status", .text(run.status))] + times)
    }

    // MARK: Requests

    private func post(_ path: String, _ body: [JSONMember]) async throws(MLflowError) -> JSONValue {
        let (status, answer) = try await request(path, body: .object(body))
        guard status == 200 else { throw failure(path, status, answer) }
        return answer
    }

    /// Asks with GET, or with POST where there is a body.
    private func request(
        _ path: String,
        body: JSONValue?
    ) async throws(MLflowError) -> (status: Int, answer: JSONValue) {
        var request = HTTPClientRequest(url: "\(url)/api/2.0/mlflow/\(path)")
        request.method = body == nil ? .GET : .POST
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let status: Int
        let text: [UInt8]
        do {
            let response = try await client.execute(request, timeout: Self.timeout)
            status = Int(response.status.code)
            text = Array(try await response.body.collect(upTo: Self.longestAnswer).readableBytesView)
        } catch let error as NIOConnectionError {
            throw MLflowError("\(url): nobody answers: \(error.connectionErrors.first?.error ?? error)")
        } catch { throw MLflowError("\(url): \(error)") }
        let answer: JSONValue
        do { answer = try JSONValue(parsing: text) } catch {
            guard status != 200 else { throw unlike(path) }
            return (status, .null)
        }
        return (status, answer)
    }

    private func failure(_ path: String, _ status: Int, _ answer: JSONValue) -> MLflowError {
        guard case .text(let message)? = answer["message"] else {
            let hint =
                status == 401 || status == 403
                ? ": MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD, say who asks" : ""
            return MLflowError("\(url): \(path) was answered with status \(status)\(hint)")
        }
        return MLflowError("\(url): \(path): \(message)")
    }

    private func unlike(_ path: String) -> MLflowError {
        MLflowError("\(url): the answer to \(path) is not one of an MLflow tracking server")
    }

    /// Everything but letters, digits and `-._~` as %XX, as RFC 3986 wants it in a query.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                return String(character)
            }
            let hex = String(byte, radix: 16, uppercase: true)
            return "%" + (hex.count < 2 ? "0" : "") + hex
        }.joined()
    }
}
