/// How often feeds look, and when they say again what they said.
enum FeedPace {
    private static let period = Duration.seconds(1)
    /// Looking takes at most one part in so many of the time.
    private static let share = 50
    /// What is known is told again after so many looks without a change, as its times move on.
    static let silence = 5
    /// What is sent after a look that showed no change: a comment, by which a watcher knows that the connection lives.
    static let nothingNew: [UInt8] = Array(": \n\n".utf8)

    /// How long to wait after a look that took `duration`.
    static func pause(afterLook duration: Duration) -> Duration { max(period, duration * share) }
}
