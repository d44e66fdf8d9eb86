// What a static libzmq asks for and a static program does not have.
//
// Debian builds libzmq with OpenPGM, NORM and GSSAPI (Kerberos), none of which can be linked statically there. No endpoint of
// sweepd is of these transports (SweepMessaging takes tcp, ipc and inproc) and no socket uses GSSAPI, so nothing here is ever
// called but pgm_init and pgm_shutdown, with which every context begins and ends, and strlcpy. All are weak: a libzmq that
// brings its own is linked with its own.
#include "cabsenttransports.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEAK __attribute__((weak))

#define ABSENT(name)                                                       \
    WEAK void name(void);                                                  \
    void name(void) {                                                      \
        fputs("sweepd: " #name " is not part of a static build\n", stderr); \
        abort();                                                           \
    }

// OpenPGM: a context that cannot begin it does not begin at all.
WEAK int pgm_init(void *error);
int pgm_init(void *error) {
    (void)error;
    return 1;
}

WEAK int pgm_shutdown(void);
int pgm_shutdown(void) { return 1; }

ABSENT(pgm_bind3)
ABSENT(pgm_close)
ABSENT(pgm_connect)
ABSENT(pgm_error_free)
ABSENT(pgm_free)
ABSENT(pgm_freeaddrinfo)
ABSENT(pgm_getaddrinfo)
ABSENT(pgm_getsockopt)
ABSENT(pgm_gsi_create_from_data)
ABSENT(pgm_recvmsgv)
ABSENT(pgm_send)
ABSENT(pgm_setsockopt)
ABSENT(pgm_socket)

ABSENT(NormCreateInstance)
ABSENT(NormCreateSession)
ABSENT(NormDestroyInstance)
ABSENT(NormDestroySession)
ABSENT(NormGetDescriptor)
ABSENT(NormGetNextEvent)
ABSENT(NormGetRandomSessionId)
ABSENT(NormIsUnicastAddress)
ABSENT(NormNodeDelete)
ABSENT(NormObjectGetType)
ABSENT(NormObjectGetUserData)
ABSENT(NormObjectSetUserData)
ABSENT(NormSetCongestionControl)
ABSENT(NormSetDefaultSyncPolicy)
ABSENT(NormSetDefaultUnicastNack)
ABSENT(NormSetLoopback)
ABSENT(NormSetMulticastInterface)
ABSENT(NormSetRxPortReuse)
ABSENT(NormSetTTL)
ABSENT(NormStartReceiver)
ABSENT(NormStartSender)
ABSENT(NormStopInstance)
ABSENT(NormStopReceiver)
ABSENT(NormStopSender)
ABSENT(NormStreamFlush)
ABSENT(NormStreamOpen)
ABSENT(NormStreamRead)
ABSENT(NormStreamSeekMsgStart)
ABSENT(NormStreamWrite)

ABSENT(gss_accept_sec_context)
ABSENT(gss_acquire_cred)
ABSENT(gss_delete_sec_context)
ABSENT(gss_display_name)
ABSENT(gss_import_name)
ABSENT(gss_init_sec_context)
ABSENT(gss_release_buffer)
ABSENT(gss_release_cred)
ABSENT(gss_release_name)
ABSENT(gss_unwrap)
ABSENT(gss_wrap)

WEAK void *const NORM_INSTANCE_INVALID = NULL;
WEAK void *const NORM_NODE_ANY = NULL;
WEAK void *const NORM_OBJECT_INVALID = NULL;
WEAK void *const NORM_SESSION_INVALID = NULL;
WEAK void *GSS_C_NT_HOSTBASED_SERVICE = NULL;
WEAK void *GSS_C_NT_USER_NAME = NULL;

// From libbsd; glibc has it from 2.38 on. Copies as much as fits and ends it with a zero; returns the length of `source`.
WEAK size_t strlcpy(char *restrict target, const char *restrict source, size_t size);
size_t strlcpy(char *restrict target, const char *restrict source, size_t size) {
    size_t length = strlen(source);
    if (size > 0) {
        size_t copied = length < size ? length : size - 1;
        memcpy(target, source, copied);
        target[copied] = 0;
    }
    return length;
}
