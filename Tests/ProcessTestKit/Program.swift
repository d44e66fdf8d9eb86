package import Foundation
package import Testing

/// The program under test and the files of the package around it.
package enum Program {
    /// The package's folder.
    package static let root = URL(filePath: "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/"))

    /// The release program: the one that SWEEPD_BINARY names, else the one that `make build` makes.
    package static let sweepd =
        environment("SWEEPD_BINARY").map { URL(filePath: $0) }
        ?? root.appending(path: ".build/release/sweepd")

    /// A Python with pyzmq and protobuf; nil when nobody names one.
    package static let python = environment("SWEEPD_PYTHON").map { URL(filePath: $0) }
        .flatMap { FileManager.default.isExecutableFile(atPath: $0.path) ? $0 : nil }

    package static let isThere = FileManager.default.isExecutableFile(atPath: sweepd.path)

    package static let requirement: Comment =
        "SKIPPED: there is no sweepd to test; make build makes one, SWEEPD_BINARY names another"

    package static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether a command of this name is on the path.
    package static func has(_ command: String) -> Bool {
        let folders = (environment("PATH") ?? "").split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + command) }
    }
}
