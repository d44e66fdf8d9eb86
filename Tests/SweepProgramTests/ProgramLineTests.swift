import Foundation
import SweepCore
import SweepProgram
import Testing

/// What programs write, and what it means.
@Suite struct ProgramLineTests {
    private func line(_ text: String) throws -> ProgramLine { try ProgramLine(Array(text.utf8)) }

    @Test func `reports and checkpoints are read`() throws {
        #expect(
            try line(#"{"epoch": 3, "loss": 0.5, "n": 2, "wait": true}"#)
                == .report(epoch: 3, values: ["loss": 0.5, "n": 2], waits: true)
        )
        #expect(try line(#"{"checkpoint": 3}"#) == .checkpoint(epoch: 3))
        #expect(try line(#"{"next": true}"#) == .next)
        #expect(try line(#"{"epoch": 1, "next": 2}"#) == .report(epoch: 1, values: ["next": 2], waits: false))
        #expect(try line(#"{"epoch": 1}"#) == .report(epoch: 1, values: [:], waits: false))
    }

    @Test(arguments: ["NaN", "\"nan\"", "null", "\"NaN\""]) func `no number has many names`(word: String) throws {
        guard
            case .report(1, let values, false) = try line("{\"epoch\": 1, \"NaN \\\"Infinity\": 1, \"loss\": \(word)}")
        else {
            Issue.record("not a report")
            return
        }
        #expect(values["loss"]?.isNaN == true && values["NaN \"Infinity"] == 1)
    }

    @Test func `infinities are told by sign`() throws {
        #expect(
            try line(#"{"epoch": 1, "a": Infinity, "b": -Infinity, "c": "-inf"}"#)
                == .report(epoch: 1, values: ["a": .infinity, "b": -.infinity, "c": -.infinity], waits: false)
        )
    }

    @Test(arguments: [
        ("loss is 3", "a line that is not JSON at byte 0: expected a value: loss is 3"),
        ("[1]", "a line that is no object: [1]"),
        ("{\"loss\": 1}", "a line without \"epoch\": NUMBER: {\"loss\": 1}"),
        ("{\"epoch\": 1.5}", "a line without \"epoch\": NUMBER: {\"epoch\": 1.5}"),
        ("{\"epoch\": 1, \"loss\": \"high\"}", "no number as loss: {\"epoch\": 1, \"loss\": \"high\"}"),
        (
            "{\"epoch\": 1, \"wait\": 1}", "a \"wait\" that is neither true nor false: {\"epoch\": 1, \"wait\": 1}"
        ),
        ("{\"next\": false}", "a line without \"epoch\": NUMBER: {\"next\": false}"),
        ("{\"epoch\": 1, \"next\": true}", "no number as next: {\"epoch\": 1, \"next\": true}"),
        ("{\"epoch\": 1, \"loss\": [1]}", "no number as loss: {\"epoch\": 1, \"loss\": [1]}"),
        (
            "{\"checkpoint\": 1, \"loss\": 1}",
            "a checkpoint together with something else: {\"checkpoint\": 1, \"loss\": 1}"
        ),
        ("\u{1b}[31m", "a line that is not JSON at byte 0: expected a value: \\u{1b}[31m"),
    ]) func `what is no report is told in a sentence that a terminal may have`(text: String, message: String) {
        #expect { try line(text) } throws: { ($0 as? ProgramLine.Fault)?.message == message }
    }

    @Test func `whatever bytes come, they are read or refused`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var state = seed
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let sound = Array(#"{"epoch": 12, "validation.loss": -1.5e-3, "wait": true, "x": NaN}"#.utf8)
        for _ in 0..<2000 {
            var bytes = sound
            for _ in 0...next() % 4 { bytes[Int(next()) % bytes.count] = UInt8(truncatingIfNeeded: next()) }
            _ = try? ProgramLine(bytes)
        }
    }
}

/// What a fresh process comes to after one that had told three epochs and failed.
@Suite struct JoinedRunTests {
    private func joined(_ epoch: Int, _ end: ProgramEnd) -> (epoch: Int, end: ProgramEnd) {
        ProgramRun.joined((epoch, end), told: 3)
    }

    @Test func `a state of an earlier epoch than the last that was told is not kept`() throws {
        let state = try FileBundle([])
        let early = joined(1, .cancelled(checkpoint: state))
        #expect(early.epoch == 3 && early.end == .cancelled(checkpoint: nil))
        let late = joined(4, .cancelled(checkpoint: state))
        #expect(late.epoch == 4 && late.end == .cancelled(checkpoint: state))
    }

    @Test func `a trial ends by itself only at an epoch that the fresh process came to`() {
        guard case .died(let reason, _) = joined(2, .stoppedEarly).end else {
            Issue.record("not died")
            return
        }
        #expect(reason == "a fresh process ended after epoch 2, where the one before it had reported 3")
        #expect(joined(3, .stoppedEarly).end == .stoppedEarly)
        if case .died = joined(3, .notFinite).end {} else { Issue.record("its loss there was told as a number") }
        #expect(joined(4, .notFinite).end == .notFinite && joined(4, .notFinite).epoch == 4)
    }

