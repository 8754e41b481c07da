/* SPDX-License-Identifier: Apache-2.0 */
#include "h5/hdf5_util.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "h5/h5.h"
#include "h5/h5_room.h"

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *error, void *text) {
    (void)depth;
    if (error->desc && *error->desc) snprintf(text, 200, "%s", error->desc);
    return 0;
}

gt_status gt_hdf5_fail(const char *what) {
    char reason[200] = "cannot be read";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, reason);
    return gt_h5_no_memory() ? gt_fail(GT_NOMEM, "%s: out of memory: %s", what, reason) : gt_fail(GT_FORMAT, "%s: %s", what, reason);
}

void gt_hdf5_close_list(hid_t list) {
    hid_t errors = H5Eget_current_stack();
    H5Pclose(list);
    H5Eset_current_stack(errors); /* frees it too */
}

hid_t gt_hdf5_open(const char *path) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, false, true);
    H5Pset_metadata_read_attempts(access, 10); /* of a file that is being written; the default of 100 takes hours over a damaged one */
    /* A metric log that a run is writing opens in the second way only; the third attempt is for the message of the first. */
    const unsigned ways[] = {H5F_ACC_RDONLY, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, H5F_ACC_RDONLY};
    hid_t file = -1;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && file < 0; i++) file = H5Fopen(path, ways[i], access);
    gt_hdf5_close_list(access);
    return file;
}

bool gt_file_is_hdf5(const char *path) {
    struct stat s;
    if (stat(path, &s) != 0) return false;
    /* a user block of 512, 1024, ... bytes may come first; libhdf5 looks as far as the file goes */
    for (uint64_t at = 0; at < (uint64_t)s.st_size; at = at ? 2 * at : 512)
        if (gt_file_begins(path, at, "\x89HDF\r\n\x1a\n", 8)) return true;
    return false;
}
