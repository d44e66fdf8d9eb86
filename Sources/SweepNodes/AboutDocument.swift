package import SweepReports

/// What a coordinator says of itself to whoever may connect: what `about` answers.
///
/// JSON: `{"software", "protocol", "protocol_newest", "core", "role", "time_ms", "expects"}`; `protocol` is the oldest version that it speaks (a
/// node of before this had a range looks for its own there), `role` that of the key which asked, null without keys, and `time_ms` the
/// coordinator's clock, milliseconds since 1970 UTC. `expects` is a `NodeExpectations`; coordinators of before do not have it.
package struct AboutDocument: Hashable, Sendable {
    /// The word of the request. A worker's key may send it too: it names no sweep and no worker.
    package static let verb = "about"

    package var software: String
    package var oldestProtocol: Int
    package var newestProtocol: Int
    package var core: String
    package var role: String?
    package var milliseconds: Int
    /// What it expects of a machine; nil when it does not say.
    package var expectations: NodeExpectations?

    package init(
        software: String,
        oldestProtocol: Int,
        newestProtocol: Int,
        core: String,
        role: String?,
        milliseconds: Int,
        expectations: NodeExpectations? = nil
    ) {
        self.software = software
        self.oldestProtocol = oldestProtocol
        self.newestProtocol = newestProtocol
        self.core = core
        self.role = role
        self.milliseconds = milliseconds
        self.expectations = expectations
    }

    /// The document as JSON.
    package var json: JSONValue {
        var members = [
            JSONMember("software", .text(software)),
            JSONMember("protocol", .integer(oldestProtocol)),
            JSONMember("protocol_newest", .integer(newestProtocol)),
            JSONMember("core", .text(core)),
            JSONMember("role", role.map { .text($0) } ?? .null),
            JSONMember("time_ms", .integer(milliseconds)),
        ]
        if let expectations { members.append(JSONMember("expects", expectations.json)) }
        return .object(members)
    }

    /// Reads the document from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        software = try reader.field("software").text()
        oldestProtocol = try reader.field("protocol").integer()
        newestProtocol = try reader.optional("protocol_newest")?.integer() ?? oldestProtocol
        core = try reader.field("core").text()
        role = try reader.optional("role")?.text()
        milliseconds = try reader.field("time_ms").integer()
        if let expects = reader.optional("expects") { expectations = try NodeExpectations(json: expects.value) }
    }
}
