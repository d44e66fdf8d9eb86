import Glibc
import SweepMessaging
import Testing

struct KeyFileTests {
    @Test func `keys written are read again, and only their owner may`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.key"
            let keys = try CurveKeyPair()
            let mask = umask(0)
            defer { umask(mask) }
            try KeyFile.write(keys, to: path)
            #expect(try mode(of: path) == 0o600)
            #expect(try KeyFile.read(path) == keys)
            #expect(entries(of: folder) == ["node.key"])
        }
    }

    @Test func `keys are never written over`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.key"
            let first = try CurveKeyPair()
            try KeyFile.write(first, to: path)
            let second = try CurveKeyPair()
            #expect(throws: KeyError(.exists, path: path)) { try KeyFile.write(second, to: path) }
            #expect(try KeyFile.read(path) == first)
            #expect(entries(of: folder) == ["node.key"])
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644, 0o610] as [mode_t])
    func `a key file that others have access to is refused`(mode: mode_t) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.key"
            try KeyFile.write(CurveKeyPair(), to: path)
            chmod(path, mode)
            let error = try #require(throws: KeyError.self) { try KeyFile.read(path) }
            #expect(error == KeyError(.exposed(mode: UInt32(mode)), path: path))
            #expect(error.description.contains("chmod 600"))
        }
    }

    @Test func `a file that is not there, and a folder, are refused`() async throws {
        try await withTemporaryFolder { folder in
            #expect(throws: KeyError(.missing, path: "\(folder)/none.key")) { try KeyFile.read("\(folder)/none.key") }
            #expect(throws: KeyError(.notAKeyFile, path: folder)) { try KeyFile.read(folder) }
            #expect(throws: KeyError(.missing, path: "\(folder)/none")) {
                try KeyFile.write(CurveKeyPair(), to: "\(folder)/none/node.key")
            }
        }
    }

    @Test func `a link to nothing is no file, and not the same as none`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/coordinator.key"
            #expect(!KeyFile.isThere(path))
            #expect(!KeyFile.isThere("\(folder)/none/coordinator.key"))
            #expect(symlink("\(folder)/gone.key", path) == 0)
            #expect(KeyFile.isThere(path))
            let error = try #require(throws: KeyError.self) { try KeyFile.read(path) }
            #expect(error == KeyError(.dangling, path: path))
            #expect(error.description.contains(path))
            try KeyFile.write(CurveKeyPair(), to: "\(folder)/gone.key")
            #expect(throws: Never.self) { try KeyFile.read(path) }
        }
    }

    @Test(arguments: [EPERM, EOPNOTSUPP, ENOSYS])
    func `where no hard link can be made a new file is written, and none written over`(code: Int32) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.key"
            func write(_ text: String) throws(KeyError) {
                try KeyStorage.write(text, to: path, replacing: false) { _, _ in
                    errno = code
                    return -1
                }
            }
            try write("first")
            #expect(try readFile(path) == "first")
            #expect(try mode(of: path) == 0o600)
            #expect(throws: KeyError(.exists, path: path)) { try write("second") }
            #expect(try readFile(path) == "first")
            #expect(entries(of: folder) == ["node.key"])
        }
    }

    @Test func `a link that fails otherwise is told, and leaves nothing`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.key"
            #expect(throws: KeyError(.system(operation: "put it in place", code: EIO), path: path)) {
                try KeyStorage.write("text", to: path, replacing: false) { _, _ in
                    errno = EIO
                    return -1
                }
            }
            #expect(entries(of: folder) == [])
        }
    }

    @Test func `all mistakes of a key file are told by line, and no secret with them`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.key"
            let keys = try CurveKeyPair()
            let other = try CurveKeyPair()
            try writeFile(
                "# mine\r\npublic \(other.publicKey)\r\nsecrets \(keys.secretKey)\nsecret short\n\nsecret \(keys.secretKey)\n"
                    + "secret \(other.secretKey)\n",
                to: path
            )
            let error = try #require(throws: KeyError.self) { try KeyFile.read(path) }
            guard case .malformed(let mistakes) = error.reason else {
                Issue.record("not the mistakes: \(error)")
                return
            }
            #expect(mistakes.map(\.line).sorted() == [2, 3, 4, 7])
            #expect(!error.description.contains(keys.secretKey))
            #expect(!error.description.contains(other.secretKey))
            #expect(error.description.split(separator: "\n").allSatisfy { $0.hasPrefix("\(path):") })
        }
    }

    @Test func `an empty key file says what is missing`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/node.key"
            try writeFile("", to: path)
            let error = try #require(throws: KeyError.self) { try KeyFile.read(path) }
            #expect(error.description == "\(path):1: there is no `secret` line")
        }
    }

    @Test func `a pair is known by its secret, and never shows it`() throws {
        let keys = try CurveKeyPair()
        #expect(CurveKeyPair(secretKey: keys.secretKey) == keys)
        var shown = "\(keys) \(String(reflecting: keys))"
        dump(keys, to: &shown)
        #expect(!shown.contains(keys.secretKey))
    }

    @Test(arguments: [
        "", "short", String(repeating: "a", count: 39), String(repeating: "a", count: 41),
        String(repeating: "\"", count: 40), String(repeating: "#", count: 40),
        "a\0" + String(repeating: "b", count: 38),
        String(repeating: "é", count: 20), String(repeating: " ", count: 40),
    ])
    func `what is no key is refused`(text: String) {
        #expect(CurvePublicKey(z85: text) == nil)
        #expect(CurveKeyPair(secretKey: text) == nil)
    }
}
