import SweepCore
import SweepNumerics
import SweepSpec
import Testing

/// Whatever stands in a file, there is an answer: a sweep that can be trained, or at least one problem.
@Suite struct FuzzTests {
    private func check(_ text: String, overrides: [String] = [], _ seed: UInt64) throws {
        switch SweepFile.read(text: text, file: "f", overrides: overrides) {
        case .failure(let problems):
            #expect(!problems.lines.isEmpty, "seed \(seed): nothing is said of\n\(text)")
        case .success(let file):
            let problems = SpecProblems()
            #expect(Sweep.read(file.sweep.source, problems: problems) == file.sweep, "seed \(seed)\n\(text)")
            for configuration in file.sweep.space.cover.prefix(50) {
                let resolved = try #require(file.sweep.space.resolve(configuration), "seed \(seed)\n\(text)")
                let found = SpecProblems()
                #expect(TrialWork.read(resolved, problems: found) != nil, "seed \(seed): \(found.all)\n\(text)")
            }
        }
    }

    @Test(arguments: exampleFiles)
    func `an example with random letters changed`(_ name: String) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        let original = Array(try text(name).unicodeScalars)
        let letters = Array(
            "[]{}:,-#&*!|>'\"%@`~ \n\t\\?.0123456789eE+_abcxyznul\u{0}\u{7}é\u{E000}\u{2028}".unicodeScalars
        )
        for _ in 0..<400 {
            var changed = original
            for _ in 0...random.below(4) {
                let place = random.below(changed.count)
                let letter = letters[random.below(letters.count)]
                switch random.below(4) {
                case 0: changed.remove(at: place)
                case 1: changed[place] = letter
                case 2: changed.insert(letter, at: place)
                default: changed.removeSubrange(place..<min(changed.count, place + random.below(40)))
                }
            }
            try check(String(String.UnicodeScalarView(changed)), seed)
        }
    }

    @Test(arguments: exampleFiles)
    func `an example with words and lines changed`(_ name: String) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        let original = try text(name).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let words = [
            "null", "-1", "0", "1e999", ".nan", "99999999999999999999", "-9223372036854775808", "[]", "{}", "[[1]]",
            "\"\"",
            "{choice: []}", "{choice: [1, 1]}", "{int: [3, 1]}", "{log: [0, 1]}", "{uniform: [0, 1], step: 2}",
            "{log_int: [1, 2]}",
            "{choice: [{a: {int: [1, 2]}}, {a: {int: [1, 2]}}]}", "{int: [-9007199254740992, 9007199254740992]}", "*x",
            "&x 1",
            "grid", "true", "{uniform: [-1e308, 1e308]}", "{choice: [{int: [1, 2]}]}", "? {a: 1}",
        ]
        for _ in 0..<400 {
            var lines = original
            for _ in 0...random.below(3) {
                let place = random.below(lines.count)
                switch random.below(5) {
                case 0: lines.remove(at: place)
                case 1: lines.insert(lines[random.below(lines.count)], at: place)
                case 2: lines[place] = " " + lines[place]
                case 3: lines[place] = String(lines[place].drop { $0 == " " })
                default:
                    let word = words[random.below(words.count)]
                    guard let colon = lines[place].firstIndex(of: ":") else { continue }
                    lines[place] = lines[place][...colon] + " " + word
                }
            }
            try check(lines.joined(separator: "\n"), seed)
        }
    }

    @Test func `random options of the command line`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        let example = try text("sweeps/digits.yaml")
        let steps = [
            "train", "data", "optimizer", "adam", "sgd", "learning_rate", "choice", "0", "1", "epochs", "model", "mlp",
            "x", "",
            "preprocess", "-1", "search", "seed", "prune", "log", "int",
        ]
        let values = [
            "", "1", "[", "{int: [1, 2]}", "{", "null", "[a, b]", "a: b", "- 1", "*x", "\n", "{choice: [1]}", "=",
            "1e999",
        ]
        for _ in 0..<300 {
            let overrides = (0...random.below(3)).map { _ in
                let path = (0...random.below(4)).map { _ in steps[random.below(steps.count)] }.joined(separator: ".")
                return random.below(9) == 0 ? path : path + "=" + values[random.below(values.count)]
            }
            try check(example, overrides: overrides, seed)
        }
    }
}
