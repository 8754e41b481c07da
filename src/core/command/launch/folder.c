/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * Whose folder is it (ready.h)? The file `launch` in it is locked by the process that has started the launcher, and by
 * the launcher, which inherits the open file. The kernel unlocks the file when both are gone, however they ended, so no
 * number of a process counts, which another may have by now. The file gets its name when it is locked, and holds the
 * boot of the system that knows of the lock: in a file system that hosts share, folders of other hosts stay. */
#include "command/launch/ready.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/machine.h"

#define BEGINS "gantry-ranks-"
static const char lock_name[] = "launch";
enum { BOOT_BYTES = 64 };

static bool find_boot(char boot[BOOT_BYTES]) {
    memset(boot, 0, BOOT_BYTES);
    return gt_line_of("/proc/sys/kernel/random/boot_id", "", boot, BOOT_BYTES);
}

/* ---- folders of earlier launches ---- */

/* An open file of this user's own; -1: it is not, or of another kind. */
static int open_own(int folder, const char *name, bool is_folder) {
    struct stat s;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (is_folder ? O_DIRECTORY : 0));
    if (fd < 0 || (!fstat(fd, &s) && s.st_uid == geteuid() && (is_folder || S_ISREG(s.st_mode)))) return fd;
    close(fd);
    return -1;
}

static bool is_left(int parent, const char *name, const char boot[BOOT_BYTES]) {
    char of[BOOT_BYTES] = "";
    int folder = open_own(parent, name, true), lock = folder < 0 ? -1 : open_own(folder, lock_name, false);
    bool left = lock >= 0 && read(lock, of, sizeof of) == BOOT_BYTES && !memcmp(of, boot, BOOT_BYTES) &&
                !flock(lock, LOCK_EX | LOCK_NB);
    if (lock >= 0) close(lock);
    if (folder >= 0) close(folder);
    return left;
}

static void remove_left(const char *in, const char boot[BOOT_BYTES]) {
    DIR *d = opendir(in);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strncmp(e->d_name, BEGINS, sizeof BEGINS - 1) || !is_left(dirfd(d), e->d_name, boot)) continue;
        GT_FREED char *path = gt_path_join(in, e->d_name);
        if (path) gt_temp_folder_remove(path);
    }
    if (d) closedir(d);
}

/* ---- this launch ---- */

/* In the environment, or in the options of mpirun. */
static bool has_named_folder(const gt_launch *l) {
    static const char *const names[] = {OPEN_MPI_FOLDER, "OMPI_MCA_orte_local_tmpdir_base",
                                        "OMPI_MCA_orte_remote_tmpdir_base"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return true;
    for (int i = 0; i < l->n; i++)
        if (strstr(l->words[i], "tmpdir_base")) return true;
    return false;
}

/* -1: the file system has no locks, or no room; then the folder stays if the processes are killed. */
static int lock_folder(const char *path, const char boot[BOOT_BYTES]) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        lock = folder < 0 ? -1 : openat(folder, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
    bool done = lock >= 0 && !flock(lock, LOCK_EX | LOCK_NB) && !gt_write_all(lock, boot, BOOT_BYTES) &&
                !renameat(folder, "new", folder, lock_name);
    if (!done && lock >= 0) close(lock);
    if (folder >= 0) close(folder);
    return done ? lock : -1;
}

void launch_folder_make(const gt_launch *l, launch_folder *out) {
    char boot[BOOT_BYTES];
    *out = (launch_folder){.lock = -1};
    if (!l->open_mpi || !l->one_host || has_named_folder(l)) return;
    const char *in = launch_look_for_room().folder;
    bool booted = find_boot(boot);
    if (booted) remove_left(in, boot);
    if (gt_temp_folder_make_in(in, "ranks", out->path, sizeof out->path)) return;
    if (booted) out->lock = lock_folder(out->path, boot);
    setenv(OPEN_MPI_FOLDER, out->path, 1);
}

void launch_folder_remove(launch_folder *f) {
    if (!*f->path) return;
    gt_temp_folder_remove(f->path);
    if (f->lock >= 0) close(f->lock);
    unsetenv(OPEN_MPI_FOLDER);
}
