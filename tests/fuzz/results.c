/* SPDX-License-Identifier: Apache-2.0
 * Results of benchmarks as JSON: what is accepted can be printed, and written and read again. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/results.h"

static void seeds(fuzz_put *put, void *arg) {
    static const gt_column columns[] = {
        {"size", "pixels", 0}, {"rate", "images/s", 1}, {"set", "kernel set", GT_COLUMN_TEXT}};
    gt_results *r = gt_results_new("loader");
    fuzz_check(r);
    gt_results_say(r, "machine", "one of %d", 2);
    gt_table *t = gt_results_table(r, "decoding", columns, 3);
    gt_table_row(t, 32.0, 51234.5, "avx2");
    gt_table_row(t, 64.0, (double)NAN, "");
    gt_results_table(r, "empty", columns, 1);
    char *text = gt_results_json(r);
    fuzz_check(text);
    put(arg, text, strlen(text));
    free(text);
    gt_results_free(r);
    static const char small[] = "{\"bench\": \"x\"}";
    put(arg, small, sizeof small - 1);
}

static void run(const uint8_t *bytes, size_t n) {
    char *text = strndup((const char *)bytes, n);
    fuzz_check(text);
    gt_results *r = gt_results_read_json(text, "results");
    free(text);
    if (!r) return;
    FILE *nowhere = fopen("/dev/null", "w");
    fuzz_check(nowhere);
    gt_results_print(r, nowhere);
    fclose(nowhere);
    char *once = gt_results_json(r);
    gt_results *again = once ? gt_results_read_json(once, "again") : NULL;
    fuzz_check(again);
    char *twice = gt_results_json(again);
    fuzz_check(twice && !strcmp(once, twice));
    free(once);
    free(twice);
    gt_results_free(again);
    gt_results_free(r);
}

const fuzz_target target = {.variants = 400, .seeds = seeds, .run = run};
