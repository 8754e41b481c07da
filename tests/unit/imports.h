/* SPDX-License-Identifier: Apache-2.0
 * For tests of foreign sources: opening and reading them, and what a refusal must say. */
#ifndef GANTRY_TESTS_IMPORTS_H
#define GANTRY_TESTS_IMPORTS_H

#include "data_files.h"

#include <pthread.h>

#include "gantry/source.h"

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

/* The source under four threads at once: for the sanitizers, and for whatever two readers share. */
static inline void *read_many(void *state) {
    gt_source *imp = state;
    int64_t n = gt_source_get_info(imp)->count;
    for (int k = 0; k < 200; k++) {
        gt_picture p;
        if (!gt_source_read(imp, (k * 7919) % n, &p)) gt_picture_free(&p);
    }
    return NULL;
}

static inline void read_by_threads(gt_source *imp) {
    pthread_t threads[4];
    for (int t = 0; t < 4; t++) pthread_create(&threads[t], NULL, read_many, imp);
    for (int t = 0; t < 4; t++) pthread_join(threads[t], NULL);
    gt_source_close(imp);
}

#endif
