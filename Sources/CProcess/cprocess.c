// What Swift cannot call by itself: functions with a variable number of arguments, and those behind _GNU_SOURCE.
#define _GNU_SOURCE
#include "cprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int cprocess_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L); }

int cprocess_pipe(int ends[2], int nonblocking) { return pipe2(ends, O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0)); }

int cprocess_memory_file(const char *label, long size) {
    int file = memfd_create(label, 0);
    if (file < 0) return -1;
    if (ftruncate(file, size) != 0) {
        close(file);
        return -1;
    }
    return file;
}
