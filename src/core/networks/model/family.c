/* SPDX-License-Identifier: Apache-2.0
 * What families do with a job: who has set an option, and values for those that nobody has set. */
#include "networks/model/door/family.h"

#include <stdarg.h>

#include "base/door/numbers.h"
#include "networks/nets/door/layers.h"

static uint8_t *state_of(const gt_job *job, const char *key) {
    const gt_option *row = gt_options_find(&job->options, key);
    return &job->options.state[row - job->options.rows];
}

bool gt_job_given(const gt_job *job, const char *key) {
    if (!job->options.state) return false;
    gt_option_state state = *state_of(job, key);
    return state == GT_OPTION_FILED || state == GT_OPTION_GIVEN;
}

const char *gt_job_value(const gt_job *job, const char *key) {
    const gt_option *row = gt_options_find(&job->options, key);
    return row ? gt_options_effective(&job->options, row) : NULL;
}

bool gt_job_derives(gt_job *job, const char *key) {
    uint8_t *state = state_of(job, key);
    if (*state != GT_OPTION_DEFAULT) return false;
    *state = GT_OPTION_DERIVED;
    return true;
}

/* A value that cannot be stored is a fault of the family's tables, but for a text without memory, which the arena
 * remembers. */
void gt_job_derive(gt_job *job, const char *key, const char *format, ...) {
    if (!gt_job_derives(job, key)) return;
    char value[64];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    gt_options_set(&job->options, key, value, NULL);
    *state_of(job, key) = GT_OPTION_DERIVED;
}

void gt_job_derive_all(gt_job *job, const char *values) {
    char key[32], value[32];
    for (int n; sscanf(values, " %31[^=]=%31s%n", key, value, &n) == 2; values += n)
        gt_job_derive(job, key, "%s", value);
}

/* Two options say the same thing in two ways: should `key` now get its value from `other`? False where somebody gave
 * `key`. But where `key` is from a file (the job.ini of a run holds both options) and `other` from the command line,
 * true. Where `key` is from the command line, `other` becomes moot. */
static bool follows(gt_job *job, const char *key, const char *other) {
    uint8_t *state = state_of(job, key), *of_other = state_of(job, other);
    bool follows = *state == GT_OPTION_DEFAULT || (*state == GT_OPTION_FILED && *of_other == GT_OPTION_GIVEN);
    if (follows) *state = GT_OPTION_DERIVED;
    else if (*state == GT_OPTION_GIVEN) *of_other = GT_OPTION_MOOT;
    return follows;
}

void gt_job_last_epochs(gt_job *job, int usual, int64_t items) {
    if (!follows(job, "kimg", "epochs")) return;
    bool asked = gt_job_given(job, "epochs");
    gt_job_derive(job, "epochs", "%d", usual);
    job->kimg = (double)job->epochs * (double)items / 1000;
    double by_steps = (double)job->steps * (double)job->batch / 1000;
    if (!asked && by_steps > job->kimg) job->kimg = by_steps;
}

void gt_job_tick_by_epochs(gt_job *job, int64_t least, int64_t items) {
    const double snap_kimg = 200; /* 50 ticks of 4 kimg */
    if (items <= 0) return;
    int64_t epochs = items < least ? (least + items - 1) / items : 1;
    double kimg = (double)(epochs * items) / 1000;
    gt_job_derive(job, "tick", "%.17g", kimg);
    if (job->tick < kimg || job->tick > kimg) return; /* it was given */
    gt_job_derive(job, "snap", "%.0f", fmax(1, round(snap_kimg / kimg)));
    gt_job_derive(job, "tick-minutes", "0");
}

bool gt_job_transfers(const gt_job *job) { return *job->resume && !gt_is(job->resume, "noresume"); }

int gt_recipe_of(const gt_job *job, const gt_named *recipes) {
    for (int i = 0; recipes[i].name; i++)
        if (gt_is(job->cfg, recipes[i].name)) return i;
    return -1;
}

void gt_derive_recipe(gt_job *job, const gt_named *recipes) {
    int i = gt_recipe_of(job, recipes);
    if (i >= 0) gt_job_derive_all(job, recipes[i].text);
}

gt_status gt_check_recipe(const gt_job *job, const gt_named *recipes) {
    gt_text names = {""};
    if (gt_recipe_of(job, recipes) >= 0) return GT_OK;
    for (; recipes->name; recipes++) names = gt_text_of("%s%s%s", names.s, *names.s ? ", " : "", recipes->name);
    return gt_fail(GT_USAGE, "--cfg=%s is a recipe for another model; --model=%s has %s", job->cfg, job->model,
                   names.s);
}

const char *gt_job_adds_to(const gt_job *job) {
    for (const gt_named *row = job->family->adds_to; row && row->name; row++)
        if (!strcmp(row->name, job->model)) return row->text;
    return NULL;
}

const char *gt_job_optimizer(const gt_job *job, const char *own) {
    return *own ? own : *job->optimizer ? job->optimizer : "adam";
}

gt_learning gt_job_learning(const gt_job *job, const char *own, double rate, double beta1, double beta2,
                            double momentum) {
    const char *optimizer = gt_job_optimizer(job, own);
    bool outside = gt_job_given(job, "eps-form") && job->eps_form == GT_EPS_OUTSIDE;
    const gt_optimizer *row = gt_optimizer_find(optimizer);
    double eps = outside ? 1e-7 : row && row->eps > 0 ? row->eps : 1e-8;
    return (gt_learning){optimizer,
                         {.lr = rate,
                          .beta1 = gt_job_given(job, "beta1") ? job->beta1 : beta1,
                          .beta2 = gt_job_given(job, "beta2") ? job->beta2 : beta2,
                          .momentum = gt_job_given(job, "momentum") ? job->momentum : momentum,
                          .nesterov = job->nesterov,
                          .rho = gt_job_given(job, "rho") ? job->rho : 0.99,
                          .eps = gt_job_given(job, "eps") ? job->eps : eps,
                          .eps_outside = outside,
                          .decay = job->weight_decay}};
}

static int slice_size(const gt_job *job) { return (int)gt_pieces(job->batch, job->slices); }

gt_model *gt_family_make(const gt_family *family, const gt_job *job) {
    gt_arena *arena = gt_arena_new();
    gt_model *m = arena ? gt_arena_alloc(arena, sizeof *m) : NULL;
    if (!m) {
        gt_arena_free(arena);
        return NULL;
    }
    *m = (gt_model){.name = family->name,
                    .arena = arena,
                    .seed = (uint64_t)job->seed,
                    .ema_of = -1,
                    .slice_size = slice_size(job),
                    .z_dim = (int)job->z_dim,
                    .label_dim = (int)job->label_dim,
                    .height = (int)job->height,
                    .width = (int)job->width,
                    .channels = (int)job->channels,
                    .conditions = (int)job->conditions,
                    .target_mask = job->target_mask};
    if (!family->make(m, job)) return m;
    gt_model_free(m);
    return NULL;
}

gt_augment_config gt_job_augment(const gt_job *job) {
    gt_augment_config c = job->gan.augments ? gt_augment_preset(job->gan.augpipe) : gt_augment_off();
    c.colours = (int)job->colours;
    gt_augment_drop_colour(&c, (int)job->channels);
    return c;
}
