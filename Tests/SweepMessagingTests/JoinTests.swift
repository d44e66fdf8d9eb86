import Glibc
import SweepMessaging
import Testing

@Suite struct JoinTests {
    private func sample(_ name: String = "node-1", role: Role = .worker) throws -> JoinText {
        try #require(
            JoinText(
                endpoint: Endpoint("tcp://10.0.0.7:7700"),
                server: CurveKeyPair().publicKey,
                keys: CurveKeyPair(),
                role: role,
                name: name
            )
        )
    }

    @Test(arguments: Role.allCases)
    func `a join text is one word that a shell leaves alone, and is read again`(role: Role) throws {
        for _ in 0..<50 {
            let joined = try sample(role: role)
            let plain = joined.text.dropFirst(JoinText.mark.count).utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
            #expect(plain && joined.text.hasPrefix("sweepd1:"))
            #expect(try JoinText(pasted: joined.text) == joined)
        }
    }

    @Test func `it is found in the line that was pasted, quoted or not`() throws {
        let joined = try sample()
        for line in [
            " echo \(joined.text) | sweepd join --start\n", "'\(joined.text)'", "\n\n  \"\(joined.text)\"\r\n",
        ] {
            #expect(try JoinText(pasted: line) == joined)
        }
    }

    @Test func `a letter that was lost or changed is noticed`() throws {
        let joined = try sample()
        let letters = Array(joined.text)
        for place in JoinText.mark.count..<letters.count {
            var lost = letters
            lost.remove(at: place)
            #expect(throws: JoinTextError.damaged) { try JoinText(pasted: String(lost)) }
            var changed = letters
            changed[place] = letters[place] == "A" ? "B" : "A"
            #expect(throws: JoinTextError.damaged, "letter \(place)") { try JoinText(pasted: String(changed)) }
        }
        #expect(throws: JoinTextError.damaged) { try JoinText(pasted: joined.text + "A") }
    }

    @Test func `what is no join text is said so, and never repeated`() throws {
        #expect(throws: JoinTextError.missing) { try JoinText(pasted: "") }
        #expect(throws: JoinTextError.missing) { try JoinText(pasted: "echo hello") }
        #expect(throws: JoinTextError.missing) { try JoinText(pasted: String(repeating: "sweepd1:", count: 1000)) }
        #expect(throws: JoinTextError.otherVersion) { try JoinText(pasted: "sweepd2:AAAA") }
        for error in [JoinTextError.missing, .otherVersion, .damaged] {
            #expect(error.description.contains(JoinText.mark) || error.description.contains("damaged"))
        }
    }

    @Test func `random bytes behind the mark never trap`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var state = seed | 1
        for round in 0..<2_000 {
            let bytes = (0..<round % 200).map { _ -> UInt8 in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return UInt8(truncatingIfNeeded: state)
            }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes, "seed \(seed)")
            #expect(throws: JoinTextError.damaged, "seed \(seed)") {
                try JoinText(pasted: JoinText.mark + Base64URL.encode(bytes))
            }
        }
    }

    @Test(arguments: ["A", "AB==", "AB", "A+", "A/", "AAAA\u{e9}"])
    func `text that no encoder makes is not decoded`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(arguments: ["", "-x", ".x", "a b", "a/b", "ä", "a\n", String(repeating: "x", count: 65)])
    func `a name that cannot be a file's is refused`(name: String) throws {
        #expect(!JoinText.isName(name))
        let keys = try CurveKeyPair()
        let endpoint = try Endpoint("tcp://10.0.0.7:7700")
        #expect(JoinText(endpoint: endpoint, server: keys.publicKey, keys: keys, role: .worker, name: name) == nil)
    }

    @Test func `names of machines are allowed`() {
        for name in ["node-1", "gpu_7.lab", "9", String(repeating: "x", count: 64)] { #expect(JoinText.isName(name)) }
    }

    @Test func `a join file is its owner's alone, and the same join finds it again`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.join"
            let joined = try sample()
            let mask = umask(0)
            defer { umask(mask) }
            try JoinFile.write(joined, to: path)
            #expect(try mode(of: path) == 0o600)
            #expect(try JoinFile.read(path) == joined)
            try JoinFile.write(joined, to: path)
            let other = try sample()
            #expect(throws: KeyError(.exists, path: path)) { try JoinFile.write(other, to: path) }
            #expect(try JoinFile.read(path) == joined)
            chmod(path, 0o640)
            #expect(throws: KeyError(.exposed(mode: 0o640), path: path)) { try JoinFile.read(path) }
        }
    }

    @Test func `mistakes of a join file are told by line, and no secret with them`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.join"
            let joined = try sample()
            let lines = "secret \(joined.keys.secretKey)\nsecret \(joined.keys.secretKey)\nendpoint a b\nkey x\n"
            try writeFile(lines, to: path)
            let error = try #require(throws: KeyError.self) { try JoinFile.read(path) }
            #expect(["\(path):2:", "\(path):3:", "\(path):4:"].allSatisfy(error.description.contains))
            #expect(!error.description.contains(joined.keys.secretKey))
            try writeFile("secret \(joined.keys.secretKey)\n", to: path)
            let missing = try #require(throws: KeyError.self) { try JoinFile.read(path) }
            #expect(["endpoint", "server", "role", "name"].allSatisfy(missing.description.contains))
        }
    }

    @Test func `a token is made once, its owner's alone, and what is no token is refused`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/http-token"
            let token = try TokenFile.readOrMake(path)
            #expect(token.utf8.count == 43)
            #expect(try mode(of: path) == 0o600)
            #expect(try TokenFile.readOrMake(path) == token)
            let other = try TokenFile.readOrMake("\(folder)/other")
            #expect(other != token)
            chmod(path, 0o640)
            #expect(throws: KeyError(.exposed(mode: 0o640), path: path)) { try TokenFile.readOrMake(path) }
            for wrong in ["", "short\n", "two words of more than twenty letters\n"] {
                try writeFile(wrong, to: path)
                let error = try #require(throws: KeyError.self) { try TokenFile.readOrMake(path) }
                #expect(error.description.contains("\(path):1:"))
            }
        }
    }
}
