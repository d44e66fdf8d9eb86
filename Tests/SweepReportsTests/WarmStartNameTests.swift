import SweepReports
import Testing

/// Which part of `search.warm_start` is the file and which the study.
@Suite struct WarmStartNameTests {
    /// The file and the study of a name where these files are there.
    private func read(_ name: String, _ files: String...) -> [String?] {
        let found = WarmStartName(name) { files.contains($0) }
        return [found.file, found.study]
    }

    @Test func `the first sign at which a file ends parts file and study`() {
        #expect(read("study.db#digits", "study.db") == ["study.db", "digits"])
        #expect(read("study.db#a#1", "study.db") == ["study.db", "a#1"])
        #expect(read("a#b/study.db#a#1", "a#b/study.db") == ["a#b/study.db", "a#1"])
        #expect(read("sqlite:///study.db#a#1", "study.db") == ["study.db", "a#1"])
        #expect(read("study.db", "study.db") == ["study.db", nil])
        #expect(read("study.db#", "study.db") == ["study.db", nil])
        #expect(read("#1.db#digits", "#1.db") == ["#1.db", "digits"])
    }

    @Test func `a file with the sign in its own name needs none behind it`() {
        #expect(read("run#1.jsonl", "run#1.jsonl") == ["run#1.jsonl", nil])
        #expect(read("run#1.jsonl#", "run#1.jsonl") == ["run#1.jsonl", nil])
        // Where both are there, the shorter.
        #expect(read("run#1.jsonl", "run", "run#1.jsonl") == ["run", "1.jsonl"])
    }

    @Test func `where no file is there, the first sign parts them`() {
        #expect(read("absent.db#digits") == ["absent.db", "digits"])
        #expect(read("absent.db#a#1") == ["absent.db", "a#1"])
        #expect(read("sqlite:///absent.db") == ["absent.db", nil])
    }

    @Test func `every file that may be meant is told`() {
        #expect(WarmStartName.files("sqlite:///a/../b#c#d") == ["a/../b", "a/../b#c", "a/../b#c#d"])
        #expect(WarmStartName.files("a.jsonl") == ["a.jsonl"])
    }
}
