import CCPU
package import KernelAPI
import KernelsV2

#if arch(x86_64)
    import KernelsV3
    import KernelsV4
#endif

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
    ///
    /// On x86-64 the first is the baseline, which has no fused multiply-add instruction and calls the C library's
    /// function for each: the same bits as the others, about a hundred times slower.
    package static let available: [KernelTable] = {
        let level = Int(ccpu_x86_64_level())
        return all.filter { $0.level <= level }.map { $0.make() }
    }()

    /// Chooses the fastest table the processor can run, or the one of the given name.
    ///
    /// - Parameters:
    ///   - override: a table's name (`v2`, `v3`, `v4`; on arm64 `neon`), usually from the environment; nil or empty to
    ///     choose by the processor.
    ///   - tables: the tables that can run, the fastest last; not empty.
    package static func selected(
        override: String? = nil,
        among tables: [KernelTable] = available
    ) throws(KernelSelectionError) -> KernelTable {
        guard let name = override, !name.isEmpty else { return tables[tables.count - 1] }
        if let table = tables.first(where: { $0.name == name }) { return table }
        let known = all.map(\.name)
        guard known.contains(name) else { throw .unknown(name: name, known: known) }
        throw .unsupported(name: name, available: tables.map(\.name))
    }

    /// Every table of this program with the x86-64 level it needs, the lowest first.
    ///
    /// A table is made only for a processor of its level: the code that makes it already uses its instructions.
    private static let all: [(name: String, level: Int, make: @Sendable () -> KernelTable)] = {
        #if arch(x86_64)
            [("v2", 2, { KernelsV2.kernels }), ("v3", 3, { KernelsV3.kernels }), ("v4", 4, { KernelsV4.kernels })]
        #else
            [("neon", 0, { KernelsV2.kernels })]
        #endif
    }()
}
