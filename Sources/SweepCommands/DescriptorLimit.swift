import Foundation

/// How many files and connections this process may have open.
enum DescriptorLimit {
    /// Raises it as far as the system allows without a privilege: a coordinator holds a connection for each worker, and the
    /// usual limit of 1,024 is there for programs that use `select`, which none here does.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
