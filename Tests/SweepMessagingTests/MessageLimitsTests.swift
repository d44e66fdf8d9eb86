import SweepMessaging
import Testing

struct MessageLimitsTests {
    @Test(arguments: [MessageLimits(maximumFrames: 2), MessageLimits(maximumMessageBytes: 20)])
    func `what follows a violation is not kept`(limits: MessageLimits) {
        var collector = FrameCollector(limits)
        for _ in 0..<100 {
            [UInt8](repeating: 1, count: 10).withUnsafeBytes { collector.append($0) }
            #expect(collector.frameCount <= 2)
            #expect(collector.byteCount <= 20)
        }
        guard case .rejected = collector.message else {
            Issue.record("kept: \(collector.message)")
            return
        }
    }

    @Test(
        arguments: [
            (.zero, 0), (.seconds(-1), 0), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(2_345), 3),
            (.seconds(3), 3_000), (.seconds(1_000_000_000), .max),
        ] as [(Duration, Int32)]
    )
    func `a duration is rounded up to milliseconds, and kept within what libzmq holds`(
        duration: Duration,
        expected: Int32
    ) {
        #expect(duration.clampedMilliseconds == expected)
    }
}
