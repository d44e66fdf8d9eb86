import Glibc
import SweepMessaging
import Testing

struct AuthorizedKeysTests {
    private let first: CurvePublicKey
    private let second: CurvePublicKey

    init() throws {
        first = try CurveKeyPair().publicKey
        second = try CurveKeyPair().publicKey
    }

    @Test func `roles, keys and names are read; remarks and empty lines are not`() {
        let text = "# node keys\n\n  worker\t\(first)   rack 3,  node 7 \r\nadmin \(second)\n#reader \(second)\n"
        let (keys, mistakes) = AuthorizedKeys.parse(text)
        #expect(mistakes.isEmpty)
        #expect(
            keys.entries == [
                AuthorizedKey(key: first, role: .worker, name: "rack 3, node 7"),
                AuthorizedKey(key: second, role: .admin),
            ]
        )
        #expect(keys[first]?.role == .worker)
        #expect(keys[second]?.name == "")
    }

    @Test func `each mistake is told by line, and the other lines count`() {
        let text = """
            reader
            owner \(first) me
            worker tooshort
            boss short x
            worker \(first) node
            admin \(first) the same again
            reader \(second)
            """
        let (keys, mistakes) = AuthorizedKeys.parse(text)
        #expect(mistakes.map(\.line) == [1, 2, 3, 4, 4, 6])
        #expect(mistakes[1].text == "unknown role `owner`; the roles are worker, reader, admin")
        #expect(mistakes[5].text == "the key stands in line 5 already, and that line counts")
        #expect(keys.entries.map(\.role) == [.worker, .reader])
        #expect(keys[first]?.role == .worker)
    }

    @Test func `no key that we make looks like an option`() throws {
        // One in 85 would: a thousand have one with a probability of 1 - 7e-6.
        for _ in 0..<1000 { try #require(!CurveKeyPair().publicKey.z85.hasPrefix("-")) }
    }

    @Test func `a role allows what it is for`() {
        #expect(Permission.allCases.filter(Role.worker.allows) == [.work])
        #expect(Permission.allCases.filter(Role.reader.allows) == [.read])
        #expect(Permission.allCases.filter(Role.admin.allows) == [.work, .read, .steer])
    }

    @Test func `adding and removing keep everything else in the file`() async throws {
        try await withTemporaryFolder { folder in
            let file = AuthorizedKeysFile("\(folder)/allowed_keys")
            #expect(throws: KeyError(.missing, path: file.path)) { try file.read() }
            try file.add(AuthorizedKey(key: first, role: .worker, name: "node\n1"))
            #expect(try mode(of: file.path) == 0o600)
            try writeFile("# ours\n\n" + readFile(file.path) + "# the end", to: file.path)
            try file.add(AuthorizedKey(key: second, role: .reader))
            #expect(try readFile(file.path) == "# ours\n\nworker \(first) node 1\n# the end\nreader \(second)\n")
            // The same key again has its role changed.
            try file.add(AuthorizedKey(key: first, role: .admin, name: "me"))
            #expect(try file.read()[first]?.role == .admin)
            #expect(try file.remove { $0.name == "nobody" }.isEmpty)
            #expect(try file.remove { $0.key == second }.map(\.role) == [.reader])
            #expect(try readFile(file.path) == "# ours\n\n# the end\nadmin \(first) me\n")
            #expect(entries(of: folder) == ["allowed_keys"])
        }
    }

    @Test func `many processes may add at once`() async throws {
        try await withTemporaryFolder { folder in
            let file = AuthorizedKeysFile("\(folder)/allowed_keys")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try file.add(AuthorizedKey(key: CurveKeyPair().publicKey, role: .worker, name: "\(number)"))
                    }
                }
                try await group.waitForAll()
            }
            #expect(Set(try file.read().entries.map(\.name)).count == 8)
        }
    }

    @Test(arguments: [0o620, 0o602, 0o666] as [mode_t])
    func `a list that others may write is refused`(mode: mode_t) async throws {
        try await withTemporaryFolder { folder in
            let file = AuthorizedKeysFile("\(folder)/allowed_keys")
            try writeFile("", to: file.path, mode: mode)
            #expect(throws: KeyError(.exposed(mode: UInt32(mode)), path: file.path)) { try file.read() }
            chmod(file.path, 0o644)
            #expect(try file.read().entries.isEmpty)
        }
    }
}
