/* SPDX-License-Identifier: Apache-2.0
 * For the tests of the dataset tool: making a dataset, and a folder of pictures not all of which can be used. */
#ifndef TESTS_CONVERTING_H
#define TESTS_CONVERTING_H

#include "data_files.h"
#include "gantry/log.h"
#include "features/dataset/tool.h"

static gt_comm *comm;

static inline gt_status pack(const char *source, const char *dest, gt_convert_request r, gt_convert_result *result) {
    r.n_sources = r.n_sources ? r.n_sources : 1;
    r.sources = r.sources ? r.sources : &source;
    r.dest = dest;
    return gt_convert_all(comm, &r, result);
}

/* Made anew, whatever stands there. */
static inline void packed(const char *source, const char *dest, gt_convert_request r) {
    gt_convert_result result;
    r.overwrite = true;
    if (pack(source, dest, r, &result)) fail_msg("%s", gt_message());
    gt_convert_result_free(&result);
}

enum { GOOD = 24 };

/* GOOD pictures, one damaged beyond its head, one of another size, and one that is there twice. */
static inline const char *mixed_folder(void) {
    char path[600];
    mkdir(at("mixed"), 0777);
    for (int i = 0; i < GOOD; i++) {
        snprintf(path, sizeof path, "%s/mixed/%02d.png", scratch, i);
        put_picture(path, i, 8, 8, 3);
    }
    put_picture(at("mixed/10twice.png"), 3, 8, 8, 3);
    size_t n;
    uint8_t *bytes = get(at("mixed/20.png"), &n);
    bytes[n / 2] ^= 1;
    put(at("mixed/20damaged.png"), bytes, n);
    free(bytes);
    return at("mixed");
}

#endif
