/* SPDX-License-Identifier: Apache-2.0
 * Memory of a training step: what was planned is what is used, and a step allocates nothing; and a save that gets none.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "train/door/measurer.h"
#include "train/journal/journal.h"
#include "gantry/job.h"
#include "scratch.h"

/* ---- calls of the allocator by this thread ---- */

#ifndef __SANITIZE_ADDRESS__
enum { COUNTS_ALLOCATIONS = 1 };
static _Thread_local long allocations;
static _Thread_local size_t most = SIZE_MAX; /* larger ones fail */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void *malloc(size_t bytes) { return allocations++, __libc_malloc(bytes); }
void *calloc(size_t n, size_t bytes) { return allocations++, n && bytes > most / n ? NULL : __libc_calloc(n, bytes); }
void *realloc(void *p, size_t bytes) { return allocations++, __libc_realloc(p, bytes); }
#else
enum { COUNTS_ALLOCATIONS = 0 }; /* the sanitizer has an allocator of its own */
static const long allocations;
static size_t most;
#endif

/* ---- a trainer without a run's directory ---- */

typedef struct fixture {
    gt_comm *comm;
    gt_job *job;
    gt_engine engine;
    gt_journal journal; /* without a directory */
    int64_t made;       /* executions, for all of it */
} fixture;

static const char *const keys[][2] = {
    {"data", "synth:shapes:n=64,size=32,classes=4"},
    {"cond", "1"},
    {"batch", "16"},
    {"slices", "2"},
    {"mbstd", "4"},
    {"cbase", "2048"},
    {"cmax", "64"},
    {"map-layers", "2"},
    {"aug", "fixed"},
    {"p", "0.5"},
    {"augpipe", "bgcfnc"},
};

static void check(gt_status st) {
    if (st) fail_msg("%s", gt_message());
}

static int begin(void **state) {
    fixture *f = calloc(1, sizeof *f);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* large pages would count memory that nobody touched */
    f->comm = gt_comm_start_all(1, NULL);
    f->job = gt_job_new();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) check(gt_job_set(f->job, keys[i][0], keys[i][1], NULL));
    check(gt_engine_open_all(&f->engine, f->comm, f->job));
    f->made = -gt_execs_made();
    check(gt_engine_build_all(&f->engine));
    f->made += gt_execs_made();
    check(gt_engine_start_loader_all(&f->engine));
    *state = f;
    return 0;
}

static int end(void **state) {
    fixture *f = *state;
    gt_engine_close_all(&f->engine);
    gt_job_free(f->job);
    gt_comm_stop_all(f->comm);
    free(f);
    return 0;
}

static size_t touched(void *block, size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (bytes + page - 1) / page, n = 0;
    unsigned char *resident = malloc(pages);
    assert_int_equal(mincore(block, bytes, resident), 0);
    for (size_t i = 0; i < pages; i++) n += resident[i] & 1;
    free(resident);
    return n * page;
}

/* Also those whose memory is looked at first: a run of a few steps is hardly more than this. */
static void graphs_are_compiled_once(void **state) {
    const fixture *f = *state;
    const gt_engine *e = &f->engine;
    int executions = e->generator ? 1 : 0;
    for (int p = 0; p < e->model->n_phases; p++)
        for (int i = 0; i < e->n_shapes; i++) executions += e->phases[p].executions[i].exec != NULL;
    assert_true(executions > 3);
    assert_int_equal(f->made, executions);
    for (int p = 0; p < GT_MAX_PHASES; p++) assert_null(e->tried[p].execution.graph);
}

/* Step 0 runs every phase. */
static void arena_is_used_as_planned(void **state) {
    gt_engine *e = &((fixture *)*state)->engine;
    size_t planned = e->arena_bytes, before = touched(e->arena, planned);
    check(gt_engine_step_all(e));
    size_t after = touched(e->arena, planned);
    print_message("arena: %zu bytes planned, %zu touched before the first step, %zu after it\n", planned, before,
                  after);
    assert_true(planned > (size_t)4 << 20); /* large enough to say something */
    assert_true((double)before < 0.1 * (double)planned);
    assert_true((double)after > 0.9 * (double)planned && (double)after < 1.1 * (double)planned);
}

static void step_allocates_nothing(void **state) {
    gt_engine *e = &((fixture *)*state)->engine;
    if (!COUNTS_ALLOCATIONS) skip();
    free(malloc(1));
    assert_true(allocations > 0); /* they are seen */
    while (e->step < 15) check(gt_engine_step_all(e));
    long before = allocations;
    while (e->step < 17) check(gt_engine_step_all(e)); /* step 16 runs every phase again */
    assert_int_equal(allocations - before, 0);
}

/* There is no memory for a checkpoint: the next tick tries again. */
static void save_without_memory(void **state) {
    gt_engine *e = &((fixture *)*state)->engine;
    if (!COUNTS_ALLOCATIONS) skip();
    gt_journal *j = &((fixture *)*state)->journal;
    assert_int_equal(make_scratch(NULL), 0);
    assert_non_null(j->saver = gt_saver_new(scratch, &(gt_keep){.newest = 1}, NULL));
    most = 1 << 16;
    gt_save_all(e, j, GT_NOT_THE_BEST);
    most = SIZE_MAX;
    gt_saver_free(j->saver);
    j->saver = NULL;
    assert_true(j->checkpoint_failed);
    assert_int_equal(rmdir(scratch), 0); /* empty */
}

static size_t resident(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_int_equal(f ? fscanf(f, "%*d %ld", &pages) : 0, 1);
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int count_values(const gt_values *v, const char *beginning) {
    int n = 0;
    for (int i = 0; i < v->n; i++) n += !strncmp(v->of[i].name, beginning, strlen(beginning));
    return n;
}

/* Evaluations and looks at units of a classifier lie in the arena of the steps: no memory is touched for them. */
static void evaluations_take_turns(void **state) {
    fixture *f = *state;
    gt_engine *e = calloc(1, sizeof *e);
    gt_job *job = gt_job_new();
    static const char *const own[][2] = {{"model", "resnet18"},
                                         {"width", "0.5"},
                                         {"data", "synth:shapes:n=16,size=32,classes=4"},
                                         {"test-data", "synth:shapes:n=16,size=32,classes=4"},
                                         {"batch", "2"},
                                         {"slices", "1"}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) check(gt_job_set(job, own[i][0], own[i][1], NULL));
    check(gt_engine_open_all(e, f->comm, job));
    check(gt_engine_build_all(e));
    check(gt_engine_start_loader_all(e));
    check(gt_engine_step_all(e));
    size_t all = e->arena_bytes, others = resident() - touched(e->arena, all);
    check(gt_measurers_measure_all(e, &f->journal, false));
    size_t more = resident() - touched(e->arena, all) - others;
    print_message("arena: %zu bytes; an evaluation needed %zu others\n", all, more);
    assert_true(more < (2 << 20) && all > (8 << 20));
    assert_int_equal(count_values(&f->journal.measured, "Dead/"), 17);
    assert_int_equal(count_values(&f->journal.measured, "Accuracy/test"), 2);
    gt_values_clear(&f->journal.measured);
    gt_engine_close_all(e);
    gt_job_free(job);
    free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(graphs_are_compiled_once),
                                       cmocka_unit_test(arena_is_used_as_planned),
                                       cmocka_unit_test(step_allocates_nothing), cmocka_unit_test(save_without_memory),
                                       cmocka_unit_test(evaluations_take_turns)};
    return cmocka_run_group_tests(tests, begin, end);
}
