/* SPDX-License-Identifier: Apache-2.0
 * Rules between options, and what follows from the shape of the data for every model; what a family adds is in its
 * folder. */
#include <math.h>

#include "data/door/dataset.h"
#include "gantry/arrays.h"
#include "dist/door/dist.h"
#include "metrics/door/metric.h"
#include "networks/model/door/family.h"
#include "networks/model/door/optimizer.h"
#include "base/door/words.h"
#include "job/internal.h"

/* ---- rules ---- */

/* Options that mean something only with certain values of --schedule. */
static const struct {
    const char *key;
    gt_schedule_kind with, too;
} schedule_rules[] = {
    {"schedule-at", GT_SCHEDULE_STEP, GT_SCHEDULE_STEP},
    {"schedule-factor", GT_SCHEDULE_STEP, GT_SCHEDULE_PLATEAU},
    {"schedule-epochs", GT_SCHEDULE_COSINE, GT_SCHEDULE_ONE_CYCLE},
    {"schedule-patience", GT_SCHEDULE_PLATEAU, GT_SCHEDULE_PLATEAU},
};

static gt_status check_schedule(gt_job *job) {
    static const char *const names[] = {GT_SCHEDULE_KINDS(GT_NAME)};
    gt_options o = job->options;
    bool overridden = gt_options_state(&o, "schedule") == GT_OPTION_GIVEN;
    for (size_t i = 0; i < sizeof schedule_rules / sizeof *schedule_rules; i++) {
        const char *key = schedule_rules[i].key;
        gt_schedule_kind with = schedule_rules[i].with, too = schedule_rules[i].too;
        if (job->schedule == with || job->schedule == too) continue;
        gt_option_state state = gt_options_state(&o, key);
        if (state == GT_OPTION_GIVEN || (state == GT_OPTION_FILED && !overridden))
            return gt_fail(GT_USAGE, "--%s is only for --schedule=%s%s%s", key, names[with], too != with ? " or " : "",
                           too != with ? names[too] : "");
        if (state == GT_OPTION_FILED) job->state[gt_options_find(&o, key) - o.rows] = GT_OPTION_MOOT;
    }
    if (job->schedule == GT_SCHEDULE_STEP && !*job->schedule_at)
        return gt_fail(GT_USAGE, "--schedule=step needs --schedule-at, the epochs at which the rate changes: 10,20");
    if (job->schedule == GT_SCHEDULE_PLATEAU && job->family->adversarial)
        return gt_fail(GT_USAGE,
                       "--schedule=plateau needs a loss that falls while the model learns; --model=%s has none",
                       job->model);
    return GT_OK;
}

static bool has_betas(const char *optimizer) { return gt_optimizer_find(optimizer)->betas; }

/* Betas without an optimiser that has some. */
static gt_status check_betas(const gt_job *job) {
    static const char *const keys[] = {"beta1", "beta2"};
    bool both = job->family->adversarial, any = has_betas(gt_job_optimizer(job, both ? job->gan.g_optimizer : ""));
    any |= both && has_betas(gt_job_optimizer(job, job->gan.d_optimizer));
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !any; i++)
        if (gt_options_state(&job->options, keys[i]) == GT_OPTION_GIVEN)
            return gt_fail(GT_USAGE, "--%s is only for --optimizer=adam or adamw", keys[i]);
    return GT_OK;
}

/* Options that say how the metrics of --metrics are computed have no meaning without them. */
static gt_status check_metrics(gt_job *job, bool any) {
    static const char *const keys[] = {"metrics-count", "metrics-share", "detector", "inception",
                                       "vgg16",         "lpips",         "resize"};
    gt_options o = job->options;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !any; i++) {
        if (gt_options_state(&o, keys[i]) == GT_OPTION_GIVEN)
            return gt_fail(GT_USAGE, "--%s is only for runs with --metrics, such as --metrics=fid10k", keys[i]);
        if (gt_options_state(&o, keys[i]) == GT_OPTION_FILED)
            job->state[gt_options_find(&o, keys[i]) - o.rows] = GT_OPTION_MOOT;
    }
    return GT_OK;
}

