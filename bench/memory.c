/* SPDX-License-Identifier: Apache-2.0
 * Memory of training steps: what is planned, what of it is ever touched, and what the process really holds at its
 * highest. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/program.h"
#include "common/recipe.h"

typedef struct memory_options {
    bench_common common;
    const char *recipe;
    gt_memory_use memory;
    int64_t threads;
} memory_options;

static memory_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(memory_options, "recipe", recipe, "small", "What to train; all, and --long: those with a reference"),
     .choices = BENCH_RECIPE_NAMES "|all"},
    {BENCH_ROW(memory_options, "memory", memory, "normal", "As in jobs"), GT_CHOICES(GT_MEMORY_USES)},
    {BENCH_ROW(memory_options, "threads", threads, "1", "Threads"), .min = 1, .max = 4096},
};

/* Bytes of whole pages that are present. */
static double touched(void *memory, size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (bytes + page - 1) / page, present = 0;
    GT_FREED unsigned char *map = malloc(n + 1);
    if (!map || mincore(memory, bytes, map)) n = 0;
    for (size_t i = 0; i < n; i++) present += map[i] & 1;
    return n ? (double)(present * page) : NAN;
}

/* The recipe with one more key. */
static bench_recipe recipe_with(const bench_recipe *r, const char *key) {
    bench_recipe with = *r;
    for (int i = 0; i < BENCH_RECIPE_KEYS; i++)
        if (!with.keys[i]) {
            with.keys[i] = key;
            break;
        }
    return with;
}

static gt_status measure(bench *b, const bench_recipe *plain, gt_table *table) {
    const bench_recipe with_low = recipe_with(plain, "memory=low"),
                       *r = options.memory == GT_MEMORY_LOW ? &with_low : plain;
    gt_engine e;
    bench_steps steps;
    bench_reset_high_water();
    double before = bench_status_bytes("VmRSS");
    int64_t batch = r->reference_slice;
    /* one slice of as many images as the reference had */
    gt_status st = bench_recipe_open(&e, b->comm, r, &(bench_changes){.batch = batch, .slices = batch ? 1 : 0});
    if (st) return st;
    st = bench_recipe_steps_all(&e, 1, 0, &steps);
    double high = bench_status_bytes("VmHWM") - before, networks = (double)gt_engine_network_bytes(&e),
           planned = (double)e.arena_bytes + networks;
    if (!st)
        gt_table_row(table, r->name, (double)e.model->slice_size, (double)e.arena_bytes / 1e6,
                     touched(e.arena, e.arena_bytes) / 1e6, networks / 1e6, planned / 1e6, high / 1e6, high / planned,
                     r->reference_memory > 0 ? high / r->reference_memory : NAN);
    bench_recipe_close(&e);
    return st;
}

static gt_status run(bench *b) {
    static const gt_column columns[] = {
        {"recipe", "recipe", GT_COLUMN_TEXT}, {"slice", "slice", 0},        {"arena", "arena MB", 1},
        {"touched", "touched MB", 1},         {"blocks", "networks MB", 1}, {"planned", "planned MB", 1},
        {"high", "peak RSS MB", 1},           {"ratio", "RSS/planned", 2},  {"reference", "RSS/reference", 2}};
    gt_results_say(b->results, "networks", "parameters, moving average, moments, gradient buffers");
    gt_results_say(
        b->results, "peak RSS",
        "highest resident memory from before the model is made to after its steps, less what the process held before");
    gt_table *table = gt_results_table(b->results, "memory of training steps, one rank", columns, 9);
    bool all = b->common->careful || !strcmp(options.recipe, "all");
    gt_status st = GT_OK;
    for (int i = 0; i < BENCH_RECIPES && !st; i++)
        if (all ? bench_recipes[i].reference_memory > 0 : !strcmp(bench_recipes[i].name, options.recipe))
            st = measure(b, &bench_recipes[i], table);
    return st;
}

BENCH_MAIN(.name = "memory", .help = "Memory of training steps: planned, touched, held", .run = run, .ranks = true,
           .threads = &options.threads)
