/* SPDX-License-Identifier: Apache-2.0
 * Points in CSV files: what is counted when the file is opened is there when it is read, in any order, and finite. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "features/gmm/mixture.h"

enum { MOST_NUMBERS = 1 << 16 };

static void seeds(fuzz_put *put, void *arg) {
    static const char *const texts[] = {"1,2.5\n-3e4,0\n7,8\n", "x,y\n1, 2\n\"3\",4\n", "1\n2\nnan\n", "# nothing\n",
                                        "1,2\n3\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i], strlen(texts[i]));
}

static void read_all(gt_cloud *c) {
    gt_cloud_info info = gt_cloud_get_info(c);
    fuzz_check(info.count > 0 && info.d > 0);
    if (info.count > MOST_NUMBERS / info.d) return;
    size_t d = (size_t)info.d, n = (size_t)info.count;
    double *all = malloc(n * d * sizeof *all), *one = malloc(d * sizeof *one);
    fuzz_check(all && one);
    if (!gt_cloud_read(c, 0, info.count, all)) {
        for (size_t i = 0; i < n * d; i++) fuzz_check(isfinite(all[i]));
        fuzz_check(!gt_cloud_read(c, info.count / 2, 1, one) && !memcmp(one, all + n / 2 * d, d * sizeof *one));
        fuzz_check(!gt_cloud_read(c, 0, 1, one) && !memcmp(one, all, d * sizeof *one));
    }
    free(all);
    free(one);
}

static void run(const uint8_t *bytes, size_t n) {
    gt_cloud *c;
    if (gt_cloud_open(&c, fuzz_named("x.csv", bytes, n), "")) return;
    read_all(c);
    gt_cloud_close(c);
}

const fuzz_target target = {.variants = 300, .seeds = seeds, .run = run};
