/// How long to wait before a training process is started again.
package struct RestartPauses: Hashable, Sendable {
    /// The pause after the first one; the first restart is at once, so that what happened is told at once.
    package static let first: Duration = .milliseconds(250)
    /// Shorter than the 6 s after which a coordinator gives the trials of a silent worker away, so that it hears what
    /// became of them.
    package static let longest: Duration = .seconds(4)
    /// A process that lived so long has worked: the pauses begin anew.
    package static let goodLife: Duration = .seconds(30)

    private var next: Duration = .zero

    package init() {}

    /// The pause after a process that lived for `life`; `random` spreads out machines that fell together.
    package mutating func pause(afterLifeOf life: Duration, random: UInt64) -> Duration {
        if life >= Self.goodLife { next = .zero }
        defer { next = next == .zero ? Self.first : min(next * 2, Self.longest) }
        // A factor in [½, 1].
        let half = next / 2
        return half + half * (Double(random >> 11) / Double(1 << 53))
    }
}
