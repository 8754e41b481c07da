/* SPDX-License-Identifier: Apache-2.0
 * What must be there before a launcher starts ranks: see ready.h. */
#include "command/launch/ready.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"

/* Two pieces of 4 MiB, whatever the number of ranks, were measured with Open MPI 4.1.4 (tests/e2e/launch_room.sh).
 * Where they do not fit ranks are lost while they start, and mpirun waits for ever. */
const double launch_room_needed = 10e6;

/* Can something be made in it? 0 or errno. Where it is missing Open MPI makes it. */
static int try_folder(const char *folder) {
    char path[4096];
    int error = gt_temp_folder_make_in(folder, "room", path, sizeof path);
    if (!error) rmdir(path);
    return error == ENOENT ? 0 : error;
}

/* As Open MPI looks for it. */
launch_room launch_look_for_room(void) {
    static const char *const names[] = {OPEN_MPI_FOLDER, "PRTE_MCA_prte_tmpdir_base", "TMPDIR", "TEMP", "TMP"};
    launch_room r = {.variable = "", .folder = "/tmp"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !*r.variable; i++) {
        const char *folder = getenv(names[i]);
        if (folder && *folder) r.variable = names[i], r.folder = folder;
    }
    r.free = gt_space_free(r.folder);
    int error = try_folder(r.folder);
    if (r.free < launch_room_needed) snprintf(r.why, sizeof r.why, "%.1f MB are free", r.free / 1e6);
    else if (error) snprintf(r.why, sizeof r.why, "no folder can be made there: %s", gt_error_text(error, r.folder));
    r.enough = !*r.why;
    return r;
}

static gt_status check_room(void) {
    launch_room r = launch_look_for_room();
    if (r.enough) return GT_OK;
    return gt_fail(GT_FAILED,
                   "Open MPI puts files into '%s'%s%s%s and needs %.0f MB there: %s. Make room, or name another "
                   "folder, as in TMPDIR=/var/tmp gantry ...",
                   r.folder, *r.variable ? " (" : "", r.variable, *r.variable ? ")" : "", launch_room_needed / 1e6,
                   r.why);
}

/* Is there a line with something but a comment? */
static bool names_hosts(const char *text) {
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        const char *p = text + strspn(text, " \t\r");
        if (*p && *p != '\n' && *p != '#') return true;
    }
    return false;
}

/* What a pipe holds is the launcher's to read. */
static gt_status check_hostfile(const char *path) {
    enum { MOST = 64 << 20 };
    if (gt_kind_of_file(path) == GT_KIND_SPECIAL) return GT_OK;
    GT_FREED void *text = NULL;
    size_t n;
    gt_status st = gt_file_read(path, MOST, &text, &n);
    if (st) return gt_wrap(st, "--hostfile");
    if (!names_hosts(text)) st = gt_fail(GT_USAGE, "--hostfile: '%s' names no host", path);
    return st;
}

gt_status launch_ready(const gt_launch *l) {
    gt_status st = *l->hostfile ? check_hostfile(l->hostfile) : GT_OK;
    return st || !l->open_mpi ? st : check_room();
}
