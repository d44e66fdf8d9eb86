import SweepCore
import SweepSpec
import Testing

/// Where and when a sweep is trained, as a file says it: mistakes have their line and column.
@Suite struct PlacementFileTests {
    @Test func `priority, limit, labels and threads are read`() throws {
        let rest = "search: {trials: 3}\npriority: 5\nmax_parallel: 4\nrequires: {gpu: yes, rack: 2, kernels: v3}"
        let read = try sweep(file(train: "epochs: 9\n  threads: 2", rest: rest))
        #expect(
            read.sweep.placement
                == Placement(
                    priority: 5,
                    maxParallel: 4,
                    requires: [("gpu", "yes"), ("kernels", "v3"), ("rack", "2")].map {
                        WorkerRequirement(key: $0.0, value: $0.1)
                    },
                    slots: 2
                )
        )
    }

    @Test(arguments: [
        (
            "priority: 5000",
            "f:8:11: not an allowed value: priority, found 5000, allowed an integer from -1000 to 1000"
        ),
        (
            "max_parallel: none",
            "f:8:15: not an allowed value: max_parallel, found none, allowed an integer from 1 to 65536"
        ),
        (
            "requires: [gpu]",
            "f:8:11: not an allowed value: requires, found [gpu], allowed a map of labels with their values, as in "
                + "{gpu: yes, kernels: v3}"
        ),
        (
            "requires: {kernels: v9}",
            "f:8:21: not an allowed value: requires.kernels, found v9, allowed v2, v3 or v4"
        ),
        (
            "requires: {cuda: 12.1}",
            "f:8:18: not text: requires.cuda, found 12.1, allowed text; a number with a point in quotes, as the label has it"
        ),
    ]) func `a mistake is told where it stands`(line: String, sentence: String) {
        #expect(problems(file(rest: "search: {trials: 3}\n\(line)")) == [sentence])
    }

    @Test func `a label that no worker can have is told at its key`() {
        let found = problems(file(rest: "search: {trials: 3}\nrequires: {\"my gpu\": yes}"))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("f:8:12: not a label") == true, "\(found)")
    }

    @Test func `a range of threads is refused, as there is nothing to search`() {
        #expect(
            problems(file(train: "epochs: 9\n  threads: {choice: [1, 2]}")) == [
                "f:7:12: threads change no result, so that there is nothing to search: train.threads, "
                    + "found {choice: [1, 2]}, allowed an integer from 1 to 256"
            ]
        )
        #expect(problems(file(train: "epochs: 9\n  threads: 2")).isEmpty)
    }

    @Test func `a misspelled key is guessed`() {
        let found = problems(file(rest: "search: {trials: 3}\npriorty: 5"))
        #expect(found.count == 1 && found[0].contains("did you mean priority?"), "\(found)")
    }
}
