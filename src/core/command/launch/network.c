/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * Ranks open ports for the parts of Open MPI that could reach other hosts; words for mpirun leave these parts out.
 * Their names depend on the version. mpirun itself has a port for the daemons that it would start on other hosts, and
 * binds it to all addresses, whatever one tells it. So mpirun gets a network of its own (network_namespaces(7)), in
 * which there is loopback alone. That needs no rights where the system has user namespaces; there the user is still the
 * same user. The PMIx of some versions of Open MPI 5 does not start with loopback alone: they keep their network. */
#define _GNU_SOURCE
#include "command/launch/ready.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what the user chooses ---- */

enum { MESSAGES = 1, TRANSPORT = 2, PORTS = 4, ALL = MESSAGES | TRANSPORT | PORTS };

/* By the name of a parameter. */
static unsigned chosen_by(const char *name, size_t n) {
    static const struct {
        const char *begin;
        unsigned chosen;
    } names[] = {
        /* the first that fits */
        {"btl_vader_", 0},  {"btl_sm_", 0},     {"btl_self_", 0}, {"btl_base_", 0}, {"btl", ALL},
        {"pml", MESSAGES},  {"mtl", ALL},       {"oob", PORTS},   {"ptl", PORTS},   {"pmix_ptl", PORTS},
        {"prte_if", PORTS}, {"orte_if", PORTS}, {"plm", PORTS},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i].begin);
        if (length <= n && !memcmp(name, names[i].begin, length)) return names[i].chosen;
    }
    return 0;
}

/* --mca NAME VALUE, or --prtemca, --gmca ...; files of parameters may choose anything. */
static unsigned chosen_in_options(const char *options) {
    static const char space[] = " \t\n";
    unsigned chosen = 0;
    bool name = false;
    for (const char *word = options; *(word += strspn(word, space));) {
        size_t n = strcspn(word, space);
        if (name) chosen |= chosen_by(word, n);
        bool option = *word == '-';
        name = option && n >= 3 && !memcmp(word + n - 3, "mca", 3);
        if (option && (!strncmp(word, "--tune", n) || !strncmp(word, "--am", n) || !strncmp(word, "-am", n)))
            return ALL;
        word += n;
    }
    return chosen;
}

static unsigned chosen_in_environment(void) {
    static const char *const begins[] = {"OMPI_MCA_", "PRTE_MCA_", "PMIX_MCA_"};
    unsigned chosen = 0;
    for (char **e = environ; e && *e; e++)
        for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
            size_t n = strlen(begins[i]);
            if (!strncmp(*e, begins[i], n)) chosen |= chosen_by(*e + n, strcspn(*e + n, "="));
        }
    return chosen;
}

const char *launch_network_words(gt_arena *a, int version, const char *options, bool *apart) {
    unsigned chosen = chosen_in_options(options) | chosen_in_environment();
    bool ucx = !getenv("UCX_TLS") && !strstr(options, "UCX_");
    *apart = !(chosen & PORTS) && version < 5;
    const char *memory = version < 5 ? "vader" : "sm";
    return gt_arena_printf(a, "%s%s%s%s", chosen & MESSAGES ? "" : "--mca pml ob1 ",
                           chosen & TRANSPORT ? "" : "--mca btl self,", chosen & TRANSPORT ? "" : memory,
                           ucx ? " -x UCX_TLS=self,sm" : "");
}

/* ---- a network of loopback alone ---- */

static bool write_map(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return written;
}

static bool keep_user(unsigned uid, unsigned gid) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "%u %u 1\n", uid, uid);
    snprintf(groups, sizeof groups, "%u %u 1\n", gid, gid);
    return write_map("/proc/self/setgroups", "deny") && write_map("/proc/self/gid_map", groups) &&
           write_map("/proc/self/uid_map", users);
}

static bool start_loopback(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool started = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0) close(fd);
    return started;
}

static bool leave(void) {
    unsigned uid = geteuid(), gid = getegid();
    if (unshare(CLONE_NEWNET) && (unshare(CLONE_NEWUSER | CLONE_NEWNET) || !keep_user(uid, gid))) return false;
    return start_loopback();
}

/* There is no way back: another process tries it before. */
void launch_leave_network(void) {
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) _exit(!leave());
    if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) (void)leave();
}
