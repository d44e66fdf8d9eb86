import Foundation
import SweepProgram
import Testing

/// Files as one run of bytes.
@Suite struct FileBundleTests {
    private func file(_ path: String, _ text: String, _ kind: FileBundle.Kind = .file) -> FileBundle.Entry {
        FileBundle.Entry(path: path, kind: kind, bytes: Array(text.utf8))
    }

    @Test func `what is packed is unpacked, and the order of files does not matter`() throws {
        let entries = [
            file("b/c.txt", "c"), file("a", "", .folder), file("run", "#!", .program), file("b", "", .folder),
        ]
        let bundle = try FileBundle(entries)
        #expect(try FileBundle(entries.reversed()).packed == bundle.packed)
        #expect(try FileBundle(packed: bundle.packed) == bundle)
        #expect(FileBundle.isBundle(bundle.packed) && !FileBundle.isBundle(Array("SWEEPD".utf8)))
    }

    @Test(arguments: [
        "", "/etc/passwd", "..", "a/../b", "a//b", "./a", "a/", "a\u{0}b", String(repeating: "a", count: 1025),
    ])
    func `a path that leads out of its folder, or nowhere, is refused`(path: String) {
        #expect(throws: FileBundleError.self) { try FileBundle([file(path, "x")]) }
    }

    @Test func `a path is there once, and is a file or a folder`() {
        #expect(throws: FileBundleError.self) { try FileBundle([file("a", "x"), file("a", "y")]) }
        #expect(throws: FileBundleError.self) { try FileBundle([file("a", "x"), file("a/b", "y")]) }
        #expect(throws: FileBundleError.self) { try FileBundle([file("a", "x", .folder)]) }
    }

    @Test func `bytes that are cut or changed are refused or are another bundle, never a trap`() throws {
        let bytes = try FileBundle([file("a/b", "some text"), file("c", "more", .program)]).packed
        for count in 0..<bytes.count {
            #expect(throws: FileBundleError.self) { try FileBundle(packed: Array(bytes[..<count])) }
        }
        for place in bytes.indices {
            for value in [UInt8(0), 1, 2, 0x2e, 0x2f, 0x7f, 0xff] {
                var changed = bytes
                changed[place] = value
                if let read = try? FileBundle(packed: changed) { #expect(read.packed == changed) }
            }
        }
        #expect(throws: FileBundleError.self) { try FileBundle(packed: bytes + [0]) }
    }

    @Test func `a folder is written, read again, and gives the same bytes`() throws {
        try withFolder { folder in
            let bundle = try FileBundle([
                file("deep/er/x.bin", "\u{0}\u{1}"), file("deep", "", .folder), file("deep/er", "", .folder),
                file("empty", "", .folder), file("run.sh", "#!/bin/sh\n", .program),
            ])
            try bundle.write(to: folder + "/out")
            #expect(try FileBundle(folder: folder + "/out") == bundle)
            #expect(access(folder + "/out/run.sh", X_OK) == 0 && access(folder + "/out/deep/er/x.bin", X_OK) != 0)
        }
    }

    @Test func `named files and folders are taken without hidden ones and caches`() throws {
        try withFolder { folder in
            for name in ["train.py", "lib/a.py", "lib/.secret", "lib/__pycache__/a.pyc", "other.py"] {
                let place = URL(filePath: folder + "/" + name)
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(name.utf8).write(to: place)
            }
            let bundle = try FileBundle(["./train.py", "lib/", "lib/a.py"], in: folder)
            #expect(bundle.entries.map(\.path) == ["lib", "lib/a.py", "train.py"])
            #expect(throws: FileBundleError("gone.py: No such file or directory")) {
                try FileBundle(["gone.py"], in: folder)
            }
            // The store and the keys of a coordinator that has its directory there do not travel.
            for name in ["lib/lab.sweepd/sweepd.db", "lib/keys/coordinator.key", "lib/keys/allowed-keys"] {
                let place = URL(filePath: folder + "/" + name)
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(name.utf8).write(to: place)
            }
            #expect(try FileBundle(["train.py", "lib"], in: folder) == bundle)
            let sentence = "lib/keys is a coordinator's directory, whose store and keys do not travel"
            #expect(throws: FileBundleError(sentence)) { try FileBundle(["lib/keys"], in: folder) }
            symlink("/etc", folder + "/lib/etc")
            #expect(throws: FileBundleError("lib/etc is a link to a folder; only files and folders travel")) {
                try FileBundle(["lib"], in: folder)
            }
        }
    }

    @Test func `private keys and join files do not travel, other files of their owner alone do`() throws {
        try withFolder { folder in
            let key = """
                # sweepd key pair: keep it secret, never copy it to another machine
                public Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID
                secret D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs

                """
            let join = """
                # sweepd join file: keep it secret, never copy it to another machine
                endpoint tcp://10.0.0.7:7700
                server Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID
                secret D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs
                role worker
                name node1

                """
            let texts = [
                "me.key": key, "worker.join": join, "settings": "name value\nrole worker\n",
                "train.py": "secret = 1\n" + key, "empty": "",
            ]
            try FileManager.default.createDirectory(atPath: folder + "/lib", withIntermediateDirectories: true)
            for (name, text) in texts {
                let place = folder + "/lib/" + name
                try Data(text.utf8).write(to: URL(filePath: place))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: place)
            }
            let bundle = try FileBundle(["lib"], in: folder)
            #expect(bundle.entries.map(\.path) == ["lib", "lib/empty", "lib/settings", "lib/train.py"])
            let sentence = "lib/me.key is a private key or join file of sweepd, which does not travel"
            #expect(throws: FileBundleError(sentence)) { try FileBundle(["lib/me.key"], in: folder) }
        }
    }
}

/// Runs `body` with a fresh folder, which is gone afterwards.
func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-program-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}
