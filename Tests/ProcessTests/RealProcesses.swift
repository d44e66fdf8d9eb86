import ProcessTestKit
import Testing

/// Tests of the release program as people run it. One at a time: each has processes enough for a small machine.
@Suite(.serialized, .enabled(if: Program.isThere, Program.requirement))
struct RealProcesses {}
