import SweepDashboard
import SweepReports
import Testing

/// What watchers of a sweep are told.
@Suite(.timeLimit(.minutes(2))) struct FeedTests {
    private func site(_ desk: Desk) -> Site {
        Site(
            access: HTTPAccess(token: nil),
            observatory: desk,
            health: { "" },
            metrics: { "" },
            data: Desk.data,
            file: Desk.file,
            submit: Desk.submit
        )
    }

    private func trials(_ site: Site, _ query: String = "") async throws -> JSONValue {
        let answer = await site.answer(
            HTTPRequest(target: "/api/v1/sweeps/digits/trials" + query, authority: "localhost")
        )
        try #require(answer.status == 200)
        return try JSONValue(parsing: answer.body)
    }

    private func numbers(_ document: JSONValue) -> [Int] {
        guard case .array(let rows)? = document["trials"] else { return [] }
        return rows.compactMap { if case .integer(let number)? = $0["trial"] { number } else { nil } }
    }

    private func text(_ value: JSONValue?) -> String { if case .text(let text)? = value { text } else { "" } }

    @Test func `trials come in columns, rounded, with null for what is not finite`() async throws {
        let document = try await trials(site(Desk()))
        #expect(numbers(document) == [1, 2])
        #expect(document["since"] == .null)
        guard case .array(let rows)? = document["trials"] else { return }
        #expect(rows[0]["values"]?.text() == "[[null, null, null], [2.0, 1.5, 1.3333334]]")
        #expect(rows[0]["seed"] == .text("18446744073709551615"))
        let one = try await trials(site(Desk()), "?metrics=validation.loss")
        guard case .array(let chosen)? = one["trials"] else { return }
        #expect(chosen[1]["values"]?.text() == "[[3.0]]")
    }

    @Test func `pages follow one another`() async throws {
        let site = site(Desk(epochs: [1, 1, 1, 1, 1]))
        let first = try await trials(site, "?limit=2")
        #expect(numbers(first) == [1, 2] && first["next"] == .integer(2))
        #expect(numbers(try await trials(site, "?limit=2&after=2")) == [3, 4])
        let last = try await trials(site, "?limit=2&after=4")
        #expect(numbers(last) == [5] && last["next"] == .null)
    }

    @Test func `a message tells what changed since the one before, and a version what was missed`() async throws {
        let desk = Desk()
        let site = site(desk)
        let version = text(try await trials(site)["version"])
        let answer = await site.answer(HTTPRequest(target: "/api/v1/sweeps/digits/events", authority: "localhost"))
        try #require(answer.headers["content-type"] == "text/event-stream")
        var messages = try #require(answer.events).makeAsyncIterator()
        let hello = try #require(await next(&messages))
        #expect(hello["trials"] == .null && hello["version"] == .text(version))
        #expect(hello["status"]?["state"] == .text("running"))
        desk.train {
            $0[1] = 3
            $0.append(1)
        }
        let change = try #require(await next(&messages))
        #expect(change["trials"].map(numbers) == [2, 3])
        #expect(change["trials"]?["since"] == .text(version) && text(change["version"]) != version)
        guard case .array(let rows)? = change["trials"]?["trials"] else { return }
        // Of a trial that is known, only the epochs that are new.
        #expect(
            rows[0]["first_epoch"] == .integer(2) && rows[0]["values"]?.text() == "[[null, null], [2.5, 2.3333333]]"
        )
        // Who missed it asks for what changed, and gets those trials whole.
        let missed = try await trials(site, "?since=\(version)")
        #expect(numbers(missed) == [2, 3] && missed["since"] == .text(version))
        guard case .array(let whole)? = missed["trials"] else { return }
        #expect(whole[0]["first_epoch"] == .integer(1))
        #expect(numbers(try await trials(site, "?since=\(text(missed["version"]))")).isEmpty)
        // A version of another process is no version: all comes anew.
        let anew = try await trials(site, "?since=other-1")
        #expect(numbers(anew) == [1, 2, 3] && anew["since"] == .null)
    }

    private func rank(_ site: Site, known tag: String? = nil) async -> HTTPAnswer {
        await site.answer(
            HTTPRequest(target: "/api/v1/sweeps/digits/rank", authority: "localhost", ifNoneMatch: tag)
        )
    }

    @Test(arguments: [false, true])
    func `a sweep of a removed one's name is another: no tag and no version of before is one of it`(
        _ isForgotten: Bool
    ) async throws {
        let desk = Desk(epochs: [2, 1])
        let site = site(desk)
        let version = text(try await trials(site)["version"])
        let first = await rank(site)
        let tag = try #require(first.headers["etag"])
        let same = await rank(site, known: tag)
        #expect(first.status == 200 && same.status == 304)
        let events = await site.answer(HTTPRequest(target: "/api/v1/sweeps/digits/events", authority: "localhost"))
        var messages = try #require(events.events).makeAsyncIterator()
        _ = try #require(await next(&messages))
        if isForgotten {
            let removal = HTTPRequest(
                method: "DELETE",
                target: "/api/v1/sweeps/digits",
                authority: "localhost",
                marker: "1"
            )
            let removed = await site.answer(removal)
            try #require(removed.status == 200)
        }
        // Trained as far as the one before, so that only its number tells it apart.
        desk.replace(epochs: [2, 1])
        // Looks that are close are one: watchers are told when it has looked again. A feed that is forgotten is another.
        if !isForgotten { _ = try #require(await next(&messages)) }
        let second = await rank(site, known: tag)
        #expect(second.status == 200 && second.body != first.body)
        #expect(second.headers["etag"] != tag)
        let whole = try await trials(site, "?since=\(version)")
        #expect(numbers(whole) == [1, 2] && whole["since"] == .null)
        // Its own versions hold.
        let own = text(whole["version"])
        let later = try await trials(site, "?since=\(own)")
        #expect(numbers(later).isEmpty && later["since"] == .text(own))
    }

    @Test func `watchers are told of another sweep of the name by changes that continue no version of theirs`()
        async throws
    {
        let desk = Desk(epochs: [2, 1])
        let site = site(desk)
        let version = text(try await trials(site)["version"])
        let answer = await site.answer(HTTPRequest(target: "/api/v1/sweeps/digits/events", authority: "localhost"))
        var messages = try #require(answer.events).makeAsyncIterator()
        let hello = try #require(await next(&messages))
        #expect(hello["version"] == .text(version))
        desk.replace(epochs: [2, 1])
        let change = try #require(await next(&messages))
        #expect(change["trials"].map(numbers) == [1, 2])
        #expect(change["trials"]?["since"] != .text(version) && text(change["version"]) != version)
        let whole = try await trials(site, "?since=\(version)")
        #expect(numbers(whole) == [1, 2] && whole["since"] == .null)
    }

    @Test func `fifty watchers cost one look`() async throws {
        let desk = Desk()
        let site = site(desk)
        var streams: [HTTPEvents] = []
        for _ in 0..<50 {
            let answer = await site.answer(HTTPRequest(target: "/api/v1/sweeps/digits/events", authority: "localhost"))
            streams.append(try #require(answer.events))
        }
        desk.train { $0[0] = 4 }
        for stream in streams {
            var messages = stream.makeAsyncIterator()
            _ = await next(&messages)
            let change = await next(&messages)
            #expect(change?["trials"].map(numbers) == [1])
        }
        // One at the start, one a second after it, whatever their number; a slow machine may take some seconds for this.
        #expect(desk.timesLooked < 25)
    }

    @Test func `fifty who come at once wait for one look, and are then told what changes and no more`() async throws {
        let desk = Desk()
        let site = site(desk)
        desk.gate.close()
        let streams = try await withThrowingTaskGroup(of: HTTPEvents.self, returning: [HTTPEvents].self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let request = HTTPRequest(target: "/api/v1/sweeps/digits/events", authority: "localhost")
                    return try #require(await site.answer(request).events)
                }
            }
            while desk.gate.waiting < 1 { await Task.yield() }
            // Where each looks for itself, others come to the gate in the meantime.
            for _ in 0..<1000 { await Task.yield() }
            desk.gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(desk.timesLookedFirst == 1)
        desk.train { $0[0] = 4 }
        for stream in streams {
            var messages = stream.makeAsyncIterator()
            let hello = try #require(await next(&messages))
            #expect(hello["trials"] == .null)
            var change = try #require(await next(&messages))
            // A status may come before it.
            while change["trials"] == .null { change = try #require(await next(&messages)) }
            #expect(change["trials"].map(numbers) == [1])
            #expect(change["trials"]?["since"] == hello["version"])
        }
        #expect(desk.timesLookedFirst == 1)
    }

    @Test func `forty who come to the list at once are told of one look at it`() async throws {
        let desk = Desk()
        let site = site(desk)
        desk.gate.close()
        let streams = try await withThrowingTaskGroup(of: HTTPEvents.self, returning: [HTTPEvents].self) { group in
            for _ in 0..<40 {
                group.addTask {
                    let answer = await site.answer(HTTPRequest(target: "/api/v1/events", authority: "localhost"))
                    return try #require(answer.events)
                }
            }
            while desk.gate.waiting < 1 { await Task.yield() }
            for _ in 0..<1000 { await Task.yield() }
            desk.gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for stream in streams {
            var messages = stream.makeAsyncIterator()
            let hello = try #require(await next(&messages))
            #expect(hello["sweeps"] == .array([]) && hello["workers"] == .array([]))
        }
        // One for all of them, and one a second for who watches.
        #expect(desk.timesListed < 20)
    }

    @Test func `who comes while the first look is under way waits for it, whatever is asked`() async throws {
        let desk = Desk()
        let feed = SweepFeed(name: "digits", sessions: FeedSessions(), source: desk)
        desk.gate.close()
        let texts = try await withThrowingTaskGroup(of: [UInt8].self, returning: Set<[UInt8]>.self) { group in
            for asker in 1...20 {
                let query = HTTPRoute.TrialsQuery(limit: asker % 2 + 1)
                group.addTask { try await feed.trials(query).bytes }
            }
            while feed.looks.waiting < 20 || desk.timesLooked < 1 { await Task.yield() }
            #expect(desk.timesLooked == 1)
            desk.gate.open()
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        // All that is told comes from the one look.
        #expect(desk.timesLooked == 1 && texts.count == 2)
    }

    @Test func `equal requests share the text that is being made, and others do not`() async throws {
        let desk = Desk()
        let feed = SweepFeed(name: "digits", sessions: FeedSessions(), source: desk)
        // While somebody watches, who asks does not look.
        let messages = try await feed.watch()
        desk.gate.close()
        let all = HTTPRoute.TrialsQuery()
        let first = HTTPRoute.TrialsQuery(limit: 1)
        let texts = try await withThrowingTaskGroup(of: [UInt8].self, returning: Set<[UInt8]>.self) { group in
            for asker in 0..<50 {
                group.addTask { try await feed.trials(asker < 40 ? all : first).bytes }
            }
            while feed.texts.waiting < 50 || desk.timesAskedForAll < 2 { await Task.yield() }
            #expect(desk.timesAskedForAll == 2)
            desk.gate.open()
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(texts.count == 2)
        #expect(feed.texts.waiting == 0)
        // Nothing is kept: what is asked later is made again.
        _ = try await feed.trials(all)
        #expect(desk.timesAskedForAll == 3)
        withExtendedLifetime(messages) {}
    }

    /// The next message with data.
    private func next(_ messages: inout HTTPEvents.AsyncIterator) async -> JSONValue? {
        while let message = await messages.next() {
            let line = String(decoding: message, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("data: ") }
            if let line { return try? JSONValue(parsing: Array(line.dropFirst(6).utf8)) }
        }
        return nil
    }
}
