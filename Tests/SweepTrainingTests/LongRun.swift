import Glibc
import KernelAPI
import SweepKernels
import Testing

/// Runs whose thousandth step has a recorded digest, too.
struct LongRun: Sendable, CustomTestStringConvertible {
    let bitCase: BitCase
    /// Of all weights after `steps` steps.
    let digest: UInt64

    static let steps = 1000

    var testDescription: String { bitCase.testDescription }

    static let all = [
        LongRun(bitCase: BitCase.perceptrons[0], digest: 0x1480_6a98_b6ea_760c),
        LongRun(bitCase: BitCase.images[0], digest: 0xead5_0ab7_9c8a_5705),
    ]

    /// Every table that this processor can run, and the plain loops that judge them.
    static let tables = KernelTable.available.map(\.name) + ["reference"]

    /// The reference and the table without fused multiply-add take a minute: `make digests-long` asks for them.
    static var isAskedFor: Bool { getenv("SWEEPD_LONG_DIGESTS") != nil }

    static func table(_ name: String) throws -> KernelTable {
        guard name != "reference" else { return .reference }
        return try .selected(override: name)
    }
}