    @Test func `what it was told of before stands`() {
        #expect(joined(0, .died("x", log: "")).epoch == 3)
        #expect(joined(5, .reached(checkpoint: nil)).epoch == 5)
    }
}

@Suite struct ProgramCourseTests {
    private let loss = Metric.validationLoss

    private func course(from: Int = 0, to: Int = 3, keeps: Bool = true) -> ProgramCourse {
        ProgramCourse(metrics: [loss], from: from, to: to, keepsCheckpoint: keeps)
    }

    private func report(_ epoch: Int, _ value: Double = 1, waits: Bool = true) -> ProgramLine {
        .report(epoch: epoch, values: ["validation.loss": value, "other": 2], waits: waits)
    }

    private func observation(_ epoch: Int, _ value: Double = 1) -> Observation {
        Observation(epoch: epoch, values: [value], seconds: 0)
    }

    @Test func `a segment goes on to its last epoch, is paused there, and saves`() {
        var course = course()
        for epoch in 1...2 {
            #expect(course.take(report(epoch), seconds: 0, rests: false) == .epoch(observation(epoch), .go))
        }
        #expect(course.take(report(3), seconds: 0, rests: false) == .epoch(observation(3), .pause))
        #expect(course.isOver && !course.isSaved)
        #expect(course.take(.checkpoint(epoch: 3), seconds: 0, rests: false) == .saved)
        #expect(course.isSaved && course.epoch == 3)
    }

    @Test func `a whole run is told to stop at its end, and one that drains to pause at its next epoch`() {
        var whole = course(to: 1, keeps: false)
        #expect(whole.take(report(1), seconds: 0, rests: false) == .epoch(observation(1), .stop))
        var drained = course(to: 9, keeps: false)
        #expect(drained.take(report(1), seconds: 0, rests: true) == .epoch(observation(1), .pause))
        #expect(drained.isOver && drained.epoch == 1)
    }

    @Test func `one that goes on from its state begins after it, one that cannot begins anew and tells nothing twice`()
    {
        var resumed = course(from: 3, to: 5)
        #expect(resumed.take(report(4), seconds: 0, rests: false) == .epoch(observation(4), .go))
        var anew = course(from: 3, to: 5)
        for epoch in 1...3 { #expect(anew.take(report(epoch), seconds: 0, rests: false) == .epoch(nil, .go)) }
        #expect(anew.take(report(4), seconds: 0, rests: false) == .epoch(observation(4), .go))
    }

    @Test func `a program that does not wait is told nothing, and what it says after its end counts no more`() {
        var course = course(to: 1)
        #expect(course.take(report(1, waits: false), seconds: 0, rests: false) == .epoch(observation(1), nil))
        #expect(course.take(report(2, waits: false), seconds: 0, rests: false) == .epoch(nil, nil))
        #expect(course.isOver && !course.isAsked && course.epoch == 1)
    }

    @Test func `only a program that is reused may ask for another trial, whenever it does`() {
        var alone = course()
        #expect(
            alone.take(.next, seconds: 0, rests: false)
                == .fault("the program asked for another trial, which only train.reuse allows")
        )
        var reused = ProgramCourse(metrics: [loss], from: 0, to: 3, keepsCheckpoint: true, mayReturn: true)
        #expect(reused.take(report(1), seconds: 0, rests: false) == .epoch(observation(1), .go))
        #expect(reused.take(.next, seconds: 0, rests: false) == .returned)
        #expect(!reused.isOver && reused.last == 1)
    }

    @Test func `a loss that is not finite ends it`() {
        var course = course()
        guard case .epoch(let seen?, .stop) = course.take(report(1, .nan), seconds: 0, rests: false) else {
            Issue.record("not stopped")
            return
        }
        #expect(seen.values[0].isNaN && course.isBroken && course.isOver)
    }

    @Test func `epochs out of order, missing metrics and checkpoints that nobody asked for are faults`() {
        func fault(_ course: ProgramCourse, _ lines: [ProgramLine]) -> String? {
            var course = course
            for line in lines {
                if case .fault(let text) = course.take(line, seconds: 0, rests: false) { return text }
            }
            return nil
        }
        #expect(
            fault(course(), [report(1), report(3)])
                == "the program reported epoch 3 after epoch 1; epochs are reported one by one, in order"
        )
        #expect(
            fault(course(), [report(1), report(1)])?.hasPrefix("the program reported epoch 1 after epoch 1") == true
        )
        #expect(fault(course(), [report(2)]) == "the program reported epoch 2 first; the first one is 1")
        #expect(
            fault(course(from: 3, to: 9), [report(2)])?.contains("4, from the state that it was given, or 1") == true
        )
        #expect(
            fault(course(), [.report(epoch: 1, values: ["b": 1, "a": 2], waits: false)])
                == "the program reported epoch 1 without validation.loss, found a, b; "
                + "the objective and train.metrics name what every report holds"
        )
        #expect(fault(course(), [report(1), .checkpoint(epoch: 1)])?.contains("was not told to pause there") == true)
    }
}
