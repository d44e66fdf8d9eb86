extension HTTPRoute {
    /// The path with `NAME` and `N` for what was asked for, one of `paths` without its parameters.
    package var pattern: String {
        switch self {
        case .health: "/health"
        case .metrics: "/metrics"
        case .index: "/api/v1"
        case .session: "/api/v1/session"
        case .login: "/api/v1/login"
        case .logout: "/api/v1/logout"
        case .sweeps, .submit: "/api/v1/sweeps"
        case .workers: "/api/v1/workers"
        case .events: "/api/v1/events"
        case .sweep, .delete: Self.ofSweep
        case .status: Self.ofSweep + "/status"
        case .rank: Self.ofSweep + "/rank"
        case .curves: Self.ofSweep + "/curves"
        case .trials: Self.ofSweep + "/trials"
        case .trial: Self.ofSweep + "/trials/N"
        case .explanation: Self.ofSweep + "/trials/N/explanation"
        case .diagnosis: Self.ofSweep + "/trials/N/diagnosis"
        case .timeline: Self.ofSweep + "/timeline"
        case .data: Self.ofSweep + "/data"
        case .importance: Self.ofSweep + "/importance"
        case .findings: Self.ofSweep + "/findings"
        case .comparison: Self.ofSweep + "/comparison"
        case .sweepEvents: Self.ofSweep + "/events"
        case .steer(_, let steering): Self.ofSweep + "/" + steering.rawValue
        case .set: Self.ofSweep + "/set"
        case .enqueue: Self.ofSweep + "/enqueue"
        case .ask: Self.ofSweep + "/ask"
        case .file(_, let download): Self.ofSweep + (download.isReport ? "/report" : "/export")
        case .report: Self.ofSweep + "/report"
        case .tell: Self.ofSweep + "/tell"
        }
    }

    private static let ofSweep = "/api/v1/sweeps/NAME"
}
