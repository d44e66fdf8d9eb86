import ArgumentParser
import SweepCore
import SweepData
import SweepNodeCommands
import SweepReports
import SweepSpec

/// `sweepd enqueue SWEEP NAME=VALUE …`.
struct EnqueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Try configurations of your own next, before what the search of a running sweep proposes.",
        discussion: """
            A parameter is called by its path or the end of it, as in search.try_first of a sweep file; those that are not named \
            are drawn. Each configuration takes one of the trials that are not begun. All of them are taken, or none.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @Argument(
        help: ArgumentHelp("Values of one configuration, as in learning_rate=0.01 layers=2.", valueName: "name=value")
    )
    var values: [String] = []
    @Option(
        name: .customLong("json"),
        help: ArgumentHelp(
            "A JSON file with configurations in the place of one on the command line: {\"NAME\": VALUE, …}, or a list of such.",
            valueName: "file"
        )
    )
    var file: String?
    @Flag(help: "Give the sweep as many trials more as these take; a finished one goes on.") var more = false
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func run() async throws {
        guard values.isEmpty != (file == nil) else {
            throw CommandFailure(
                .badInput,
                values.isEmpty
                    ? "nothing is to be tried: give NAME=VALUE, as in learning_rate=0.01, or --json FILE"
                    : "NAME=VALUE and --json: give one of them"
            )
        }
        let configurations = try file.map { try Self.configurations(of: $0) } ?? .list([assigned()])
        let request = EnqueueRequest(configurations: configurations, addsTrials: more)
        Terminal.show(try await location.ask { try await $0.enqueue(sweep: sweep, request) }, format)
    }

    /// The configuration of the command line; every argument that is wrong is told.
    private func assigned() throws -> SpecNode {
        do throws(AssignedValues.Faults) { return try AssignedValues(values).node } catch {
            throw CommandFailure(.badInput, error.sentences)
        }
    }

    /// The configurations of a file: one, or a list.
    private static func configurations(of file: String) throws -> SpecNode {
        let limits = FileBytes.Limits(stored: EnqueueRequest.bodyLimit, unpacked: EnqueueRequest.bodyLimit)
        let bytes: [UInt8]
        do { bytes = try FileBytes.read(path: file, name: file, limits: limits) } catch {
            throw CommandFailure(.badInput, "\(error)")
        }
        let node: SpecNode
        do { node = try SpecNode(DocumentReader(JSONValue(parsing: bytes, limits: EnqueueRequest.limits))) } catch {
            throw CommandFailure(.badInput, "\(file): \(error)")
        }
        if case .map = node { return .list([node]) }
        return node
    }
}
