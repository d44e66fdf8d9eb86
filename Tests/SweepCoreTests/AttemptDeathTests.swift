import SweepCore
import Testing

@Suite struct AttemptDeathTests {
    @Test func `a death comes back from its text, its reason on one line`() {
        let death = AttemptDeath(reason: "signal 11 (SIGSEGV)\nafter epoch 3", log: "first\n\nlast\n")
        #expect(death.reason == "signal 11 (SIGSEGV) after epoch 3")
        #expect(AttemptDeath(text: death.text) == death)
        #expect(AttemptDeath(text: "signal 9") == AttemptDeath(reason: "signal 9", log: ""))
        #expect(AttemptDeath(text: "") == AttemptDeath(reason: "", log: ""))
    }

    @Test func `a long log keeps its last whole lines, a short one all`() {
        let line = String(repeating: "é", count: 50)
        let long = AttemptDeath(reason: "r", log: (1...1000).map { "\($0) \(line)" }.joined(separator: "\n"))
        let kept = long.shortened.log
        #expect(kept.utf8.count <= AttemptDeath.logBytes && kept.utf8.count > AttemptDeath.logBytes - 120)
        #expect(kept.hasSuffix("1000 \(line)") && kept.first?.isNumber == true)
        let short = AttemptDeath(reason: "r", log: "one\ntwo")
        #expect(short.shortened == short)
        #expect(AttemptDeath(reason: "r", log: String(repeating: "€", count: 9999)).shortened.log.utf8.count <= 4096)
    }

    @Test func `the sentence tells what the log says last`() {
        #expect(AttemptDeath(reason: "exit code 1", log: "").sentence == "exit code 1")
        #expect(AttemptDeath(reason: "exit code 1", log: "a\nb\n\n").sentence == "exit code 1; its log ends: b")
        #expect(AttemptDeath(reason: "x", log: String(repeating: "y", count: 5000)).sentence.utf8.count < 400)
    }

    @Test(
        arguments: [
            ("signal 9 (SIGKILL), out of memory after epoch 0", "", FailureCause.outOfMemory),
            ("exit code 1 after epoch 2", "mmap: Cannot allocate memory\n", .outOfMemory),
            (
                "signal 6 (SIGABRT)", "Fatal error: failed to allocate 4194304 bytes of memory with alignment 16\n",
                .outOfMemory
            ),
            ("signal 7 (SIGBUS) after epoch 0", "write: No space left on device", .diskFull),
            ("data set 00ff: the coordinator does not have it", "", .missingData),
        ]
    ) func `a cause that is not the trial's is told by its words`(reason: String, log: String, cause: FailureCause) {
        #expect(FailureCause(AttemptDeath(reason: reason, log: log)) == cause)
    }

    @Test(
        arguments: [
            "signal 11 (SIGSEGV) after epoch 0", "signal 9 (SIGKILL) after epoch 0", "its worker a fell silent",
            "no step for 60 s on worker a after epoch 1", "exit code 1 after epoch 0",
        ]
    ) func `what may be the trial's own doing has no such cause`(reason: String) {
        #expect(FailureCause(AttemptDeath(reason: reason, log: "epoch 3 done\n")) == nil)
    }

    @Test func `of what a program writes only memory counts`() {
        let missing = AttemptDeath(reason: "exit code 1", log: "cat: configs/.json: No such file or directory")
        #expect(FailureCause(missing, ofProgram: true) == nil)
        #expect(
            FailureCause(AttemptDeath(reason: "exit code 1", log: "No space left on device"), ofProgram: true) == nil
        )
        let memory = AttemptDeath(reason: "exit code 1", log: "std::bad_alloc")
        #expect(FailureCause(memory, ofProgram: true) == .outOfMemory)
        let reason = "the program's folder cannot be made: /tmp/x: No space left on device"
        #expect(FailureCause(AttemptDeath(reason: reason, log: ""), ofProgram: true) == .diskFull)
        let absent = "the program cannot be started: python3: No such file or directory"
        #expect(FailureCause(AttemptDeath(reason: absent, log: ""), ofProgram: true) == .programNotStarted)
    }

    @Test func `words far above the end of a log are no cause`() {
        let log = "out of memory, trying less\n" + String(repeating: "all is well\n", count: 1000)
        #expect(FailureCause(AttemptDeath(reason: "signal 11", log: log)) == nil)
    }
}
