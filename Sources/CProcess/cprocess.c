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

static sem_t tied;
static int tie_error;

static void *stay_tied(void *unused) {
    (void)unused;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    tie_error = prctl(PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L) == 0 ? 0 : errno;
    sem_post(&tied);
    for (;;) pause();
}

int cprocess_die_with_parent(void) {
    // The kernel keeps the wish with the thread that has it, and forgets it when that thread ends.
    pthread_t thread;
    if (sem_init(&tied, 0, 0) != 0) return -1;
    int status = pthread_create(&thread, NULL, stay_tied, NULL);
    if (status == 0) {
        pthread_detach(thread);
        while (sem_wait(&tied) != 0 && errno == EINTR) continue;
        status = tie_error;
    }
    if (status == 0) return 0;
    errno = status;
    return -1;
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
