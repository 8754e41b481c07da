/* SPDX-License-Identifier: Apache-2.0
 * stats.jsonl, ours or the reference tool's: as series, and as a log that a run goes on with. */
#include "fuzz.h"

#include <string.h>

#include "gantry/runlog.h"

static void seeds(fuzz_put *put, void *arg) {
    static const char *const texts[] = {
        "{\"Loss/G/loss\": {\"num\": 64, \"mean\": 0.69, \"std\": 0.01}, \"images\": 200000, \"timestamp\": 1700000000.5}\n",
        ("{\"Progress/kimg\": {\"num\": 1, \"mean\": 0.5, \"std\": 0}, \"a\\\"b\": {\"num\": 1, \"mean\": NaN, \"std\": -Infinity}, \"timestamp\": 1}\n"
        "{\"Progress/kimg\": {\"num\": 1, \"mean\": 1.5, \"std\": null}, \"timestamp\": 2}\n"),
        "{\"images\": 8, \"timestamp\": 1}\n{\"images\": 16, \"tim",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i], strlen(texts[i]));
}

static void run(const uint8_t *bytes, size_t n) {
    gt_stats *s = gt_stats_read(fuzz_file(bytes, n));
    if (!s) return;
    for (int i = 0; i < s->ticks; i++) fuzz_check(s->images[i] >= 0);
    for (int i = 0; i < s->n_series; i++) fuzz_check(gt_stats_find(s, s->series[i].name));
    gt_stats_free(s);
}

const fuzz_target target = {.variants = 600, .seeds = seeds, .run = run};
