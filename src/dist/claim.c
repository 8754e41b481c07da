/* SPDX-License-Identifier: Apache-2.0
 * Which cores are taken by another run on this host. Ranks that are bound to cores hold a lock on a byte per core in a file that all runs of
 * a host see; the kernel gives it back when they end, however they end. Advice only: where there is no such file, every run believes
 * that the cores are its own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dist/comm.h"

static const char *const claims = "/dev/shm/gantry-cores";

/* Of whichever user: the first makes it. Without O_CREAT first, as systems refuse that for files of others in a common folder. */
static int open_claims(void) {
    int file = open(claims, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file >= 0) return file;
    file = open(claims, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file >= 0) (void)!fchmod(file, 0666); /* past the umask; refused when another was faster */
    return file;
}

static bool lock(int file, int core, short type) {
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = core, .l_len = 1};
    return fcntl(file, F_OFD_SETLK, &l) == 0;
}

bool gt_claim_cores(gt_comm_inside *in, const cpu_set_t *mine) {
    in->claims = open_claims();
    int all = 1;
    for (int core = 0; core < CPU_SETSIZE && in->claims >= 0 && all; core++)
        if (CPU_ISSET(core, mine)) all = lock(in->claims, core, F_WRLCK);
    if (in->mpi) MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, in->node);
    if (!all) gt_release_cores(in);
    return all;
}

void gt_release_cores(gt_comm_inside *in) {
    if (in->claims >= 0) close(in->claims); /* the locks go with it */
    in->claims = -1;
}
