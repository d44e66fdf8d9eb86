package import KernelAPI

/// Why no kernels could be chosen.
package enum KernelSelectionError: Error, Equatable, CustomStringConvertible {
    /// No table has this name.
    case unknown(name: String, known: [String])
    /// The processor lacks instructions of the table with this name.
    case unsupported(name: String, available: [String])

    package var description: String {
        switch self {
        case .unknown(let name, let known):
            "no kernels are called '\(name)'; there are \(known.joined(separator: ", "))"
        case .unsupported(let name, let available):
            "this processor cannot run the '\(name)' kernels; it can run \(available.joined(separator: ", "))"
        }
    }
}

extension KernelTable {
    /// The tables this processor can run, the fastest last.
    package static var available: [KernelTable] { [.reference] }

    /// Chooses the fastest table the processor can run, or the one of the given name.
    ///
    /// - Parameter override: `v2`, `v3` or `v4`, usually from the environment; nil or empty to choose by the processor.
    package static func selected(override: String? = nil) throws(KernelSelectionError) -> KernelTable {
        .reference
    }
}
