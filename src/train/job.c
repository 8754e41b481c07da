/* SPDX-License-Identifier: Apache-2.0
 * A job's life: made with defaults, given values, checked for rules between options that need no data. */
#include "gantry/job.h"

#include <stdlib.h>

gt_options gt_job_options(gt_job *job) {
    gt_options o = {.fields = job, .state = job->state, .arena = job->arena};
    o.rows = gt_job_table(&o.n);
    return o;
}

gt_job *gt_job_new(void) {
    gt_job *job = calloc(1, sizeof *job);
    gt_arena *arena = gt_arena_new();
    if (!job || !arena) {
        free(job);
        gt_arena_free(arena);
        gt_fail(GT_NOMEM, "out of memory for a job");
        return NULL;
    }
    job->arena = arena;
    gt_options o = gt_job_options(job);
    gt_options_reset(&o);
    return job;
}

void gt_job_free(gt_job *job) {
    if (!job) return;
    gt_arena_free(job->arena);
    free(job);
}

gt_status gt_job_set(gt_job *job, const char *key, const char *value, const char *where) {
    gt_options o = gt_job_options(job);
    return gt_options_set(&o, key, value, where);
}

static bool is_given(gt_option_state state) { return state == GT_OPTION_FILED || state == GT_OPTION_GIVEN; }

bool gt_job_given(gt_job *job, const char *key) {
    gt_options o = gt_job_options(job);
    return is_given(gt_options_state(&o, key));
}

/* Options that mean something only with certain values of --aug. */
static const struct {
    const char *key, *with; /* with: the value of --aug; NULL: any but noaug */
} augment_rules[] = {
    {"p", "fixed"}, {"target", "ada"}, {"p-max", "ada"}, {"ada-kimg", "ada"}, {"ada-interval", "ada"}, {"augpipe", NULL},
};

/* An option without meaning is a mistake, unless it stands in a job file and the command line chose another --aug over it. */
static gt_status check_augment(gt_job *job) {
    gt_options o = gt_job_options(job);
    bool overridden = gt_options_state(&o, "aug") == GT_OPTION_GIVEN;
    for (size_t i = 0; i < sizeof augment_rules / sizeof *augment_rules; i++) {
        const char *key = augment_rules[i].key, *with = augment_rules[i].with;
        if (with ? gt_is(job->aug, with) : !gt_is(job->aug, "noaug")) continue;
        gt_option_state state = gt_options_state(&o, key);
        if (state == GT_OPTION_GIVEN || (state == GT_OPTION_FILED && !overridden)) {
            if (with) return gt_fail(GT_USAGE, "--%s can only be specified with --aug=%s", key, with);
            return gt_fail(GT_USAGE, "--%s cannot be specified with --aug=noaug", key);
        }
        job->state[gt_options_find(&o, key) - o.rows] = GT_OPTION_MOOT;
    }
    if (gt_is(job->aug, "fixed") && !gt_job_given(job, "p")) return gt_fail(GT_USAGE, "--aug=fixed requires specifying --p");
    return GT_OK;
}

gt_status gt_job_check(gt_job *job) {
    gt_options o = gt_job_options(job);
    /* the command line's --run overrules an outdir in a file, and the other way round */
    if (*job->run && gt_options_state(&o, "run") == gt_options_state(&o, "outdir"))
        return gt_fail(GT_USAGE, "--run and --outdir: only one of them; --run names a run's directory, --outdir a place for numbered ones");
    if (*job->run && gt_options_state(&o, "outdir") == GT_OPTION_GIVEN) job->run = "";
    if (!*job->data) return gt_fail(GT_USAGE, "--data is required: a ZIP, a folder of PNGs, an HDF5 file, or synth:shapes");
    return check_augment(job);
}
