import SweepCore
import SweepSpec
import Testing

/// What YAML may hold, and what is said of what it may not.
@Suite struct YAMLRulesTests {
    private func name(_ scalar: String) throws -> String {
        let problems = problems(file(name: "name: \(scalar)"))
        return problems.first ?? "read"
    }

    @Test(
        arguments: [
            ("1e-3", 1e-3), ("1e3", 1000), ("1.", 1), (".5", 0.5), ("+0.25", 0.25), ("1E-2", 0.01), ("007", 7),
            ("12", 12),
            ("1_000", nil), ("0x10", nil), ("0o10", nil), ("1e", nil), (".", nil), ("1.2.3", nil), ("e5", nil),
            ("1:30", nil),
            ("\"0.5\"", nil), ("'0.5'", nil), ("yes", nil), ("2026-11-21", nil), ("+", nil), ("null", nil),
            ("!!str 0.5", nil),
        ] as [(String, Double?)]
    )
    func `a number is what YAML 1_2 calls one in base ten, unquoted`(_ scalar: String, _ value: Double?) throws {
        let text = file(optimizer: "optimizer: {sgd: {learning_rate: \(scalar)}}")
        if let value {
            #expect(try sweep(text).sweep.representative?.optimizer.learningRate == value)
        } else {
            #expect(problems(text).count == 1)
        }
    }

    @Test func `only true and false are truth values, and quotes make text of anything`() throws {
        func header(_ scalar: String) throws -> HeaderRule {
            try #require(try sweep(file(data: "data: {source: d.csv, header: \(scalar)}")).sweep.data?.header)
        }
        #expect(try header("true") == .true)
        #expect(try header("false") == .false)
        #expect(try header("\"true\"") == .true)
        #expect(throws: SweepFileProblems.self) { try header("yes") }
        #expect(throws: SweepFileProblems.self) { try header("True") }
        #expect(try sweep(file(name: "name: \"1.10\"")).sweep.name == "1.10")
        #expect(problems(file(name: "name: 1.10"))[0].contains("1:7: not text: name, found 1.1"))
        #expect(try sweep(file(name: "name: no")).sweep.name == "no")
    }

