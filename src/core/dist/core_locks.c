/* SPDX-License-Identifier: Apache-2.0
 * Finds out whether another run on this host uses some cores. A rank that is bound to cores locks one byte for each of
 * its cores in a file that all runs of the host see. The kernel removes the locks when the rank ends, however the rank
 * ends. Where the file cannot be opened, every run takes the cores for its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dist/comm.h"

static const char *const lock_file = "/dev/shm/gantry-cores";

/* A link that somebody laid here may lead to a file of his choice, a pipe or a device stands still: only an empty file
 * of one name is the one that runs lock. */
static int open_made(void) {
    struct stat s;
    int file = open(lock_file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (file < 0 || (!fstat(file, &s) && S_ISREG(s.st_mode) && s.st_nlink == 1 && s.st_size == 0)) return file;
    close(file);
    errno = EEXIST;
    return -1;
}

/* Of whichever user: the first makes it, for all. Without O_CREAT first, as systems refuse that for files of others in
 * a common folder; with O_EXCL then, since the rights of no other file may be given away. */
static int open_lock_file(void) {
    int file = open_made();
    if (file >= 0 || errno != ENOENT) return file;
    file = open(lock_file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) return open_made(); /* another was faster */
    (void)!fchmod(file, 0666);        /* past the umask */
    return file;
}

static bool lock(int file, int core, short type) {
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = core, .l_len = 1};
    return fcntl(file, F_OFD_SETLK, &l) == 0;
}

void gt_remove_locked_cores(cpu_set_t *set) {
    int file = open_made();
    for (int core = 0; core < CPU_SETSIZE && file >= 0; core++) {
        struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = core, .l_len = 1};
        if (CPU_ISSET(core, set) && fcntl(file, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK) CPU_CLR(core, set);
    }
    if (file >= 0) close(file);
}

bool gt_lock_cores_all(gt_comm_inside *in, const cpu_set_t *mine) {
    in->core_locks = open_lock_file();
    int all = 1;
    for (int core = 0; core < CPU_SETSIZE && in->core_locks >= 0 && all; core++)
        if (CPU_ISSET(core, mine)) all = lock(in->core_locks, core, F_WRLCK);
    if (in->mpi) MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, in->node);
    if (!all) gt_unlock_cores(in);
    return all;
}

void gt_unlock_cores(gt_comm_inside *in) {
    if (in->core_locks >= 0) close(in->core_locks); /* the locks go with it */
    in->core_locks = -1;
}
