import SweepCore
import SweepDashboard
import SweepNumerics
import Testing

/// The page's map of findings beside what the program can find.
@Suite struct FindingsMapTests {
    /// What stands in `findings.js`: `'ID': ['words', '#rrggbb'],`.
    private static func map() async throws -> [String: (words: String, color: String)] {
        let site = Site(
            access: HTTPAccess(token: nil),
            observatory: Desk(),
            health: { "" },
            metrics: { "" },
            data: Desk.data,
            file: Desk.file,
            submit: Desk.submit
        )
        let answer = await site.answer(HTTPRequest(target: "/page/findings.js", authority: "localhost"))
        try #require(answer.status == 200)
        let pieces = String(decoding: answer.body, as: UTF8.self).split(
            separator: "'",
            omittingEmptySubsequences: false
        )
        var found: [String: (words: String, color: String)] = [:]
        // Texts stand between quotes: an id, its words, its colour.
        for place in pieces.indices
        where place + 4 < pieces.count && pieces[place + 1] == ": [" && pieces[place + 3] == ", " {
            found[String(pieces[place])] = (String(pieces[place + 2]), String(pieces[place + 4]))
        }
        return found
    }

    private static let ids =
        Symptom.allCases.map(\.rawValue) + Cause.allCases.map(\.rawValue)
        + DataCheck.allCases.map(\.rawValue)

    @Test func `every kind that the program can tell is there, and nothing else`() async throws {
        let map = try await Self.map()
        for id in Self.ids { #expect(map[id] != nil, "\(id) is missing in findings.js") }
        #expect(Set(map.keys) == Set(Self.ids))
    }

    @Test func `each has one or two words, symptoms those of the program`() async throws {
        let map = try await Self.map()
        for (id, entry) in map {
            #expect((1...2).contains(entry.words.split(separator: " ").count), "\(id): \(entry.words)")
        }
        for symptom in Symptom.allCases { #expect(map[symptom.rawValue]?.words == symptom.words) }
    }

    @Test func `each of a group has a colour of its own, which stands out from both pages`() async throws {
        let map = try await Self.map()
        for group in ["S-", "K-", "D-"] {
            let colors = map.filter { $0.key.hasPrefix(group) }.map(\.value.color)
            #expect(Set(colors).count == colors.count)
        }
        // WCAG 2.1, 1.4.11: 3 : 1 beside the panel, which is #fff or #161a1f.
        let dark = try #require(Self.luminance("#161a1f"))
        for (id, entry) in map {
            let own = try #require(Self.luminance(entry.color), "\(id): \(entry.color)")
            #expect(1.05 / (own + 0.05) >= 3 && (own + 0.05) / (dark + 0.05) >= 3, "\(id): \(entry.color)")
        }
    }

    /// WCAG's relative luminance of `#rrggbb`.
    private static func luminance(_ color: String) -> Double? {
        guard color.count == 7, color.hasPrefix("#"), let number = Int(color.dropFirst(), radix: 16) else { return nil }
        let shares = [16, 8, 0].map { shift -> Double in
            let share = Double(number >> shift & 255) / 255
            return share <= 0.04045 ? share / 12.92 : Elementary.pow((share + 0.055) / 1.055, 2.4)
        }
        return zip([0.2126, 0.7152, 0.0722], shares).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
