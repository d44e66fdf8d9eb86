// A process between a worker and a program that is a trial. It outlives neither the program nor the worker by more than the
// grace and the ten seconds that it gives what cannot be killed at once, holds nothing of the worker's and does nothing but
// wait: so whatever happens to the worker, the program's whole tree is ended. After fork() in a process with threads only calls that are safe in a signal handler are allowed; there are no others.
#define _GNU_SOURCE
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// Closes the descriptors from `first` to `last`, or has an exec close them.
static void close_all(unsigned first, unsigned last, unsigned flags) {
    if (first > last || syscall(SYS_close_range, first, last, flags) == 0) return;
    // A kernel before 5.9.
    struct rlimit limit;
    unsigned end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (unsigned)limit.rlim_cur : 65536;
    for (unsigned descriptor = first; descriptor <= last && descriptor < end; descriptor++) {
        if (flags != 0) {
            fcntl((int)descriptor, F_SETFD, FD_CLOEXEC);
        } else {
            close((int)descriptor);
        }
    }
}

static void tell(int status, int kind, int value, int starved) {
    struct cprocess_end end = {.kind = kind, .value = value, .starved = starved};
    // Shorter than a pipe's unit, so it is written whole.
    while (write(status, &end, sizeof end) < 0 && errno == EINTR) {}
}

// Opens a file of a control group. In the kernel's file system nothing can be created: there O_CREAT changes nothing.
static int open_in(const char *group, const char *name, int flags) {
    char path[4096];
    size_t length = strlen(group), rest = strlen(name);
    if (length + rest + 2 > sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, group, length);
    path[length] = '/';
    memcpy(path + length + 1, name, rest + 1);
    return open(path, flags | O_CLOEXEC, 0600);
}

// Writes a short text to a file of a control group; 0, or -1 with errno.
static int write_in(const char *group, const char *name, const char *text) {
    int file = open_in(group, name, O_WRONLY | O_CREAT);
    if (file < 0) return -1;
    ssize_t count = write(file, text, strlen(text));
    int failure = errno;
    close(file);
    errno = failure;
    return count < 0 ? -1 : 0;
}

// Whether a text has a line of `word`, which ends with a space, and a number that is not 0.
static int counts(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *line = text; line != 0; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, word, length) == 0) return line[length] >= '1' && line[length] <= '9';
    }
    return 0;
}

// Whether processes of a control group were ended as it had come to its own limit of memory. "oom_kill" of memory.events counts
// those too that were ended for want of memory elsewhere: in the machine, or in a group above it. "oom" is raised on the group
// that is at its limit, and on those above it.
static int was_starved(const char *group) {
    int file = open_in(group, "memory.events", O_RDONLY);
    if (file < 0) return 0;
    char text[1024];
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    return counts(text, "oom ") && counts(text, "oom_kill ");
}

static _Noreturn void execute(const struct cprocess_program *program, pid_t keeper) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
    if (getppid() != keeper) _exit(127);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(program->output, 1) < 0 || dup2(program->output, 2) < 0
        || dup2(program->report, 3) < 0 || dup2(program->verdict, 4) < 0) {
        tell(program->status, 1, errno, 0);
        _exit(127);
    }
    close_all(5, ~0U, CLOSE_RANGE_CLOEXEC);
    for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    if (program->memory > 0) {
        struct rlimit limit = {.rlim_cur = (rlim_t)program->memory, .rlim_max = (rlim_t)program->memory};
        setrlimit(RLIMIT_DATA, &limit);
    }
    // It runs all the same, as where no group can be made.
    if (program->group != 0 && write_in(program->group, "cgroup.procs", "0") != 0) tell(program->status, 2, errno, 0);
    int failure = 0;
    if (chdir(program->directory) == 0) {
        // "Text file busy": a keeper that was forked meanwhile still holds the descriptor by which another thread wrote a
        // program; it closes it soon.
        for (int attempt = 0; attempt < 100; attempt++) {
            execve(program->path, program->words, program->environment);
            failure = errno;
            if (failure != ETXTBSY) break;
            struct timespec pause = {.tv_nsec = 5000000L};
            nanosleep(&pause, 0);
        }
    } else {
        failure = errno;
    }
    tell(program->status, 1, failure, 0);
    _exit(127);
}

