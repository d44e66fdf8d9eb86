import ArgumentParser
import SweepCoordinator
import SweepNodeCommands
import SweepReports
import SweepStore

/// `sweepd store`: look after a coordinator's directory.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Verify a coordinator's directory, or copy it; while it runs or when it is stopped.",
        subcommands: [Check.self, Backup.self]
    )

    /// `sweepd store check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read everything and compare: the database, every journal entry, every object.",
            discussion: "Exit code 0 when the store is sound, 1 when something is wrong: each thing is a line."
        )

        @Option(help: "The coordinator's directory.")
        var directory: String

        @Option(help: "table or json.")
        var format: ListCommand.Format = .table

        func run() throws {
            let check = try storing(directory) { try StoreCheck(directory: directory) }
            switch format {
            case .table:
                Terminal.output(check.isSound ? "\(directory) is sound: \(check.summary)" : check.summary)
                if !check.isSound { throw CommandFailure(.failed, check.problems.map { "\(directory): \($0)" }) }
            case .json:
                Terminal.output(check.json.text(pretty: true))
                if !check.isSound { throw CommandFailure(.failed, "\(directory) is not sound") }
            }
        }
    }

    /// `sweepd store backup`.
    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy the store as it is at one moment; a coordinator that runs goes on.",
            discussion: """
                The copy holds the journal and the objects that it needs, not the keys. A coordinator started on it goes on from \
                that moment.
                """
        )

        @Option(help: "The coordinator's directory.")
        var directory: String

        @Argument(help: "The directory to make; an empty one is taken.")
        var target: String

        func run() throws {
            let backup = try storing(directory) { try StoreBackup(of: directory, to: target) }
            Terminal.output(
                "\(target): the journal up to entry \(backup.lastSequence), \(backup.objects) objects, \(backup.bytes) bytes"
            )
        }
    }
}

extension StoreCheck {
    /// What was looked through, in one line.
    fileprivate var summary: String {
        """
        \(entries) entries with \(facts) facts in \(journalBytes) bytes; \(sweeps) sweeps, \(trials) trials; \
        \(snapshotSequence.map { "a snapshot at entry \($0) in \(snapshotBytes) bytes, \(snapshotCurves) curves" } ?? "no snapshot of this version"); \
        \(usage.objects) objects in \(usage.bytes) bytes, \(unneeded) of them not needed; \
        \(usage.uploads) uploads not ended, \(usage.uploadBytes) bytes
        """
    }

    /// `{"sound", "problems", "entries", "facts", "journal_bytes", "snapshot_entry", "snapshot_bytes", "snapshot_curves", "sweeps",
    /// "trials", "objects", "object_bytes", "unneeded_objects", "uploads", "upload_bytes"}`.
    fileprivate var json: JSONValue {
        .object([
            JSONMember("sound", .boolean(isSound)),
            JSONMember("problems", .array(problems.map { .text($0) })),
            JSONMember("entries", .integer(entries)),
            JSONMember("facts", .integer(facts)),
            JSONMember("journal_bytes", .integer(journalBytes)),
            JSONMember("snapshot_entry", snapshotSequence.map { JSONValue.integer($0) } ?? .null),
            JSONMember("snapshot_bytes", .integer(snapshotBytes)),
            JSONMember("snapshot_curves", .integer(snapshotCurves)),
            JSONMember("sweeps", .integer(sweeps)),
            JSONMember("trials", .integer(trials)),
            JSONMember("objects", .integer(usage.objects)),
            JSONMember("object_bytes", .integer(usage.bytes)),
            JSONMember("unneeded_objects", .integer(unneeded)),
            JSONMember("uploads", .integer(usage.uploads)),
            JSONMember("upload_bytes", .integer(usage.uploadBytes)),
        ])
    }
}

/// Runs `body`; what is wrong with the store becomes a failure of the command.
private func storing<Value>(_ directory: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as StoreError { throw CommandFailure(error) } catch {
        throw CommandFailure(.failed, "\(directory): \(error)")
    }
}
