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
