/// The allowed keys as a running server sees them.
///
/// Backed by a file, it is read again when the file has changed. A changed file never stops the server: lines with mistakes
/// allow nobody, the others count, and a file that is gone or cannot be read allows nobody at all.
package final class AllowList {
    /// What a look at the file brought.
    package enum Change: Sendable, Equatable {
        /// The list is new; the mistakes tell which lines do not count.
        case reloaded(entries: Int, mistakes: [KeyMistake])
        /// The file cannot be read; nobody is allowed until it can.
        case unreadable(KeyError)
    }

    /// The list in force.
    package private(set) var keys: AuthorizedKeys
    /// Rises with each new list: what was derived from an older one is void.
    private(set) var generation = 0

    private let file: AuthorizedKeysFile?
    private var signature: KeyStorage.Signature?
    private var lastLook = ContinuousClock.now

    /// How stale the list may be for connections that are up: a look at a file's state costs a microsecond.
    ///
    /// A handshake always looks.
    private static let lookInterval = Duration.seconds(1)

    /// A list that stays.
    package init(_ keys: AuthorizedKeys) {
        self.keys = keys
        file = nil
    }

    /// A list that follows its file.
    ///
    /// At the start, any mistake in it is an error.
    package init(_ file: AuthorizedKeysFile) throws(KeyError) {
        self.file = file
        // The state first: a change between the two is then seen as one.
        signature = KeyStorage.signature(of: file.path)
        keys = try file.read()
    }

    /// Reads the file again if it has changed; nil when nothing is new.
    package func refresh() -> Change? {
        guard let file else { return nil }
        lastLook = ContinuousClock.now
        let current = KeyStorage.signature(of: file.path)
        return current == signature ? nil : reload()
    }

    /// As `refresh()`, but looks at most once a second.
    func refreshNowAndThen() -> Change? {
        guard file != nil, ContinuousClock.now - lastLook >= Self.lookInterval else { return nil }
        return refresh()
    }

    /// Reads the file again, changed or not.
    package func reload() -> Change? {
        guard let file else { return nil }
        signature = KeyStorage.signature(of: file.path)
        generation += 1
        do throws(KeyError) {
            let (keys, mistakes) = try file.readLeniently()
            self.keys = keys
            return .reloaded(entries: keys.entries.count, mistakes: mistakes)
        } catch {
            keys = AuthorizedKeys()
            // Looked at again at the next opportunity, though the file does not change: what held it up may pass.
            signature = nil
            return .unreadable(error)
        }
    }
}
