// What Swift cannot call by itself: functions with a variable number of arguments, and those behind _GNU_SOURCE.
#define _GNU_SOURCE
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

// Whoever starts a program with a standard stream closed (`>&-`) gives its number to what is opened first: an event by which threads wake each
// other, a file of the store; and results and logs would be written there. This runs before anything is opened and puts /dev/null in
// the place, the wrong way round, so that a result that nobody can have is a failure, as on a full disk.
__attribute__((constructor)) static void occupy_standard_streams(void) {
    for (int stream = 0; stream <= 2; stream++) {
        if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest number that is free is given, which is this one.
        if (open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) < 0) return;
    }
}

// The kernel keeps the wish with the thread that made it and forgets it when that thread ends, as those of a pool do when
// there is nothing for them to do for a while. So a thread makes it that does nothing else and never ends.
struct bond {
    sem_t done;
    int result;
    int error;
};

static void *hold_bond(void *argument) {
    struct bond *bond = argument;
    bond->result = prctl(PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
    bond->error = errno;
    sem_post(&bond->done);
    for (;;) pause();
    return 0;
}

int cprocess_die_with_parent(void) {
    struct bond bond = {.result = -1};
    pthread_t thread;
    sigset_t all, before;
    if (sem_init(&bond.done, 0, 0) != 0) return -1;
    // Signals are for the threads that know what to do with them.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, 0, hold_bond, &bond);
    pthread_sigmask(SIG_SETMASK, &before, 0);
    if (error != 0) {
        errno = error;
        return -1;
    }
    while (sem_wait(&bond.done) != 0) {}
    pthread_detach(thread);
    errno = bond.error;
    return bond.result;
}

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
