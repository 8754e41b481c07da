/* SPDX-License-Identifier: Apache-2.0
 * DEST.progress, with which `gantry dataset` goes on: as it is, and with the checksums made right. What is believed
 * makes sense. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/dataset/tool.h"

/* see features/dataset/progress_file.c */
enum { MARK = 8, HEAD = 24, OUTCOME = 48, TEXT_BYTES_AT = 48, CRC_AT = 52, RECORD = 56 };
static const gt_hash128 key = {1, 2};
_Static_assert(sizeof(gt_outcome) == OUTCOME && sizeof key == HEAD - 8, "the layout of a record");

static const char *dest(const char *ending) {
    static char path[640];
    snprintf(path, sizeof path, "%s/x.zip%s", fuzz_folder(), ending);
    return path;
}

static void seeds(fuzz_put *put, void *arg) {
    static const gt_outcome outcomes[] = {
        {.size = 100, .crc = 7, .hash = {3, 4}}, {.left_out = 1, .remark = 1}, {.remark = GT_REMARKS, .size = 5}};
    gt_progress_file *j;
    int64_t done;
    unlink(dest(".progress"));
    fuzz_check(!gt_progress_file_open(&j, dest(""), key, true, &done));
    for (int i = 0; i < 3; i++)
        fuzz_check(!gt_progress_file_add(j, &outcomes[i], outcomes[i].remark ? "'a.png': cut short" : NULL));
    fuzz_check(!gt_progress_file_sync(j));
    gt_progress_file_close(j, false);
    void *bytes;
    size_t n;
    fuzz_check(!gt_file_read(dest(".progress"), 1 << 16, &bytes, &n));
    put(arg, bytes, n);
    free(bytes);
}

static void repair(uint8_t *b, size_t n) {
    for (size_t at = HEAD; at + RECORD <= n;) {
        uint32_t text, crc;
        memcpy(&text, b + at + TEXT_BYTES_AT, sizeof text);
        if (text > n - at - RECORD) return;
        crc = gt_crc32(gt_crc32(0, b + at, CRC_AT), b + at + RECORD, text);
        memcpy(b + at + CRC_AT, &crc, sizeof crc);
        at += RECORD + text;
    }
}

static void go_on(const uint8_t *bytes, size_t n) {
    gt_progress_file *j;
    int64_t done, again;
    fuzz_named("x.zip.progress", bytes, n);
    gt_status st = gt_progress_file_open(&j, dest(""), key, false, &done);
    if (st == GT_USAGE) { /* without the mark it is not ours, with another key it is another command's: it stays */
        void *left;
        size_t m;
        bool another = n >= HEAD && memcmp(bytes + MARK, &key, sizeof key);
        fuzz_check(n && (another || memcmp(bytes, "GTPACK2", n < MARK ? n : MARK)));
        fuzz_check(!gt_file_read(dest(".progress"), n, &left, &m) && m == n && !memcmp(left, bytes, n));
        free(left);
        return;
    }
    fuzz_check(!st && done >= 0 && done <= (int64_t)(n / RECORD));
    for (int64_t i = 0; i < done; i++) {
        gt_outcome o;
        const char *text;
        fuzz_check(!gt_progress_file_next(j, &o, &text) && o.left_out <= GT_REMARKS && o.remark <= GT_REMARKS);
        fuzz_check(o.looked <= 1 + GT_F32 && (!o.looked || o.low <= o.high));
    }
    fuzz_check(!gt_progress_file_add(j, &(gt_outcome){.size = 1}, NULL) && !gt_progress_file_sync(j));
    gt_progress_file_close(j, false);
    fuzz_check(!gt_progress_file_open(&j, dest(""), key, false, &again) && again == done + 1);
    gt_progress_file_close(j, true);
}

static void run(const uint8_t *bytes, size_t n) { fuzz_with_repaired(bytes, n, go_on, repair); }

const fuzz_target target = {.variants = 200, .seeds = seeds, .run = run};
