import Foundation
import SweepCore
import SweepSpec
import Testing

/// `docs/sweep-file.md` is true: its examples are read here, and what it shows of mistakes is what is printed; `docs/reading.md` is
/// complete.
@Suite struct DocumentTests {
    struct Block {
        /// What stands after the fence: `yaml`, `yaml train`, …
        let info: String
        let text: String
    }

    static func blocks() throws -> [Block] {
        var blocks: [Block] = []
        var info: String?
        var lines: [String] = []
        for line in try text("docs/sweep-file.md").split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let opened = info {
                    blocks.append(Block(info: opened, text: lines.joined(separator: "\n") + "\n"))
                    info = nil
                } else {
                    info = String(line.dropFirst(3))
                }
                lines = []
            } else {
                lines.append(String(line))
            }
        }
        return blocks
    }

    @Test func `complete examples are right`() throws {
        let complete = try Self.blocks().filter { $0.info == "yaml" }
        #expect(complete.count >= 4)
        for block in complete { #expect(problems(block.text) == [], "\(block.text)") }
    }

    @Test func `fragments are right in the section that they name`() throws {
        let fragments = try Self.blocks().filter { $0.info == "yaml train" || $0.info == "yaml data" }
        #expect(fragments.count >= 3)
        for block in fragments {
            let section = block.info.dropFirst(5)
            // Each key of the fragment with the lines below it is one value that is set.
            var overrides: [String] = []
            for line in block.text.split(separator: "\n") {
                if let colon = line.firstIndex(of: ":"), line.first != " " {
                    overrides.append("\(section).\(line[..<colon])=\(line[line.index(after: colon)...])")
                } else if var last = overrides.popLast() {
                    last += "\n\(line)"
                    overrides.append(last)
                }
            }
            #expect(problems(file(), overrides: overrides) == [], "\(block.text)")
        }
    }

    @Test func `the mistakes shown are those that are printed`() throws {
        let blocks = try Self.blocks()
        let place = try #require(blocks.firstIndex { $0.info == "yaml wrong" })
        guard case .failure(let problems) = SweepFile.read(text: blocks[place].text, file: "digits.yaml") else {
            Issue.record("the wrong file was read without problems")
            return
        }
        #expect(blocks[place + 1].text == problems.lines.map { $0 + "\n" }.joined())
    }

    @Test(arguments: [
        "", "data.", "train.", "train.model.mlp.", "train.optimizer.sgd.", "objective.", "search.", "prune.",
    ])
    func `every key is in the document`(_ section: String) throws {
        let document = try text("docs/sweep-file.md")
        let file = file(
            model: "model: {mlp: {widths: [8]}}",
            rest: "objective: {minimize: validation.loss}\nsearch: {trials: 3}\nprune: {method: asha}"
        )
        let line = try #require(problems(file, overrides: ["\(section)qqqqqq=1"]).first)
        let allowed = try #require(line.components(separatedBy: "allowed ").last)
        let keys = allowed.replacing(" or ", with: ", ").components(separatedBy: ", ")
        #expect(keys.count > 1)
        for key in keys { #expect(document.contains("`\(key)`"), "\(section)\(key)") }
    }

    @Test func `each yaml block is one of these`() throws {
        let kinds = ["yaml", "yaml train", "yaml data", "yaml wrong"]
        for block in try Self.blocks() where block.info.hasPrefix("yaml") { #expect(kinds.contains(block.info)) }
    }

    @Test func `every finding has something to read`() throws {
        let document = try text("docs/reading.md")
        for id in Cause.allCases.map(\.rawValue) + Symptom.allCases.map(\.rawValue) {
            #expect(document.contains("`\(id)`"), "\(id)")
        }
    }

    @Test func `words of later versions are refused as the document says`() throws {
        let later = try #require(try text("docs/sweep-file.md").components(separatedBy: "## Not available").last)
        let words = later.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
        #expect(words.count > 5)
        let places: [(String) -> [String]] = [
            { problems(file(), overrides: ["\($0)=1"]) }, { problems(file(), overrides: ["data.\($0)=1"]) },
            { problems(file(), overrides: ["train.\($0)=1"]) },
            { problems(file(), overrides: ["train.model={\($0): {}}"]) },
            { problems(file(), overrides: ["train.optimizer={\($0): {}}"]) },
            { problems(file(), overrides: ["search.method=\($0)"]) }, { problems(file(), overrides: ["prune=\($0)"]) },
            { problems(file(), overrides: ["data.preprocess=[\($0)]"]) },
            { problems(file(), overrides: ["data.augment=[\($0)]"]) },
        ]
        for word in words {
            #expect(places.contains { $0(word).contains { $0.contains("not available in this version") } }, "\(word)")
        }
    }

    @Test(arguments: [
        ("data.weights", "balanced")
    ])
    func `words of later versions are told from mistakes`(_ path: String, _ value: String) {
        let lines = problems(file(), overrides: ["\(path)=\(value)"])
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains("not available in this version") == true, "\(lines)")
    }
}
