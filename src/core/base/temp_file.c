/* SPDX-License-Identifier: Apache-2.0
 * Files without a name, and folders, in the place for temporary files (base/door/file.h). */
#define _GNU_SOURCE
#include "base/door/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *gt_temp_folder(void) {
    const char *dir = getenv("TMPDIR");
    return dir && *dir ? dir : "/tmp";
}

int gt_temp_folder_make_in(const char *dir, const char *what, char *path, size_t room) {
    int n = snprintf(path, room, "%s/gantry-%s-XXXXXX", dir, what);
    int error = n < 0 || (size_t)n >= room ? ENAMETOOLONG : mkdtemp(path) ? 0 : errno;
    if (error) *path = 0;
    return error;
}

gt_status gt_temp_folder_make(const char *what, char *path, size_t room) {
    const char *in = gt_temp_folder();
    int error = gt_temp_folder_make_in(in, what, path, room);
    if (!error) return GT_OK;
    return gt_fail(GT_FAILED, "no folder can be made in '%s' (TMPDIR names another one): %s", in, strerror(error));
}

static int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *where) {
    (void)s, (void)kind, (void)where;
    return remove(path);
}

void gt_temp_folder_remove(const char *path) {
    enum { OPEN_FOLDERS = 16 };
    nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

gt_status gt_temp_file_open(gt_temp_file *s) {
    const char *dir = gt_temp_folder();
    char path[4096];
    *s = GT_NO_TEMP_FILE;
    int n = snprintf(path, sizeof path, "%s/gantry-XXXXXX", dir);
    if (n > 0 && (size_t)n < sizeof path) s->fd = mkostemp(path, O_CLOEXEC);
    else errno = ENAMETOOLONG;
    if (s->fd < 0)
        return gt_fail(GT_FAILED, "no temporary file can be made in '%s': %s (TMPDIR names another folder)", dir,
                       strerror(errno));
    unlink(path);
    return GT_OK;
}

void gt_temp_file_close(gt_temp_file *s) {
    if (s->fd >= 0) close(s->fd);
    *s = GT_NO_TEMP_FILE;
}

gt_status gt_temp_file_add(gt_temp_file *s, const void *bytes, size_t n) {
    int error = gt_write_all(s->fd, bytes, n);
    if (error)
        return gt_fail(GT_FAILED, "a temporary file cannot be written: %s (TMPDIR names another folder)",
                       strerror(error));
    s->size += n;
    return GT_OK;
}

gt_status gt_temp_file_align(gt_temp_file *s) {
    static const char zeros[1 << 16];
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), over = s->size % page;
    return over ? gt_temp_file_add(s, zeros, (size_t)(page - over) % sizeof zeros) : GT_OK;
}

const void *gt_temp_file_map(const gt_temp_file *s, uint64_t offset, size_t n) {
    void *map = mmap(NULL, n ? n : 1, PROT_READ, MAP_SHARED, s->fd, (off_t)offset);
    if (map != MAP_FAILED) return map;
    gt_fail(GT_FAILED, "a temporary file cannot be mapped: %s", strerror(errno));
    return NULL;
}

void gt_temp_file_unmap(const void *map, size_t n) {
    if (map) munmap((void *)map, n ? n : 1);
}
