#pragma once

/// Has the kernel send this process SIGKILL when the thread that started it ends; 0, or -1 with errno.
///
/// Holds for as long as the process lives, whatever becomes of the thread that calls. The parent may be gone before the call:
/// compare getppid() afterwards.
int cprocess_die_with_parent(void);

/// The two ends of a pipe, for reading and for writing, that no program that is executed inherits; 0, or -1 with errno.
int cprocess_pipe(int ends[2], int nonblocking);

/// A file that has no name and no disk, `size` zero bytes long, which a program that is executed inherits; its descriptor,
/// or -1 with errno.
int cprocess_memory_file(const char *label, long size);

/// A program that is to be run and what it is given.
struct cprocess_program {
    /// The file to execute; relative to `directory`.
    const char *path;
    /// Both end with a null pointer.
    char *const *words;
    char *const *environment;
    const char *directory;
    /// What becomes the program's standard output and error, its descriptor 3, and its descriptor 4; all above 4.
    int output;
    int report;
    int verdict;
    /// Where a `cprocess_end` is written when all is over, and one of kind 2 before it is executed; above 4.
    int status;
    /// Bytes of private memory that each process may have; 0: any.
    long memory;
    /// The folder of a control group (version 2) that was made for it and that is removed in the end; null: none.
    const char *group;
    /// Milliseconds from SIGTERM to SIGKILL.
    int grace;
};

/// How a program ended.
struct cprocess_end {
    /// 0: it ran, and `value` is what waitpid gave; 1: it could not be started, and `value` is errno; 2: no end, it could not enter
    /// its control group and goes on without, and `value` is errno.
    int kind;
    int value;
    /// 1: the kernel ended processes of its control group, and the group had come to its own limit of memory. What is ended for
    /// want of memory in the machine, or in a group above, is not starved.
    int starved;
};

/// Starts a keeper, which starts the program in a process group of its own, and ends all that the program started, in
/// whatever group, when the program has ended, when the keeper gets SIGTERM (with a grace) or SIGINT (without), and when the
/// thread that called ends with its process. The keeper's pid, or -1 with errno.
int cprocess_keep(const struct cprocess_program *program);
