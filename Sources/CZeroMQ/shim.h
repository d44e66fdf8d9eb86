// What SweepMessaging needs from C beside libzmq: values and calls that Swift's importer does not show.
#ifndef SWEEPD_CZEROMQ_SHIM_H
#define SWEEPD_CZEROMQ_SHIM_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zmq.h>

// Honoured by the stable library, but zmq.h declares it only to users of the draft interface.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

// A descriptor that poll() reports as readable once it has been signalled.
static inline int czeromq_wakeup_create(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static inline void czeromq_wakeup_signal(int descriptor) {
    const uint64_t one = 1;
    while (write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

static inline void czeromq_wakeup_drain(int descriptor) {
    uint64_t count;
    while (read(descriptor, &count, sizeof count) < 0 && errno == EINTR) {
    }
}

// The kernel's id of the calling thread. pthread_self() will not do: glibc declares it constant,
// and the optimizer carries its result across a suspension point, onto another thread.
static inline int64_t czeromq_thread_id(void) {
    return (int64_t)syscall(SYS_gettid);
}

static inline void czeromq_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

#endif