static int keys_of(const gt_metric *s) {
    int n = 0;
    while (n < GT_METRIC_MAX_KEYS && s->keys[n]) n++;
    return n;
}

/* Takes the metric as what --best names, if it is: by its name, by its key, or by the series of its key. */
static gt_status take_best(gt_job *job, const char *name, const gt_metric_request *r) {
    char key[2 * GT_METRIC_NAME_BYTES];
    gt_metric_request same[GT_METRICS_MAX];
    int n;
    bool is_name = !gt_metrics_parse(name, job->metrics_count, false, same, &n) && n == 1 &&
                   gt_is(same[0].metric, r->metric);
    if (is_name && keys_of(r->row) > 1 && !gt_is(r->row->keys[0], ""))
        return gt_fail(GT_USAGE, "--best=%s: the metric has several values; name one of them: %s%s or %s%s", job->best,
                       r->metric, r->row->keys[0], r->metric, r->row->keys[1]);
    const char *own = !strncmp(name, GT_METRIC_SERIES, strlen(GT_METRIC_SERIES)) ? name + strlen(GT_METRIC_SERIES)
                                                                                 : name;
    for (int k = 0; k < keys_of(r->row); k++) {
        snprintf(key, sizeof key, "%s%s", r->metric, r->row->keys[k]);
        if (!gt_is(key, own) && !(is_name && k == 0)) continue;
        job->best_series = gt_arena_printf(job->arena, GT_METRIC_SERIES "%s", key);
        if (!job->best_series) return gt_fail(GT_NOMEM, "out of memory for the values of a job");
        job->best_is_score = true;
        job->best_is_largest |= gt_is(name, job->best) && r->row->more_is_better && !strstr(key, "_std");
    }
    return GT_OK;
}

/* What --best names. */
static gt_status find_best(gt_job *job, const gt_metric_request *metrics, int n) {
    const char *name = job->best;
    gt_metric_request other[GT_METRICS_MAX];
    int others;
    job->best_is_score = false;
    job->best_is_largest = !strncmp(name, "max:", 4);
    if (job->best_is_largest || !strncmp(name, "min:", 4)) name += 4;
    job->best_series = gt_is(name, "none") || !*name ? NULL : name;
    gt_status st = GT_OK;
    for (int i = 0; job->best_series && i < n && !st && !job->best_is_score; i++)
        st = take_best(job, name, &metrics[i]);
    if (st || !job->best_series || job->best_is_score) return st;
    if (!strncmp(name, GT_METRIC_SERIES, strlen(GT_METRIC_SERIES)) ||
        (!gt_metrics_parse(name, 0, false, other, &others) && others))
        return gt_fail(GT_USAGE, "--best=%s: --metrics=%s has no such value", job->best, job->metrics);
    job->best_series = gt_metric_series_now(name);
    const gt_metric *m = gt_metric_of_series(job->best_series);
    job->best_is_largest |= gt_is(name, job->best) && m && m->more_is_better;
    return GT_OK;
}

static gt_status check_scores(gt_job *job) {
    gt_metric_request metrics[GT_METRICS_MAX];
    int n;
    gt_status st = gt_metrics_parse(job->metrics, job->metrics_count, false, metrics, &n);
    if (st) return gt_wrap(st, "--metrics");
    st = check_metrics(job, n > 0);
    if (!st) st = gt_metrics_check_takes(&job->options, metrics, n);
    return st ? st : find_best(job, metrics, n);
}

static gt_status check_patience(const gt_job *job) {
    if (!job->early_stopping || job->family->judged || job->best_series) return GT_OK;
    return gt_fail(GT_USAGE,
                   "--early-stopping with --model=%s needs --best, the statistic that must improve: for example a "
                   "metric, as in --metrics=fid10k --best=fid10k",
                   job->model);
}

