/* SPDX-License-Identifier: Apache-2.0
 * Scores of ensembles beside fields that are not trained on (--test-data of a run with conditions), at checkpoints by
 * images: those of gantry metrics CHECKPOINT. They never end a run: what fails is a warning. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/door/clock.h"
#include "base/door/text.h"
#include "gantry/dataset.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "gantry/memory.h"
#include "gantry/metric.h"
#include "gantry/stop.h"
#include "run/door/checkpoint.h"
#include "run/door/pages.h"
#include "runner/generator/door/ensemble.h"
#include "train/door/measurer.h"

enum { MEMBERS = 8 };

typedef struct ensembles {
    char dir[4096]; /* of the run, on all ranks */
} ensembles;

typedef struct telling {
    const gt_engine *engine;
    gt_values *values;
    gt_buffer line;
} telling;

const gt_run_picture gt_run_picture_ensembles = {
    .file = {"ensembles.png", GT_RUN_WRITES, "ensembles of fields beside the truth: spectra and ranks (--test-data)"},
    .title = "Ensembles beside the truth: spectra, and how often the truth has each rank among the members"};

static bool is_wanted(const gt_engine *e) { return e->model->conditions && *e->job->test_data; }

static gt_status open_all(gt_engine *e, void *own) {
    (void)own;
    return gt_comm_agree_all(e->comm, gt_ensembles_find() ? GT_OK : gt_failure());
}

static void begin(gt_engine *e, gt_journal *j, void *own) {
    ensembles *s = own;
    if (!e->comm->rank) snprintf(s->dir, sizeof s->dir, "%s", gt_journal_dir(j));
    gt_comm_broadcast_all(e->comm, s->dir, sizeof s->dir, 0);
}

/* "Metrics/crps", with several targets "Metrics/pr_crps". */
static void take(void *arg, const char *target, const char *key, double value, const char *recipe) {
    telling *t = arg;
    const gt_model *m = t->engine->model;
    bool several = m->channels - m->conditions > 1;
    if (isnan(value)) return;
    gt_values_put_stat(
        t->values,
        (gt_stat_value){gt_text_of(GT_METRIC_SERIES "%s%s%s", several ? target : "", several ? "_" : "", key).s, 1,
                        value, 0},
        &(gt_value_note){.recipe = recipe});
    gt_buffer_printf(&t->line, " %s%s%s %.5g", several ? target : "", several ? " " : "", key, value);
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    const ensembles *s = own;
    const gt_job *j = e->job;
    char name[40], path[4200], chart[4200], time[32];
    bool built_in = gt_synth_of_path(j->test_data);
    double began = gt_clock();
    telling t = {.engine = e, .values = values};
    gt_checkpoint_name(e->shown, name);
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    snprintf(chart, sizeof chart, "%s/%s", s->dir, gt_run_picture_ensembles.file.pattern);
    GT_FREED char *text = gt_job_to_text(j);
    const gt_ensemble_request r = {.checkpoint = path,
                                   .condition = built_in ? j->test_data : j->test_condition,
                                   .targets = built_in ? "" : j->test_data,
                                   .statics = "",
                                   .job = text ? text : "",
                                   .options = {.pool = e->pool},
                                   .members = MEMBERS,
                                   .seed = (uint64_t)j->seed,
                                   .chart = chart,
                                   .stop = gt_stop_requested};
    gt_comm_busy(e->comm, "scores of ensembles");
    gt_status st = gt_comm_agree_all(e->comm, text ? GT_OK : GT_NOMEM); /* the checkpoint is written now */
    if (!st) st = gt_ensembles_find()->score_all(e->comm, &r, "crps,rmse,spread,spectrum", take, &t);
    if (!e->comm->rank) {
        bool scored = !st || t.line.n; /* the chart is behind the scores */
        if (scored) {
            gt_values_put(values, GT_LATE_SECONDS, gt_clock() - began);
            gt_info("ensembles kimg %-7.3f%s (%s)", (double)e->shown / 1000,
                    t.line.n && !t.line.failed ? (const char *)t.line.data : "",
                    gt_duration_text(gt_clock() - began, time));
        }
        if (st && scored) gt_warn("no chart of ensembles: %s", gt_message());
        else if (st == GT_STOPPED)
            gt_info("the scores at %.3f kimg were interrupted: the resumed run computes them", (double)e->shown / 1000);
        else if (st) gt_warn("no scores of ensembles at %.3f kimg: %s", (double)e->shown / 1000, gt_message());
    }
    gt_buffer_free(&t.line);
    gt_comm_doing(e->comm, e->step, "logs, pictures, checkpoints");
    return st == GT_STOPPED ? GT_STOPPED : GT_OK;
}

const gt_measurer gt_measurer_ensembles = {
    .name = "scores of ensembles",
    .own_bytes = sizeof(ensembles),
    .late = true,
    .is_wanted = is_wanted,
    .open_all = open_all,
    .measure_all = measure_all,
    .begin = begin,
};
