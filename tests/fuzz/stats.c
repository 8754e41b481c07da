/* SPDX-License-Identifier: Apache-2.0
 * stats.jsonl, ours or the reference tool's: as series, and as a log that a run goes on with; and log.txt, which goes
 * on with it. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "run/door/runlog.h"

static void seeds(fuzz_put *put, void *arg) {
    static const char *const texts[] = {
        "{\"Loss/G/loss\": {\"num\": 64, \"mean\": 0.69, \"std\": 0.01}, \"images\": 200000, \"timestamp\": "
        "1700000000.5}\n",
        ("{\"Progress/kimg\": {\"num\": 1, \"mean\": 0.5, \"std\": 0}, \"a\\\"b\": {\"num\": 1, \"mean\": NaN, "
         "\"std\": -Infinity}, \"timestamp\": 1}\n"
         "{\"Progress/kimg\": {\"num\": 1, \"mean\": 1.5, \"std\": null}, \"timestamp\": 2}\n"),
        "{\"images\": 8, \"timestamp\": 1}\n{\"images\": 16, \"tim",
        "2026-01-01 10:00:00 going on\n2026-01-01 10:00:01 tick 1 kimg 0.008 time 1s\n2026-01-01 10:00:02 tick 2 kimg "
        "0.016 time 2s\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i], strlen(texts[i]));
}

static void as_series(const uint8_t *bytes, size_t n) {
    gt_stats *s = gt_stats_read(fuzz_file(bytes, n));
    if (!s) return;
    for (int i = 0; i < s->ticks; i++) fuzz_check(s->images[i] >= 0);
    for (int i = 0; i < s->n_series; i++) fuzz_check(gt_stats_find(s, s->series[i].name));
    gt_stats_free(s);
}

enum { IMAGES = 12 };

/* What a run that goes on finds: whole lines, none of them from later. */
static void as_log(const uint8_t *bytes, size_t n) {
    const char *path = fuzz_named("stats.jsonl", bytes, n);
    gt_runlog *l = gt_runlog_open(fuzz_folder(), IMAGES, &(gt_runlog_options){.swmr = GT_SWMR_OFF});
    if (!l) return;
    gt_runlog_tick(l, IMAGES + 8, (gt_stat_value[]){{"Loss/G/loss", 1, 0.5, 0}}, 1);
    gt_runlog_close(l);
    gt_stats *s = gt_stats_read(path);
    fuzz_check(s && s->bad.n == 0 && s->ticks >= 1 && s->images[s->ticks - 1] == IMAGES + 8);
    for (int i = 0; i < s->ticks - 1; i++) fuzz_check(s->images[i] <= IMAGES);
    gt_stats_free(s);
}

static size_t length_of(const char *path) {
    void *bytes;
    size_t n;
    fuzz_check(!gt_file_read(path, 1 << 24, &bytes, &n));
    free(bytes);
    return n;
}

static void as_talk(const uint8_t *bytes, size_t n) {
    const char *path = fuzz_named("log.txt", bytes, n);
    fuzz_check(!gt_log_cut_back(path, IMAGES));
    size_t once = length_of(path);
    fuzz_check(!gt_log_cut_back(path, IMAGES) && length_of(path) == once);
}

static void run(const uint8_t *bytes, size_t n) {
    static unsigned turn;
    as_series(bytes, n);
    as_talk(bytes, n);
    if (turn++ % 64 == 0) as_log(bytes, n); /* making files of HDF5 takes three hundred times as long as all else */
}

const fuzz_target target = {.variants = 300, .seeds = seeds, .run = run};
