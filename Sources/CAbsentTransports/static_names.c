// How a static program finds names: by what is inside it.
//
// glibc asks /etc/nsswitch.conf which modules look a host or a user up, and would load the machine's own (mdns, systemd's,
// sssd's) into this program, which has another C library: they crash it or are not found. The two that glibc has built in
// are told instead: the machine's files, and DNS as /etc/resolv.conf says.
#include <netdb.h>
#include <nss.h>

__attribute__((constructor)) static void use_built_in_names(void) {
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
    __nss_configure_lookup("services", "files");
    __nss_configure_lookup("protocols", "files");
    __nss_configure_lookup("networks", "files");
}
