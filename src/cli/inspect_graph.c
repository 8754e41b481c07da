/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect --graph: the training graphs of a job as tables. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gantry/file.h"
#include "gantry/layer_table.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/train.h"

static gt_status job_of_checkpoint(const gt_options *o, const char *path, gt_job **job) {
    char *file;
    gt_network_options reading = cli_reading(o);
    gt_status st = cli_check_checkpoint(o, path, &file);
    gt_checkpoint_file *f = st ? NULL : gt_network_open(file ? file : path, &reading, &st);
    if (f) st = gt_network_held(f);
    if (f && !st && !(*job = gt_job_from_recipe_text(gt_checkpoint_info(f)->recipe, path))) st = GT_FORMAT;
    gt_checkpoint_close(f);
    free(file);
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

static gt_status print_phase(gt_phase *p, bool timed, const gt_exec_options *options) {
    gt_graph *g = p->build(p, p->model->slice_size);
    gt_exec *e = g ? gt_exec_new(g, options) : NULL;
    if (!e) {
        gt_graph_free(g);
        return gt_failure();
    }
    gt_print("phase %s: trains %s, every %d step%s, slices of %d\n", p->name, p->model->nets[p->net]->name, p->interval,
             p->interval > 1 ? "s" : "", p->model->slice_size);
    gt_status st = timed ? gt_phase_time(p, e) : GT_OK;
    if (!st) gt_exec_print(e, stdout);
    gt_print("\n");
    gt_exec_free(e);
    gt_graph_free(g);
    return st;
}

static gt_status print_phases(gt_model *m, const char *phase, bool timed, const gt_exec_options *options) {
    int printed = 0;
    for (int i = 0; i < m->n_phases; i++) {
        if (*phase && strcmp(phase, m->phases[i].name)) continue;
        gt_status st = print_phase(&m->phases[i], timed, options);
        if (st) return st;
        printed++;
    }
    return printed ? GT_OK
                   : gt_fail(GT_USAGE, "--phase=%s: model '%s' has no such phase (its first is %s)", phase, m->name,
                             m->phases[0].name);
}

gt_status cli_inspect_graph(const gt_options *o, const char *path, const char *phase, bool timed, int threads) {
    gt_job *job;
    gt_status st = job_of(o, path, &job);
    if (!st) job->kernels = cli_kernels();
    gt_model *m = st ? NULL : gt_model_new(job);
    if (timed) gt_warn_of_threads(threads, gt_processors_allowed());
    gt_pool *pool = m ? gt_pool_new(threads) : NULL;
    /* As training plans them where a rank has one slice. */
    gt_exec_options options = {.pool = pool, .runs = 1, .recompute = m ? gt_job_recompute(job) : 0};
    if (!st) st = pool ? print_phases(m, phase, timed, &options) : gt_failure();
    gt_pool_free(pool);
    gt_model_free(m);
    gt_job_free(job);
    return st;
}
