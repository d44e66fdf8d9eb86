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
    /// Nothing of a sweep stays that could not be brought whole: what was made is deleted again. A sweep that the experiment has
    /// is not brought again. `progress` is told of trials brought. Returns the parent's run id.
    package func keep(
        _ history: SweepHistory,
        state: String,
        experiment: String,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(MLflowError) -> String {
        let place = try await self.experiment(experiment)
        if let run = try await existing(history.curves.sweep, in: place) {
            throw MLflowError(
                "experiment \(experiment) has the sweep \(history.curves.sweep) already, as run \(run): delete that run, or name another experiment"
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
            return parentID
        } catch {
            for id in made { _ = try? await post("runs/delete", [JSONMember("run_id", .text(id))]) }
            throw error
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

    /// The run of the sweep that is there from before; nil when there is none.
    private func existing(_ sweep: String, in experiment: String) async throws(MLflowError) -> String? {
        let quoted = sweep.replacing("'", with: "\\'")
        let found = try await post(
            "runs/search",
            [
                JSONMember("experiment_ids", .array([.text(experiment)])),
                JSONMember("filter", .text("tags.`sweepd.sweep` = '\(quoted)' and tags.`sweepd.role` = 'sweep'")),
                JSONMember("max_results", .integer(1)),
            ]
        )
        guard case .array(let runs)? = found["runs"], case .text(let id)? = runs.first?["info"]?["run_id"] else {
            return nil
        }
        return id
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
