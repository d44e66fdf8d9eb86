import ArgumentParser
import SweepNodeCommands
import SweepReports

/// `sweepd schema`.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "The sweep file as a JSON Schema, by which editors complete and underline.",
        discussion: """
            Keep it beside your sweep files (sweepd schema > sweepd.schema.json) and begin them with \
            `# yaml-language-server: $schema=sweepd.schema.json`. It helps while you write; what is right is for \
            sweepd validate to say, which knows the data too.
            """
    )

    func run() { Terminal.output(SweepFileSchema.document.text()) }
}
