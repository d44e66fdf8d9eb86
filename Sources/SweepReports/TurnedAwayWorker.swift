/// A worker that was not let in: it speaks no version of the protocol that the coordinator speaks.
///
/// JSON: `{"id", "host", "software_version", "protocol": [oldest, newest], "last_seen_s", "because"}`, in `turned_away` of `status` and
/// of the workers' document, which is absent while there is none.
package struct TurnedAwayWorker: Hashable, Sendable {
    package var id: String
    package var host: String
    /// Its build; empty when it did not say.
    package var softwareVersion: String
    /// The oldest and the newest version of the protocol that it speaks.
    package var oldestProtocol: Int
    package var newestProtocol: Int
    /// Seconds since it came last.
    package var lastSeen: Double
    /// What it was told: which side to upgrade.
    package var because: String

    package init(
        id: String,
        host: String,
        softwareVersion: String,
        oldestProtocol: Int,
        newestProtocol: Int,
        lastSeen: Double,
        because: String
    ) {
        self.id = id
        self.host = host
        self.softwareVersion = softwareVersion
        self.oldestProtocol = oldestProtocol
        self.newestProtocol = newestProtocol
        self.lastSeen = lastSeen
        self.because = because
    }

    /// What is to be done, of what it was told: the sentence's last part, or all of it where it has one.
    var remedy: String { because.split(separator: "; ").last.map { String($0) } ?? because }

    /// Its line for people.
    var text: String {
        PrintableText.line("turned away: \(id) on \(host), \(NumberText.seconds(lastSeen)) ago: \(because)")
    }

    var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("id", id)
        object.add("host", host)
        object.add("software_version", softwareVersion)
        object.add("protocol", .array([.integer(oldestProtocol), .integer(newestProtocol)]))
        object.add("last_seen_s", lastSeen)
        object.add("because", because)
        return object.object
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        let versions = try reader.field("protocol").items().each { reader throws(DocumentError) in try reader.integer()
        }
        self.init(
            id: try reader.field("id").text(),
            host: try reader.field("host").text(),
            softwareVersion: try reader.field("software_version").text(),
            oldestProtocol: versions.first ?? 0,
            newestProtocol: versions.last ?? 0,
            lastSeen: try reader.measured("last_seen_s") ?? .infinity,
            because: try reader.field("because").text()
        )
    }
}
