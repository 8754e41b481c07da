/* SPDX-License-Identifier: Apache-2.0
 * Ensembles of fields (gantry/fields.h): for the conditions of each sample several members, made by a network in the
 * role "conditional generator". The noise of a member is a function of seed, the sample's moment (gt_dataset_moment)
 * and the number of the member alone. What makes and scores ensembles is a feature, which registers here. */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_ENSEMBLE_H
#define GANTRY_RUNNER_GENERATOR_DOOR_ENSEMBLE_H

#include "gantry/dist.h"
#include "gantry/generate.h"

typedef struct gt_ensemble_request {
    const char *checkpoint;
    const char *condition; /* as train --condition has it; a set with conditions of its own, such as synth:fields */
    const char *targets;   /* as train --data has it; "": those of the set, or none */
    const char *statics;   /* as train --static has it; "": as `job` has it */
    const char *job;       /* the text of the run's job.ini, which says how fields are read; "": the usual */
    gt_generator_options options; /* steps, pool and reading are read */
    int64_t members;              /* at least 1 */
    int64_t samples;              /* the first of the conditions; 0: all */
    uint64_t seed;
    const char *chart; /* of scores: .png or .svg of spectra and histograms of ranks; NULL or "": none */
    const char *out;   /* .npy, .h5: [samples * members,H,W,targets], in physical units; .png: a row for each sample */
    gt_record_level record;       /* what the file says of itself (docs/verify.md); .npy has no place for that */
    const struct gt_again *again; /* the order of an audit (runner/record/door/maker.h); NULL: fields are new */
    int (*stop)(void);
} gt_ensemble_request;

/* A score of one target, for people and as a number; NaN: there is none. */
typedef void gt_ensemble_tell(void *arg, const char *target, const char *key, double value, const char *recipe);

typedef struct gt_ensembles {
    /* All ranks; the same file on any number of them. *made: samples. */
    gt_status (*generate_all)(gt_comm *comm, const gt_ensemble_request *r, int64_t *made);
    /* A line for each name of --metrics. */
    void (*help)(void (*line)(void *arg, const char *name, const char *text), void *arg);
    /* GT_USAGE: a name that is none of gt_ensemble_score_list; before the work. */
    gt_status (*check_metrics)(const char *names);
    /* What a score means, and which value is good; NULL: there is no such. `key`: as it is told, or behind a name and
     * '_'. */
    const char *(*about)(const char *key);
    /* All ranks; rank 0 tells the scores, then writes the chart. GT_USAGE: the data have no targets. */
    gt_status (*score_all)(gt_comm *comm, const gt_ensemble_request *r, const char *metrics, gt_ensemble_tell *tell,
                           void *arg);
} gt_ensembles;

/* Of features/rows.c, ended by NULL. */
extern const gt_ensembles *const gt_ensembles_found[];
/* The first of them. NULL: no feature makes ensembles, and the message says so. */
static inline const gt_ensembles *gt_ensembles_find(void) {
    if (!gt_ensembles_found[0]) gt_fail(GT_USAGE, "--condition: this program makes no fields of conditions");
    return gt_ensembles_found[0];
}

#endif
