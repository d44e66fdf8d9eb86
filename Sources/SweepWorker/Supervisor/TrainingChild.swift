import CProcess
import Glibc
import SweepProgram
package import SweepWire

/// The process that trains, as its parent starts it, and what it finds of its parent.
package struct TrainingChild {
    /// Where the child finds the board and what it inherits.
    private static let boardDescriptor: Int32 = 3
    private static let inheritanceDescriptor: Int32 = 4

    let pid: pid_t
    /// What it writes to standard error.
    let errors: Int32

    /// Starts this very program with these arguments; the error's number when the system does not.
    ///
    /// To be called on a thread that lives as long as the child: it dies with the thread.
    static func start(_ arguments: [String], board: SlotBoard, inheritance: [SegmentEnded]) -> Result<Self, SpawnError>
    {
        var pipe: [Int32] = [-1, -1]
        guard cprocess_pipe(&pipe, 0) == 0 else { return .failure(SpawnError(number: errno)) }
        guard let file = Inheritance.file(inheritance) else {
            let number = errno
            pipe.forEach { close($0) }
            return .failure(SpawnError(number: number))
        }
        // Copies with numbers above those that the child has: none is in the place where another one goes.
        var sources: [Int32] = []
        defer { for descriptor in sources + [pipe[1], file] { close(descriptor) } }
        for descriptor in [pipe[1], board.descriptor, file] {
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, inheritanceDescriptor + 1)
            guard copy >= 0 else {
                let number = errno
                close(pipe[0])
                return .failure(SpawnError(number: number))
            }
            sources.append(copy)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (source, target) in zip(sources, [2, boardDescriptor, inheritanceDescriptor]) {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Ctrl-C reaches the parent alone, which asks the child to drain, once.
        posix_spawnattr_setpgroup(&attributes, 0)
        var handled = sigset_t()
        sigemptyset(&handled)
        posix_spawnattr_setsigmask(&attributes, &handled)
        for number in [SIGTERM, SIGINT] { sigaddset(&handled, number) }
        posix_spawnattr_setsigdefault(&attributes, &handled)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
        )
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var pid = pid_t()
        // The program that runs, also when its file was replaced since.
        let status = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, &words, environ)
        guard status == 0 else {
            close(pipe[0])
            return .failure(SpawnError(number: status))
        }
        return .success(TrainingChild(pid: pid, errors: pipe[0]))
    }

    /// Ties the process that calls to its parent and takes what it was handed; nil when `parent` is not its parent.
    package static func adopt(parent: Int32) -> (board: SlotBoard, inherited: [SegmentEnded])? {
        guard cprocess_die_with_parent() == 0, getppid() == parent,
            let board = SlotBoard(inherited: boardDescriptor)
        else { return nil }
        return (board, Inheritance.read(inheritanceDescriptor))
    }

    /// Waits for its end.
    func end() -> ChildEnd {
        close(errors)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return ChildEnd(status: status)
    }
}

/// Why a process cannot be started.
struct SpawnError: Error, CustomStringConvertible {
    let number: Int32
    var description: String { String(cString: strerror(number)) }
}