// Sends SIGKILL to every child: an orphan of the program's tree becomes one, as the keeper is its reaper.
static void kill_children(void) {
    char path[64] = "/proc/self/task/";
    char digits[16];
    int count = 0;
    for (long rest = getpid(); rest > 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
    size_t length = strlen(path);
    while (count > 0) path[length++] = digits[--count];
    memcpy(path + length, "/children", sizeof "/children");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    char text[4096];
    long pid = 0;
    ssize_t bytes;
    while ((bytes = read(file, text, sizeof text)) > 0) {
        for (ssize_t index = 0; index < bytes; index++) {
            if (text[index] >= '0' && text[index] <= '9') {
                pid = pid * 10 + (text[index] - '0');
            } else {
                if (pid > 1) kill((pid_t)pid, SIGKILL);
                pid = 0;
            }
        }
    }
    close(file);
}

// Sends SIGKILL to the program's whole tree.
static void kill_tree(const struct cprocess_program *program, pid_t child) {
    kill(-child, SIGKILL);
    kill_children();
    // All of the group at once, those too that are being forked (Linux 5.14).
    if (program->group != 0) write_in(program->group, "cgroup.kill", "1");
}

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static _Noreturn void keep(const struct cprocess_program *program, pid_t worker) {
    setsid();
    sigset_t watched;
    sigfillset(&watched);
    sigprocmask(SIG_SETMASK, &watched, 0);
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    signal(SIGCHLD, SIG_DFL);
    // Not to be hit by who kills workers by name.
    prctl(PR_SET_NAME, "trial-keeper", 0L, 0L, 0L);
    prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0L, 0L, 0L);
    pid_t self = getpid();
    if (getppid() != worker) _exit(0);
    pid_t child = fork();
    if (child == 0) execute(program, self);
    int failure = errno;
    setpgid(child, child);
    // The worker's parent waits for its standard error to be closed by all.
    close_all(0, (unsigned)program->status - 1, 0);
    close_all((unsigned)program->status + 1, ~0U, 0);
    if (child < 0) {
        if (program->group != 0) rmdir(program->group);
        tell(program->status, 1, failure, 0);
        _exit(0);
    }
    int status = 0;
    int ended = 0;
    long deadline = -1;
    while (!ended) {
        struct timespec wait = {.tv_sec = 3600};
        if (deadline >= 0) {
            long left = deadline - milliseconds();
            if (left <= 0) {
                kill_tree(program, child);
                left = 50;
            }
            wait.tv_sec = left / 1000;
            wait.tv_nsec = left % 1000 * 1000000L;
        }
        int number = sigtimedwait(&watched, 0, &wait);
        if (number == SIGINT) deadline = milliseconds();
        if (number == SIGTERM && deadline < 0) {
            deadline = milliseconds() + program->grace;
            kill(-child, SIGTERM);
        }
        int result;
        pid_t pid;
        while ((pid = waitpid(-1, &result, WNOHANG)) > 0) {
            if (pid == child) {
                ended = 1;
                status = result;
            }
        }
    }
    // What the program left behind. A process in an uninterruptible call can outlast this; it dies when the call ends.
    long patience = milliseconds() + 10000;
    while (milliseconds() < patience) {
        kill_tree(program, child);
        pid_t pid;
        while ((pid = waitpid(-1, 0, WNOHANG)) > 0) {}
        if (pid < 0 && errno == ECHILD) break;
        struct timespec pause = {.tv_nsec = 2000000L};
        nanosleep(&pause, 0);
    }
    int starved = 0;
    if (program->group != 0) {
        starved = was_starved(program->group);
        // A process that has just ended may still be counted.
        while (rmdir(program->group) != 0 && errno == EBUSY && milliseconds() < patience) {
            struct timespec pause = {.tv_nsec = 2000000L};
            nanosleep(&pause, 0);
        }
    }
    tell(program->status, 0, status, starved);
    _exit(0);
}

int cprocess_keep(const struct cprocess_program *program) {
    pid_t self = getpid();
    sigset_t all, before;
    // No handler of the worker's may run in the copy.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t keeper = fork();
    if (keeper == 0) keep(program, self);
    int failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, 0);
    errno = failure;
    return keeper;
}
