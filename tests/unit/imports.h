/* SPDX-License-Identifier: Apache-2.0
 * For tests of foreign sources: opening and reading them, and what a refusal must say. */
#ifndef GANTRY_TESTS_IMPORTS_H
#define GANTRY_TESTS_IMPORTS_H

#include "data_files.h"

#include <pthread.h>

#include "files/codec/door/sample.h"
#include "data/door/source.h"

static inline gt_source *import(const char *spec, const gt_source_options *options) {
    gt_source *imp;
    if (gt_source_open(&imp, spec, options)) fail_msg("%s", gt_message());
    return imp;
}

static inline void check_import_refused(const char *spec, const gt_source_options *options, const char *const *words) {
    gt_source *imp;
    if (!gt_source_open(&imp, spec, options)) fail_msg("'%s' was opened", spec);
    assert_null(imp);
    for (; *words; words++) assert_message(*words);
}
#define import_refused(spec, options, ...) check_import_refused(spec, options, (const char *const[]){__VA_ARGS__, NULL})

static inline void check_item_refused(gt_source *imp, int64_t i, const char *const *words) {
    gt_picture p;
    if (!gt_source_read(imp, i, &p)) fail_msg("item %d was read", (int)i);
    assert_null(p.samples);
    for (; *words; words++) assert_message(*words);
}
#define item_refused(imp, i, ...) check_item_refused(imp, i, (const char *const[]){__VA_ARGS__, NULL})

static inline const char *name(const gt_source *imp, int64_t i) {
    static char buffer[GT_ITEM_NAME_BYTES];
    return gt_source_name(imp, i, buffer);
}

static inline gt_picture item(gt_source *imp, int64_t i) {
    gt_picture p;
    gt_picture_info head;
    if (gt_source_read(imp, i, &p)) fail_msg("%s", gt_message());
    assert_ok(gt_source_head(imp, i, &head));
    assert_int_equal(head.height, p.height);
    assert_int_equal(head.width, p.width);
    assert_int_equal(head.channels, p.channels);
    return p;
}

/* A number that tells an item's picture from others; 0: the item cannot be read. */
static inline uint64_t read_sum(gt_source *imp, int64_t i) {
    gt_picture p;
    if (gt_source_read(imp, i, &p)) return 0;
    size_t bytes = (size_t)p.height * (size_t)p.width * (size_t)p.channels * gt_sample_bytes(p.type);
    uint64_t sum = 1 + bytes;
    for (size_t k = 0; k < bytes; k++) sum = sum * 31 + ((uint8_t *)p.samples)[k];
    gt_picture_free(&p);
    return sum;
}

typedef struct reading {
    gt_source *source;
    const uint64_t *sums; /* of the items, as one thread has read them */
    int different;
} reading;

static inline void *read_many(void *arg) {
    reading *r = arg;
    int64_t n = gt_source_get_info(r->source)->count;
    for (int k = 0; k < 200; k++) {
        int64_t i = (k * 7919) % n;
        r->different += read_sum(r->source, i) != r->sums[i];
    }
    return NULL;
}

/* Four threads at once read what one thread reads. */
static inline void read_by_threads(gt_source *imp) {
    int64_t n = gt_source_get_info(imp)->count, readable = 0;
    uint64_t *sums = calloc((size_t)n, sizeof *sums);
    for (int64_t i = 0; i < n; i++) readable += (sums[i] = read_sum(imp, i)) != 0;
    assert_true(readable > 1);
    pthread_t threads[4];
    reading r[4];
    for (int t = 0; t < 4; t++) {
        r[t] = (reading){imp, sums, 0};
        assert_int_equal(pthread_create(&threads[t], NULL, read_many, &r[t]), 0);
    }
    for (int t = 0; t < 4; t++) pthread_join(threads[t], NULL);
    for (int t = 0; t < 4; t++) assert_int_equal(r[t].different, 0);
    free(sums);
    gt_source_close(imp);
}

#endif
