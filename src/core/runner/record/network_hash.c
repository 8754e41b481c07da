/* SPDX-License-Identifier: Apache-2.0
 * The hash of a network, kept from command to command: see door/record.h. An entry is a text of one line in the cache:
 * device, inode, size and times of the file, a checksum of the recipe, and both hashes. So libcrypto is not opened for
 * a network that is known. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "base/door/sha256.h"
#include "runner/contents/door/contents.h"
#include "gantry/log.h"
#include "runner/record/door/record.h"

enum { STAMP_BYTES = 240, SETTLED_SECONDS = 2 };

static gt_status stamp_of(const char *path, const char *recipe, char stamp[STAMP_BYTES], bool *settled) {
    struct stat s;
    char hex[33];
    if (stat(path, &s)) return gt_fail(GT_FAILED, "cannot read '%s'", path);
    gt_hash_hex(gt_hash(recipe, strlen(recipe)), hex);
    snprintf(stamp, STAMP_BYTES, "%ju %ju %jd %jd.%09ld %jd.%09ld %s", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino,
             (intmax_t)s.st_size, (intmax_t)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (intmax_t)s.st_ctim.tv_sec,
             s.st_ctim.tv_nsec, hex);
    /* a file that changes twice within a tick of the clock has the same times */
    *settled = time(NULL) - s.st_ctim.tv_sec > SETTLED_SECONDS;
    return GT_OK;
}

/* The entry of the stamp, to be freed; NULL: there is no cache. */
static char *place_of(const char *stamp) {
    char name[16 + 33 + 4] = "contents/", hex[33];
    gt_hash_hex(gt_hash(stamp, strlen(stamp)), hex);
    return gt_cache_path(strcat(name, hex));
}

static bool read_entry(const char *place, const char *stamp, gt_record_network *out) {
    enum { MOST = 4096, DIGITS = GT_SHA256_TEXT - 1 };
    GT_FREED void *bytes = NULL;
    size_t n, length = strlen(stamp);
    bool good = place && !access(place, R_OK) && !gt_file_read(place, MOST, &bytes, &n) &&
                n == length + 2 * GT_SHA256_TEXT + 1 && !memcmp(bytes, stamp, length);
    if (good) {
        char *contents = (char *)bytes + length + 1, *recipe = contents + GT_SHA256_TEXT;
        contents[DIGITS] = recipe[DIGITS] = 0;
        good = gt_sha256_parse(contents, &out->contents) && gt_sha256_parse(recipe, &out->recipe);
    }
    return good;
}

static void write_entry(const char *place, const char *stamp, const gt_record_network *hash) {
    char text[STAMP_BYTES + 2 * GT_SHA256_TEXT + 2], contents[GT_SHA256_TEXT], recipe[GT_SHA256_TEXT];
    char *folder = place ? strdup(place) : NULL, *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) *slash = 0;
    int n = snprintf(text, sizeof text, "%s %s %s\n", stamp, gt_sha256_text(&hash->contents, contents),
                     gt_sha256_text(&hash->recipe, recipe));
    if (slash && !gt_make_directories(folder)) gt_file_write(place, text, (size_t)n); /* else it is computed again */
    free(folder);
}

gt_status gt_record_network_hash(const char *path, const char *recipe, gt_record_network *out) {
    char stamp[STAMP_BYTES];
    bool settled = false;
    gt_status st = stamp_of(path, recipe, stamp, &settled);
    if (st) return st;
    GT_FREED char *place = settled ? place_of(stamp) : NULL;
    if (!read_entry(place, stamp, out)) {
        st = gt_contents_root_of_file(path, &out->contents);
        if (!st) st = gt_sha256_of(recipe, strlen(recipe), &out->recipe);
        if (!st && place) write_entry(place, stamp, out);
    }
    return st;
}