static bool has_key(const gt_job *job, const char *key) {
    return !key || gt_family_has(job->family, gt_options_find(&job->options, key));
}

/* `own`: the key that does the same here, should other programs not mean another one; NULL: none. */
static gt_status fail_of_model(const gt_job *job, const gt_option *row, const char *models, const char *own) {
    char hint[GT_WORD_BYTES] = "";
    gt_word found;
    const gt_word *w = gt_word_find(&job->options, GT_WORD_OF_MODEL, row->key, &found);
    if (w && has_key(job, w->at) && has_key(job, w->here)) gt_word_text(w, GT_WORD_OF_MODEL, "--", hint);
    else if (own) snprintf(hint, sizeof hint, "; here it is --%s", own);
    return gt_fail(GT_USAGE, "--%s has no meaning with --model=%s (it belongs to %s%s)", row->key, job->model, models,
                   hint);
}

/* Options of other models of the family: a job file, and the recipe of a checkpoint, have all of them. */
static gt_status check_model_has(const gt_job *job, const gt_option *row) {
    char models[512];
    if (gt_model_has(job->family, job->kind, row) || gt_options_state(&job->options, row->key) != GT_OPTION_GIVEN)
        return GT_OK;
    gt_models_with(job->family, row, models, sizeof models);
    return fail_of_model(job, row, models, NULL);
}

/* Another family's option. "dropout" of EDM's program is --unet-dropout here. */
static gt_status fail_foreign(const gt_job *job, const gt_option *row) {
    const char *own = NULL;
    for (int i = 0; i < job->options.n && !own; i++) {
        const char *key = job->options.rows[i].key;
        size_t n = strlen(key), tail = strlen(row->key);
        bool ends = n > tail + 1 && key[n - tail - 1] == '-' && !strcmp(key + n - tail, row->key);
        if (ends && job->options.rows[i].only && gt_family_has(job->family, &job->options.rows[i])) own = key;
    }
    return fail_of_model(job, row, row->only, own);
}

/* A loss of another family. */
static gt_status check_loss(const gt_job *job) {
    const char *own = job->family->losses;
    if (!own || !*job->loss || gt_names_have(own, job->loss)) return GT_OK;
    return gt_fail(GT_USAGE, "--loss=%s is a loss of other models; --model=%s has %s", job->loss, job->model, own);
}

/* Options of other models have no meaning, and some options none with this --aug: giving one is a mistake. */
static gt_status check_meaning(gt_job *job) {
    gt_job_find_family(job);
    const gt_family *family = job->family;
    for (int i = 0; i < job->options.n; i++) {
        const gt_option *row = &job->options.rows[i];
        if (gt_family_has(family, row)) {
            if (check_model_has(job, row)) return GT_USAGE;
            continue;
        }
        if (gt_job_given(job, row->key)) return fail_foreign(job, row);
        job->state[i] = GT_OPTION_MOOT;
    }
    gt_job_derive_all(job, job->kind->defaults);
    gt_status st = gt_gan_check(job);
    if (!st) st = check_loss(job);
    if (!st) st = check_schedule(job);
    if (!st) st = check_betas(job);
    if (!st) st = check_scores(job);
    if (!st) st = gt_options_check_effect(&job->options, NULL);
    return st ? st : check_patience(job);
}

