/// What a key may have no more of, however many connections come with it; the raw values are labels of a metric.
package enum KeyLimit: String, CaseIterable, Sendable {
    /// Worker processes that are registered.
    case workers
    /// Slots that its workers say they have, each of them and all together.
    case slots
    /// Requests that are being answered.
    case requests
    /// Data sets and checkpoints that wait for the disk.
    case transfers
    /// Bytes of objects that nobody names.
    case unclaimed

    /// What the log says the first time that a key comes to it.
    var sentence: String {
        switch self {
        case .workers: "a key has as many worker processes as it may have; further ones are refused"
        case .slots: "a key's workers have as many slots as they may have; registrations with more are refused"
        case .requests: "a key has as many requests under way as it may have; further ones are refused"
        case .transfers: "a key's objects wait for the disk; what more comes of them is passed over and sent again"
        case .unclaimed:
            "a key's objects that nobody names have as many bytes as they may; further ones are refused for now"
        }
    }

    /// A limit of a key.
    struct Telling: Hashable, Sendable {
        let limit: KeyLimit
        let key: String
    }

    /// Lines that are remembered as told: keys come from a list that people write.
    static let toldAtMost = 1_024
}
