/* SPDX-License-Identifier: Apache-2.0
 * Archives by libarchive: see archive.h. */
#include "data/archive.h"

enum { BLOCK = 1 << 16 };

gt_status gt_archive_each(const char *path, bool zip, gt_archive_use *use, void *arg) {
    struct archive *a = archive_read_new();
    if (!a) return gt_fail(GT_NOMEM, "out of memory for an archive");
    if (zip) archive_read_support_format_zip_seekable(a);
    else archive_read_support_filter_gzip(a), archive_read_support_format_tar(a);
    struct archive_entry *entry;
    gt_status st = archive_read_open_filename(a, path, BLOCK) == ARCHIVE_OK
                       ? GT_OK
                       : gt_fail(GT_FORMAT, "%s", archive_error_string(a));
    int code = ARCHIVE_OK;
    while (!st && (code = archive_read_next_header(a, &entry)) >= ARCHIVE_WARN && code != ARCHIVE_EOF)
        st = use(arg, a, entry);
    if (!st && code < ARCHIVE_WARN)
        st = gt_fail(GT_FORMAT, "no %s archive, or damaged or truncated: %s", zip ? "ZIP" : "tar",
                     archive_error_string(a));
    archive_read_free(a);
    return st;
}

gt_status gt_archive_piece(struct archive *a, void *out, size_t most, size_t *n) {
    la_ssize_t got = 1;
    for (*n = 0; *n < most && (got = archive_read_data(a, (char *)out + *n, most - *n)) > 0; *n += (size_t)got) {}
    return got < 0 ? gt_fail(GT_FORMAT, "damaged or truncated: %s", archive_error_string(a)) : GT_OK;
}
