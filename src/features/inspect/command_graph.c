/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect --graph: the training graphs of a job as tables. */
#include <stdlib.h>
#include <string.h>

#include "features/inspect/command.h"
#include "gantry/file.h"
#include "features/inspect/layer_table.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/train.h"

static gt_status job_of_checkpoint(const gt_options *o, const char *path, gt_job **job) {
    GT_FREED char *file = NULL;
    gt_network_options reading = cli_reading(o);
    gt_status st = cli_check_checkpoint(o, path, &file);
    gt_checkpoint_file *f = st ? NULL : gt_network_open(file ? file : path, &reading, &st);
    if (f) st = gt_network_held(f);
    if (f && !st && !(*job = gt_job_from_recipe_text(gt_checkpoint_info(f)->recipe, path))) st = GT_FORMAT;
    gt_checkpoint_close(f);
    return st;
}

static gt_status read_job(gt_job *job, const char *path) {
    gt_status st = gt_job_read_file(job, path);
    if (!st) st = gt_job_check(job);
    return st ? st : cli_resolve_job(job);
}

static gt_status job_of(const gt_options *o, const char *path, gt_job **job) {
    *job = NULL;
    if (!gt_ends_with(path, ".ini")) return job_of_checkpoint(o, path, job);
    *job = gt_job_new();
    return *job ? read_job(*job, path) : GT_NOMEM;
}

static gt_status print_phases(gt_model *m, const char *phase, const gt_phase_print_options *options) {
    int printed = 0;
    gt_phase *p;
    for (int i = 0; (p = gt_model_phase(m, i)); i++) {
        if (*phase && strcmp(phase, gt_phase_look(p).name)) continue;
        gt_status st = gt_phase_print(p, options, stdout);
        if (st) return st;
        printed++;
    }
    return printed ? GT_OK
                   : gt_fail(GT_USAGE, "--phase=%s: model '%s' has no such phase (its first is %s)", phase,
                             gt_model_look(m).name, gt_phase_look(gt_model_phase(m, 0)).name);
}

gt_status cli_inspect_graph(const gt_options *o, const char *path, const char *phase, bool timed, int threads) {
    gt_job *job;
    gt_status st = job_of(o, path, &job);
    if (!st) gt_job_set_kernels(job, cli_kernels());
    gt_model *m = st ? NULL : gt_model_new(job);
    if (timed) gt_warn_of_threads(threads, gt_processors_allowed());
    gt_pool *pool = m ? gt_pool_new(threads) : NULL;
    gt_phase_print_options options = {.pool = pool, .recompute = m ? gt_job_recompute(job) : 0, .timed = timed};
    if (!st) st = pool ? print_phases(m, phase, &options) : gt_failure();
    gt_pool_free(pool);
    gt_model_free(m);
    gt_job_free(job);
    return st;
}
