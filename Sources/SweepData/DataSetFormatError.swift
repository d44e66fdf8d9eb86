/// Why bytes are no data set in the packed form.
package enum DataSetFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// They do not start with the form's magic bytes.
    case notADataSet
    /// A version this build does not read.
    case unknownVersion(UInt32)
    /// They end before what their header promises, or go on after it.
    case wrongLength(found: Int, expected: UInt64)
    /// The checksum at the end is not that of the bytes.
    case damaged
    /// A field holds what no data set has.
    case invalid(String)
    /// There is no room for the features, which are too large for memory.
    case noRoom(NoRoom)

    package var description: String {
        switch self {
        case .notADataSet: "the bytes are not a packed data set"
        case .unknownVersion(let version):
            "the packed data set has version \(version); allowed: "
                + "\(PackedLayout.versions.lowerBound) to \(PackedLayout.versions.upperBound)"
        case .wrongLength(let found, let expected):
            "the packed data set has \(found) bytes, its header says \(expected)"
        case .damaged: "the packed data set is damaged: its checksum differs"
        case .invalid(let field): "the packed data set is not valid: \(field)"
        case .noRoom(let error): error.description
        }
    }
}
