package import ArgumentParser

/// The root command of `sweepd-worker`: what a node needs, by the very words of `sweepd`.
package struct NodeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sweepd-worker",
        abstract: "The node's part of sweepd: train the trials of a coordinator.",
        discussion: """
            It takes the words of sweepd, so that it can stand in its place on a node. Everything else (coordinator, \
            sweeps, tables, the page) is in sweepd itself.
            """,
        version: SoftwareVersion.current,
        subcommands: [WorkerCommand.self, JoinCommand.self, NodeKeysCommand.self, DoctorCommand.self]
    )

    package init() {}
}
