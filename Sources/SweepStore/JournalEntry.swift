/// A fact of the journal: what happened, in bytes that the store keeps and does not read.
package struct JournalEntry: Hashable, Sendable {
    /// What the body is; the numbers belong to the codec of the journal.
    package let kind: Int
    /// The encoded fact.
    package let body: [UInt8]

    package init(kind: Int, body: [UInt8]) {
        self.kind = kind
        self.body = body
    }
}