gt_status gt_job_check_start(gt_job *job) {
    gt_options o = job->options;
    /* the command line's --run overrules an outdir in a file, and the other way round */
    if (*job->run && gt_options_state(&o, "run") == gt_options_state(&o, "outdir"))
        return gt_fail(
            GT_USAGE,
            "--run and --outdir: only one of them; --run names a run's directory, --outdir a folder for numbered runs");
    if (*job->run && gt_options_state(&o, "outdir") == GT_OPTION_GIVEN) job->run = "";
    if (job->restart && gt_options_state(&o, "restart") == GT_OPTION_FILED)
        return gt_fail(GT_USAGE,
                       "restart = 1 in a job file would start over at each start: give --restart on the command line");
    if (job->restart && !*job->run)
        return gt_fail(GT_USAGE, "--restart needs a run's directory: give --run (in --outdir each run is new)");
    if (gt_options_state(&o, "dry-run-seconds") == GT_OPTION_GIVEN && job->dry_run != GT_DRY_RUN_FULL &&
        job->dry_run != GT_DRY_RUN_SPEED)
        return gt_fail(GT_USAGE, "--dry-run-seconds is only for --dry-run");
    if (!*job->data)
        return gt_fail(GT_USAGE, "--data is required: a ZIP, a folder of PNGs, an HDF5 file, or synth:shapes");
    return GT_OK;
}

gt_status gt_job_check(gt_job *job) {
    gt_status st = gt_job_check_start(job);
    return st ? st : check_meaning(job);
}

/* Ranks do not come into it here: more of them than slices is an error of the run, not of the job. */
static gt_status resolve_slices(gt_job *job) {
    if (gt_job_derives(job, "slices"))
        job->slices = job->family->default_slices ? job->family->default_slices(job) : job->batch;
    return gt_slices_check((int)job->batch, (int)job->slices);
}

/* ---- the whole ---- */

static void derive_quantities(gt_job *job) {
    job->total_images = (int64_t)ceil(job->kimg * 1000 - 1e-6); /* 1e-6: 0.57 * 1000 may be a bit more than 570 */
    int64_t by_steps;
    bool counts = job->steps && !__builtin_mul_overflow(job->steps, job->batch, &by_steps);
    if (counts && by_steps < job->total_images) job->total_images = by_steps;
}

static const char *wants_classes(const gt_job *job) {
    return job->family->needs_classes ? job->family->needs_classes(job) : NULL;
}

static bool uses_masks(const gt_job *job) { return job->family->needs_masks && job->family->needs_masks(job); }

static bool uses_labels(const gt_job *job) { return job->cond || wants_classes(job); }

int64_t gt_job_label_width(const gt_job *job, const gt_dataset_info *info) {
    return uses_masks(job) ? info->mask_classes : info->stored_label_width;
}

gt_status gt_job_check_files(const gt_job *job) {
    gt_status st = gt_h5_check(job->data);
    if (!st) st = gt_h5_check(job->condition);
    if (!st) st = gt_h5_check(job->test_condition);
    if (!st && *job->test_condition) st = gt_h5_check(job->test_data);
    return st ? st : gt_h5_check(job->statics);
}

bool gt_job_fields(const gt_job *job, gt_fields_request *out) {
    *out = (gt_fields_request){.condition = job->condition,
                               .statics = job->statics,
                               .missing = job->missing,
                               .value_transform = job->value_transform,
                               .condition_resize = job->condition_resize};
    return *job->condition || *job->statics || *job->value_transform;
}

gt_status gt_job_open_data(gt_job *job, gt_dataset **out) {
    gt_fields_request fields;
    gt_job_find_family(job);
    gt_dataset_options o = {.use_labels = uses_labels(job),
                            .classes = job->classes,
                            .recorded_classes = job->goes_on,
                            .class_names = job->class_names,
                            .use_masks = uses_masks(job),
                            .mirror = job->mirror,
                            .skip_damaged = job->on_error == GT_ON_ERROR_SKIP,
                            .subset = job->subset,
                            .held_out = job->validation,
                            .subset_seed = (uint32_t)job->seed,
                            .fields = gt_job_fields(job, &fields) ? &fields : NULL};
    gt_status st = gt_dataset_open(out, job->data, &o);
    if (st) return st;
    const gt_dataset_info *i = gt_dataset_get_info(*out);
    job->colours = gt_dataset_colours(i);
    job->conditions = i->conditions;
    job->target_mask = i->mask_of_target >= 0;
    const char *key = wants_classes(job);
    if (!key || !i->label_width || i->label_kind == GT_LABELS_CLASSES) return GT_OK;
    gt_dataset_close(*out);
    *out = NULL;
    if (!job->family->adversarial)
        return gt_fail(GT_USAGE, "--model=%s learns classes, and the labels of '%s' are vectors", job->model,
                       job->data);
    return gt_fail(GT_USAGE, "--%s: the labels of '%s' are vectors, and D can only learn classes", key, job->data);
}

