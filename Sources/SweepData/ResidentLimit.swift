internal import Glibc

/// How much of a data set is held in the process's own memory, and from where on in a file without a name, mapped.
package enum ResidentLimit {
    /// Bytes of a data file's content, of the cells read from it, and of its packed form, each: 256 MiB, or what
    /// `SWEEPD_RESIDENT` says, a number of MiB.
    ///
    /// Some of them are there at the same time, so a data set takes about three times as much at most, beside what each row
    /// costs. Where memory suffices a mapped file is hardly slower: its pages stay in memory until others are needed more.
    package static let bytes = given ?? 256 << 20

    /// Bytes of prepared rows, which steps read in random order: 1 GiB, as several slots share them, or what
    /// `SWEEPD_RESIDENT` says.
    package static let preparedBytes = given ?? 1 << 30

    /// The environment's name for it.
    package static let variable = "SWEEPD_RESIDENT"

    /// The bytes that a text says, a number of MiB from 0 to 2^20.
    package static func read(_ text: String) throws(WrongResidentLimit) -> Int {
        guard let number = Int(text), number >= 0, number <= 1 << 20 else { throw WrongResidentLimit(found: text) }
        return number << 20
    }

    /// Commands refuse one that cannot be read before they begin.
    private static let given: Int? = getenv(variable).flatMap { text -> Int? in try? read(String(cString: text)) }
}

/// `SWEEPD_RESIDENT` says what is no number of MiB.
package struct WrongResidentLimit: Error, Hashable, Sendable, CustomStringConvertible {
    package let found: String

    package var description: String {
        "\(ResidentLimit.variable): found \(found), allowed a number of MiB from 0 to 1048576"
    }
}