    @Test func `integers beyond 64 bits are reals, reals beyond a double are mistakes`() {
        #expect(
            problems(file(train: "{l2: 99999999999999999999, epochs: 9}".dropBraces)) == [
                "f:6:7: not an allowed value: train.l2, found 1e+20, allowed a number from 0 to 1000000"
            ]
        )
        for scalar in ["1e999", ".inf", "-.inf", ".nan"] {
            #expect(
                problems(file(train: "l2: \(scalar)\n  epochs: 9"))[0].contains("6:7: not a finite number: train.l2")
            )
        }
    }

    @Test func `values that are not written count as absent, where they may be`() throws {
        #expect(try sweep(file(rest: "search: {trials: 3, seed: , method: ~}")).sweep.search.seed == 0)
        #expect(
            problems(file(train: "epochs:")) == ["f:6:3: missing: train.epochs, allowed an integer from 1 to 1000000"]
        )
        #expect(
            problems(file(rest: "prune:"))[0].hasPrefix(
                "f:7:1: no value: prune, found null, allowed auto, extrapolate, asha"
            )
        )
    }

    @Test func `anchors and aliases work`() throws {
        let text = file(
            model: "model: {mlp: {layers: &n 2, width: {choice: &sizes [32, 64]}}}",
            train: "batch_size: {choice: *sizes}\n  epochs: *n"
        )
        let read = try sweep(text).sweep
        #expect(read.epochs == 2)
        #expect(read.space.parameters.map(\.domain).allSatisfy { $0.extremes == [.integer(32), .integer(64)] })
    }

    @Test func `aliases that write out to too much are refused at once`() {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect(
            problems(bomb) == ["f: anchors and aliases that would write out to more values than a sweep file may hold"]
        )
        // The same in a key, where the YAML library itself would write them out.
        #expect(problems(bomb + "? *a12\n: 1\n").count == 1)
        // Below the first bound and above the second.
        let list = "a: &a [" + Array(repeating: "1", count: 999).joined(separator: ", ") + "]\n"
        let wide = list + "b: [" + Array(repeating: "*a", count: 200).joined(separator: ", ") + "]\n"
        #expect(problems(wide)[0].contains("more than 100000 values"))
    }

    @Test func `asterisks and ampersands in texts and comments do no harm`() throws {
        let stars = "# *bold* & *more* \(String(repeating: "&a *a ", count: 20))\n"
        #expect(try sweep(stars + file()).sweep.name == "s")
    }

    @Test func `depth and size are bounded`() {
        func nested(_ depth: Int) -> String {
            "name: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(problems(nested(60)).contains { $0.contains("not an allowed value: name") })
        #expect(problems(nested(100)) == ["f:1:71: values nested more than 64 deep"])
        #expect(problems(nested(900)).count == 1)
        #expect(problems(nested(100_000)).count == 1)
        let many = "name: [" + Array(repeating: "1", count: 100_001).joined(separator: ",") + "]"
        #expect(problems(many)[0].contains("more than 100000 values"))
    }

    @Test func `a key twice is told with both lines, every time`() {
        let text = file(
            train: "epochs: 9\n  seed: 1\n  \"epochs\": 27\n  epochs: 3",
            rest: "search: {trials: 3, trials: 4}"
        )
        #expect(
            problems(text) == [
                "f:7:3: unknown key: train.seed, found seed, allowed model, initializer, start_from, loss, optimizer, learning_rate_schedule, warmup, l1, l2, penalize_biases, max_norm, clip, batch_size, accumulate, average, epochs, early_stopping, recompile, sampling, threads or instruments (did you mean search.seed?)",
                "f:8:3: the same key twice: train.epochs, first on line 6",
                "f:9:3: the same key twice: train.epochs, first on line 6",
                "f:10:21: the same key twice: search.trials, first on line 10",
            ]
        )
        let strange = "\u{E000}a: 1\n\u{E000}a: 2\n"
        #expect(problems(strange) == ["f:1:1: the same key twice: \u{E000}a"])
        let escaped = "\"\\x61\": 1\n\"\\x61\": 2\n"
        #expect(problems(escaped) == ["f:1:1: the same key twice: a"])
        let complex = "? [a]\n: 1\n? [a]\n: 2\n"
        #expect(problems(complex).count == 1)
    }

    @Test func `two hundred keys twice are still an answer`() {
        let keys = (0..<200).map { "k\($0): 1\nk\($0): 2\n" }.joined()
        #expect(!problems(keys).isEmpty)
    }

    @Test func `tags, merge keys and keys that are not text are mistakes that leave the rest readable`() {
        #expect(
            problems(file(train: "epochs: !!int 9"))[0]
                == "f:6:11: tags are not available: train.epochs, found tag:yaml.org,2002:int"
        )
        #expect(
            problems(file(train: "epochs: 9\n  true: 1"))[0] == "f:7:3: a key that is not text in train, found true"
        )
        #expect(
            problems(file(train: "epochs: 9\n  [a]: 1"))[0]
                == "f:7:3: a key that is not text in train, found a list or map"
        )
        #expect(
            problems(file(train: "epochs: 9\n  <<: {l2: 1}"))[0].contains(
                "f:7:3: merge keys are not available in train"
            )
        )
        #expect(problems("1: 2\n" + file()) == ["f:1:1: a key that is not text, found 1"])
    }

    @Test(arguments: [
        ("a: [1, 2", "f:2:1: not YAML: expected “,” or “]” in a list (begun on line 1)"),
        ("a: {b: 1", "f:2:1: not YAML: expected “,” or “}” in a map (begun on line 1)"),
        ("a: b: c", "f:1:5: not YAML: a second “: ” in one line, or a line indented too far"),
        ("a: 1\n b: 2", "f:2:3: not YAML: a second “: ” in one line, or a line indented too far"),
        ("a:\n\tb: 1", "f:2:1: not YAML: a tab; indent with spaces"),
        ("a: \"b", "f:2:1: not YAML: quotes that are not closed (begun on line 1)"),
        ("a: *b", "f:1:4: not YAML: an alias of an anchor that is not defined above it"),
        ("a: @b", "f:1:4: not YAML: a value may not begin with “@”; put it in quotes"),
        ("a: 1\n---\nb: 2", "f:2:1: not YAML: a second document; a sweep file holds one"),
        ("a: 1\nb", "f:3:1: not YAML: expected “: ” after a key (begun on line 2)"),
        ("a: \"\\q\"", "f:1:5: not YAML: an unknown escape after “\\” in double quotes"),
        ("a: 1\u{7}", "f:1:5: not YAML: a control character (U+7)"),
        ("a: 1\u{0}", "f:1:5: not YAML: a control character (U+0)"),
    ])
    func `broken syntax is told alone, with its line, in plain words`(_ text: String, _ line: String) {
        #expect(problems(text + (text.hasSuffix("\n") ? "" : "\n")) == [line])
    }

    @Test func `a file without anything lacks everything`() {
        for text in ["", "\n", "# nothing\n", "---\n", "~", "{}"] {
            let lines = problems(text)
            #expect(!lines.isEmpty, "\(text)")
        }
        #expect(problems("").count == 3)
        #expect(
            problems("[1]") == [
                "f:1:1: not an allowed value: found [1], allowed a map with name, data, train, objective, search, prune, stop, finalists, diagnose, arms, "
                    + "priority, max_parallel, requires"
            ]
        )
    }

    @Test func `lines are counted over every kind of line end, and after a byte order mark`() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "\u{FEFF}" + file(train: "epochs: 0").split(separator: "\n").joined(separator: end) + end
            #expect(problems(text)[0].hasPrefix("f:6:11: "), "\(end.unicodeScalars.map(\.value))")
        }
        #expect(problems("\u{FEFF}nam: s\n")[0].hasPrefix("f:1:1: unknown key: nam"))
    }

    @Test func `a file is bounded, UTF-8, and there`() throws {
        let folder = try TemporaryFolder()
        func lines(_ bytes: [UInt8]) throws -> [String] {
            guard case .failure(let problems) = SweepFile.read(path: try folder.write("s.yaml", bytes)) else {
                return []
            }
            return problems.lines.map { $0.replacing(folder.path, with: "…") }
        }
        #expect(try lines(Array("name: s\n# \u{E4}\n".utf8) + [0xFF, 0x0A]) == ["…/s.yaml:3:1: not UTF-8 text"])
        #expect(
            try lines(Array(repeating: 0x20, count: 1_048_577)) == [
                "…/s.yaml: larger than a sweep file may be, allowed 1048576 bytes"
            ]
        )
        #expect(try lines(Array(file().utf8)).isEmpty)
        guard case .failure(let missing) = SweepFile.read(path: "\(folder.path)/none.yaml"),
            case .failure(let directory) = SweepFile.read(path: folder.path)
        else {
            Issue.record("read what is not there")
            return
        }
        #expect(missing.lines == ["\(folder.path)/none.yaml: cannot be read: No such file or directory"])
        #expect(directory.lines == ["\(folder.path): cannot be read: Is a directory"])
    }
}

extension String {
    /// `{a: 1, b: 2}` as two lines of a block map.
    fileprivate var dropBraces: String {
        dropFirst().dropLast().split(separator: ", ").joined(separator: "\n  ")
    }
}