/* Jobs without conditions have the records that they had before there were any. */
static gt_status check_conditions(gt_job *job, int64_t channels) {
    static const char *const keys[] = {"data-conditions", "data-target-mask"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        job->state[gt_options_find(&job->options, keys[i]) - job->options.rows] = job->conditions ? GT_OPTION_DERIVED
                                                                                                  : GT_OPTION_MOOT;
    if (job->conditions < 0 || (job->conditions && job->conditions >= channels))
        return gt_fail(GT_FORMAT, "%lld of %lld channels are conditions: no target is left", (long long)job->conditions,
                       (long long)channels);
    if (!job->conditions || job->family->takes_conditions) return GT_OK;
    return gt_fail(
        GT_USAGE,
        "--model=%s makes pictures of noise alone, but '%s' has conditions: --model=edm makes fields with them",
        job->model, job->data);
}

gt_status gt_job_resolve(gt_job *job, int64_t height, int64_t width, int64_t channels, int64_t label_width,
                         int64_t images) {
    gt_status st = check_meaning(job);
    if (st) return st;
    if (height < 1 || width < 1 || channels < 1)
        return gt_fail(GT_USAGE, "images of %lldx%lld with %lld channels are impossible", (long long)width,
                       (long long)height, (long long)channels);
    if (wants_classes(job) && !label_width && !job->family->adversarial)
        return gt_fail(
            GT_USAGE,
            "--model=%s learns classes, and '%s' has none: dataset.json, the labels of an HDF5 file, a file "
            "*-labels-idx1-ubyte beside MNIST's, a CSV, or gantry dataset SOURCE DEST --labels=folders gives "
            "them",
            job->model, job->data);
    if (uses_labels(job) && !label_width)
        return gt_fail(GT_USAGE,
                       "--%s=1 requires labels, and '%s' has none: gantry dataset SOURCE DEST with --labels=folders, "
                       "--labels=FILE.csv or --labels=FILE.h5:NAME makes a dataset with labels",
                       job->cond ? "cond" : wants_classes(job), job->data);
    if (images && job->subset > images)
        return gt_fail(GT_USAGE, "--subset must be between 1 and %lld", (long long)images);
    if ((st = check_conditions(job, channels))) return st;
    job->height = height;
    job->width = width;
    job->channels = channels;
    job->label_dim = uses_labels(job) || uses_masks(job) ? label_width : 0;
    job->resumes = gt_job_transfers(job);
    /* A run that goes on has begun as its record says: where that says nothing, by numbers, as version 1.0.0 did. */
    if (job->resumes && job->label_dim && !job->goes_on) gt_job_derive(job, "resume-classes", "names");
    int64_t used = job->subset ? job->subset : images;
    int64_t items = (used - llround(job->validation * (double)used)) * (job->mirror ? 2 : 1);
    const gt_family *family = job->family;
    if (family->resolve) family->resolve(job, items);
    if (gt_arena_failed(job->arena)) return gt_fail(GT_NOMEM, "out of memory for the values of a job");
    if (family->check_size && (st = family->check_size(height, width, channels))) return st;
    if (family->check && (st = family->check(job))) return st;
    if ((st = resolve_slices(job))) return st;
    gt_gan_resolve(job);
    derive_quantities(job);
    job->resolved = true;
    return GT_OK;
}
