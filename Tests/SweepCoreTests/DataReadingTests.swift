import SweepCore
import Testing

/// `data` of a sweep file: sources, columns, imputation.
@Suite struct `Reading what data says` {
    private func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }

    private func read(_ entries: (String, SpecNode)...) -> (data: DataSpec?, problems: [String]) {
        let problems = SpecProblems()
        let reader = SpecReader(.map(entries.map { SpecEntry($0.0, $0.1) }), problems: problems, allowsDomains: true)
        let data = DataSpec.read(reader)
        return (data, problems.all.map { "\($0.path): \($0.message); \($0.allowed ?? "")" })
    }

    @Test func `every kind of source is read`() {
        let sources: [(SpecNode, DataSource)] = [
            (.text("a.csv"), .table("a.csv")),
            (map(("images", .text("i")), ("labels", .text("l"))), .images("i", labels: "l")),
            (
                map(("arrays", .text("a.npz")), ("features", .text("x")), ("labels", .text("y"))),
                .arrays("a.npz", features: "x", labels: "y")
            ),
            (
                map(("labels", .text("y.npy")), ("features", .text("x.npy"))),
                .arrayFiles(features: "x.npy", labels: "y.npy")
            ),
            (map(("libsvm", .text("a.svm"))), .libsvm("a.svm")),
            (
                map(("folder", .text("p")), ("height", .integer(32)), ("width", .integer(48))),
                .folder(ImageFolder(path: "p", height: 32, width: 48))
            ),
            (
                map(
                    ("folder", .text("p")),
                    ("height", .integer(1)),
                    ("width", .integer(4096)),
                    ("channels", .integer(1)),
                    ("resize", .text("pad"))
                ),
                .folder(ImageFolder(path: "p", height: 1, width: 4096, channels: 1, fit: .pad))
            ),
        ]
        for (node, source) in sources {
            let (data, problems) = read(("source", node), ("validation", map(("source", node))))
            #expect(data?.source == source && data?.validation == .source(source) && problems == [])
        }
    }

    @Test func `wrong sources are told`() {
        let cases: [(SpecNode, [String])] = [
            (
                map(),
                [
                    "source: names nothing to read; a file, or a map with images, arrays, features, libsvm, folder or generate"
                ]
            ),
            (map(("labels", .text("l"))), ["source.images: missing; an IDX file"]),
            (map(("features", .text("x"))), ["source.labels: missing; an NPY file"]),
            (
                map(("arrays", .text("a"))),
                [
                    "source.features: missing; the name of an array in the file",
                    "source.labels: missing; the name of an array in the file",
                ]
            ),
            (
                map(("libsvm", .text("a")), ("labels", .text("l"))), ["source.labels: unknown key; libsvm"]
            ),
            (
                map(
                    ("folder", .text("p")),
                    ("height", .integer(0)),
                    ("width", .integer(4097)),
                    ("channels", .integer(2)),
                    ("resize", .text("cut"))
                ),
                [
                    "source.height: not an allowed value; an integer from 1 to 4096",
                    "source.width: not an allowed value; an integer from 1 to 4096",
                    "source.channels: not an allowed value; 1 (grey) or 3 (red, green, blue)",
                    "source.resize: not an allowed value; stretch, crop or pad",
                ]
            ),
        ]
        for (node, expected) in cases { #expect(read(("source", node)).problems == expected) }
    }

    @Test func `columns, categories and one-hot targets are read`() {
        let (data, problems) = read(
            ("source", .text("a.csv")),
            ("columns", map(("zip", .text("categorical")), ("3", .text("ignore")))),
            ("categorical", map(("hash", .integer(64)))),
            ("target", map(("one_hot", .list([.text("a"), .integer(2)]))))
        )
        #expect(problems == [])
        #expect(data?.columns == [ColumnRule("zip", .categorical), ColumnRule("3", .ignore)])
        #expect(data?.categorical == .hash(64) && data?.target == .oneHot(["a", "2"]))
        #expect(read(("source", .text("a.csv"))).data?.categorical == .oneHot)
        #expect(read(("source", .text("a.csv")), ("categorical", .text("ordinal"))).data?.categorical == .ordinal)
    }

    @Test func `wrong columns, categories and one-hot targets are told`() {
        let (data, problems) = read(
            ("source", .text("a.csv")),
            ("columns", map(("zip", .text("text")))),
            ("categorical", .text("hash")),
            ("target", map(("one_hot", .list([.text("a"), .text("a")]))))
        )
        #expect(data == nil)
        #expect(
            Set(problems) == [
                "target.one_hot: a column stands twice; different columns",
                "columns.zip: not an allowed value; numeric, categorical, date or ignore",
                "categorical.hash: missing; a number of buckets, as in {hash: 64}",
            ]
        )
        #expect(
            read(("source", .text("a.csv")), ("columns", .text("zip"))).problems == [
                "columns: not an allowed value; a map of columns, each numeric, categorical, date or ignore"
            ]
        )
        #expect(
            read(("source", .text("a.csv")), ("categorical", map(("hash", .integer(1))))).problems == [
                "categorical.hash: not an allowed value; an integer from 2 to 65536"
            ]
        )
    }

    private func steps(_ node: SpecNode) -> (steps: [PreprocessStep]?, problems: [String]) {
        let (data, problems) = read(("source", .text("a.csv")), ("preprocess", .list([node])))
        return (data?.preprocess, problems)
    }

    @Test func `impute is a word, or a map of what is put in`() {
        #expect(steps(.text("impute")).steps == [.impute])
        #expect(steps(map(("impute", map(("with", .text("median")))))).steps == [.imputing(Imputation(.median))])
        let told = map(("impute", map(("with", .text("most_frequent")), ("indicator", .boolean(true)))))
        #expect(steps(told).steps == [.imputing(Imputation(.mostFrequent, hasIndicator: true))])
        let constant = map(("impute", map(("with", .text("constant")), ("value", .integer(-1)))))
        #expect(steps(constant).steps == [.imputing(Imputation(.constant(-1)))])
        #expect(
            steps(map(("impute", map(("with", .text("constant")))))).problems == [
                "preprocess[0].impute.value: missing; a number"
            ]
        )
        #expect(
            steps(map(("impute", map(("value", .integer(3)))))).problems == [
                "preprocess[0].impute.value: only a constant has a value; with: constant"
            ]
        )
        #expect(
            steps(map(("impute", map(("with", .text("mode")))))).problems.first?.hasPrefix(
                "preprocess[0].impute.with: not an allowed value; mean, median, most_frequent or constant"
            ) == true
        )
        // A sweep may try several.
        let choice = SpecNode.domain(
            .choice([ChoiceOption(.text("mean")), ChoiceOption(.text("median"))])
        )
        let (tried, problems) = steps(map(("impute", map(("with", choice)))))
        #expect(tried == [.imputing(Imputation(.mean))] && problems == [])
    }
}
