/* SPDX-License-Identifier: Apache-2.0
 * Archives by libarchive: see archive.h. */
#define _GNU_SOURCE
#include "data/door/archive.h"

#include <errno.h>
#include <locale.h>
#include <unistd.h>
#include <zlib.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "files/codec/door/zip_records.h"

enum { BLOCK = 1 << 16 };

/* What libarchive may take a file for, and what the kind is called in messages. What gzip packs is unpacked by zlib:
 * libarchive does not compare its checksum. */
static void support(struct archive *a, gt_archive_kind kind) {
    switch (kind) {
    case GT_ARCHIVE_ZIP: archive_read_support_format_zip_seekable(a); break;
    case GT_ARCHIVE_TAR: archive_read_support_format_tar(a); break;
    case GT_ARCHIVE_ANY:
        /* those that libarchive reads by itself: for others it would start programs */
        archive_read_support_filter_bzip2(a);
        archive_read_support_filter_xz(a);
        archive_read_support_filter_lzma(a);
        archive_read_support_filter_zstd(a);
        archive_read_support_filter_lz4(a);
        archive_read_support_format_tar(a);
        archive_read_support_format_7zip(a);
        archive_read_support_format_rar(a);
        archive_read_support_format_rar5(a);
        archive_read_support_format_cpio(a);
        break;
    }
}
static const char *const kinds[] = {
    [GT_ARCHIVE_ZIP] = "a ZIP archive", [GT_ARCHIVE_TAR] = "a tar archive", [GT_ARCHIVE_ANY] = "an archive"};

static const char gzip_begins[] = {'\x1f', '\x8b'};

typedef struct gzip {
    gzFile file; /* NULL: the archive is not packed by gzip */
    char block[BLOCK];
} gzip;

static la_ssize_t read_gzip(struct archive *a, void *arg, const void **block) {
    gzip *z = arg;
    int n = gzread(z->file, z->block, BLOCK), code;
    const char *why = gzerror(z->file, &code);
    *block = z->block;
    if (n > 0 || (n == 0 && code != Z_BUF_ERROR)) return n;
    archive_set_error(a, code == Z_ERRNO ? errno : EILSEQ, "%s", code == Z_BUF_ERROR ? "truncated gzip" : why);
    return ARCHIVE_FATAL;
}

static int open_archive(struct archive *a, const char *path, gzip *z) {
    if (!gt_file_begins(path, 0, gzip_begins, sizeof gzip_begins)) return archive_read_open_filename(a, path, BLOCK);
    if ((z->file = gzopen(path, "rb"))) return archive_read_open(a, z, NULL, read_gzip, NULL);
    archive_set_error(a, errno, "cannot be opened");
    return ARCHIVE_FATAL;
}

/* What comes behind the last entry: the checksum, of gzip. */
static int read_end(struct archive *a, gzip *z) {
    const void *block;
    la_ssize_t n = z->file ? 1 : 0;
    while (n > 0) n = read_gzip(a, z, &block);
    return n ? ARCHIVE_FATAL : ARCHIVE_OK;
}

static gt_status each_entry(struct archive *a, const char *path, gt_archive_kind kind, gt_archive_use *use, void *arg) {
    struct archive_entry *entry;
    gzip z = {0};
    int code = open_archive(a, path, &z);
    gt_status st = GT_OK;
    if (code == ARCHIVE_OK)
        while (!st && (code = archive_read_next_header(a, &entry)) >= ARCHIVE_WARN && code != ARCHIVE_EOF)
            st = use(arg, a, entry);
    if (!st && code == ARCHIVE_EOF) code = read_end(a, &z);
    const char *why = archive_error_string(a);
    if (!st && code < ARCHIVE_WARN)
        st = gt_fail(GT_FORMAT, "not %s, or damaged or truncated: %s", kinds[kind], why ? why : "it ends too early");
    if (z.file) gzclose(z.file);
    return st;
}

/* libarchive unpacks entries that share bytes, each anew. */
static gt_status check_places(const char *path, gt_archive_kind kind) {
    off_t bytes;
    int fd;
    gt_status st = kind == GT_ARCHIVE_ZIP ? gt_file_open_regular(path, &fd, &bytes) : GT_OK;
    if (st || kind != GT_ARCHIVE_ZIP) return st;
    st = gt_zip_check_places(fd, (uint64_t)bytes);
    close(fd);
    return st;
}

/* libarchive gives names in the encoding of the locale, and this program has that of C: for names that are not ASCII it
 * borrows one in UTF-8. */
gt_status gt_archive_each(const char *path, gt_archive_kind kind, gt_archive_use *use, void *arg) {
    gt_status st = check_places(path, kind);
    if (!st) st = gt_library_open("libarchive");
    if (st) return st;
    struct archive *a = archive_read_new();
    if (!a) return gt_fail(GT_NOMEM, "out of memory for an archive");
    support(a, kind);
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = utf8 ? uselocale(utf8) : (locale_t)0;
    st = each_entry(a, path, kind, use, arg);
    archive_read_free(a);
    if (utf8) uselocale(before), freelocale(utf8);
    return st;
}

static gt_status stop_at_once(void *arg, struct archive *a, struct archive_entry *entry) {
    (void)a, (void)entry;
    *(bool *)arg = true;
    return GT_STOPPED;
}

bool gt_archive_is(const char *path) {
    static const struct {
        const char *bytes;
        uint64_t at;
        size_t n;
        bool packed; /* anything may be in it */
    } begins[] = {{"ustar", 257, 5, false},
                  {"7z\xbc\xaf\x27\x1c", 0, 6, false},
                  {"Rar!\x1a\x07", 0, 6, false},
                  {"07070", 0, 5, false},
                  {"\x1f\x8b", 0, 2, true},
                  {"\x28\xb5\x2f\xfd", 0, 4, true},
                  {"\xfd"
                   "7zXZ",
                   0, 5, true},
                  {"\x04\x22\x4d\x18", 0, 4, true},
                  {"BZh", 0, 3, true}};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        bool found = false;
        if (!gt_file_begins(path, begins[i].at, begins[i].bytes, begins[i].n)) continue;
        if (!begins[i].packed) return true;
        (void)gt_archive_each(path, GT_ARCHIVE_ANY, stop_at_once, &found);
        return found;
    }
    return false;
}

gt_status gt_archive_piece(struct archive *a, void *out, size_t most, size_t *n) {
    la_ssize_t got = 1;
    for (*n = 0; *n < most && (got = archive_read_data(a, (char *)out + *n, most - *n)) > 0; *n += (size_t)got) {}
    return got < 0 ? gt_fail(GT_FORMAT, "damaged or truncated: %s", archive_error_string(a)) : GT_OK;
}
