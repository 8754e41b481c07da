/* SPDX-License-Identifier: Apache-2.0
 * The work on ensembles that generating and scoring share: network, data, and the members of one sample after the
 * other. */
#ifndef GANTRY_FEATURES_FIELDS_ENSEMBLE_H
#define GANTRY_FEATURES_FIELDS_ENSEMBLE_H

#include "gantry/dataset.h"
#include "gantry/memory.h"
#include "gantry/runner.h"
#include "networks/model/door/model.h"
#include "runner/generator/door/ensemble.h"
#include "runner/record/door/record.h"

typedef struct gt_ensemble gt_ensemble;
/* Rank 0 gets the members of each sample in turn; e->picture is the sample's. */
typedef gt_status gt_ensemble_take(gt_ensemble *e, int64_t sample);
struct gt_ensemble {
    const gt_ensemble_request *request;
    gt_comm *comm;
    gt_arena *arena;
    gt_runner *runner;
    const gt_model *model; /* the runner's */
    gt_dataset *data;
    const gt_dataset_info *info;
    int targets;                   /* channels that are made */
    bool truth;                    /* the data have them, too */
    const gt_channel_scale *scale; /* of the model's channels */
    int64_t samples;
    size_t floats;          /* of a member [H,W,targets] */
    float *picture;         /* [H,W,C] of the sample that was read last (targets are 0 where the data have none), */
    int64_t read;           /* which is this one; -1: none */
    float *given;           /* room for it as the data have it */
    uint32_t *numbers;      /* [batch]: by which members draw fresh noise */
    float *members;         /* rank 0: of a sample, [members,H,W,targets], normalised */
    gt_ensemble_take *take; /* of gt_ensemble_make_all(), with its `arg` */
    void *arg;
};

/* All ranks. GT_USAGE: the network makes no fields of conditions, or the data are others than it was trained on.
 * `truth`: data without targets are refused. */
gt_status gt_ensemble_open_all(gt_ensemble *e, gt_comm *comm, const gt_ensemble_request *r, bool truth);
gt_status gt_ensemble_make_all(gt_ensemble *e, const char *doing, gt_ensemble_take *take, void *arg);
void gt_ensemble_close(gt_ensemble *e);

/* ---- generate.c, record.c ---- */

/* As gt_ensembles has it. */
gt_status gt_fields_generate_all(gt_comm *comm, const gt_ensemble_request *r, int64_t *made);
/* What a file of all samples will be: a picture of so many columns, or arrays of fields. */
typedef struct gt_fields_file_is {
    bool sheet;
    int64_t height, width, columns;
    int channels, bits;
} gt_fields_file_is;
/* All ranks. The record of such a file, on rank 0; of data that are not those of an audit's record GT_UNDECIDED. */
gt_status gt_fields_note_all(gt_ensemble *e, const gt_fields_file_is *file, gt_record_notes *notes);

/* Sample `sample` into e->picture. */
gt_status gt_ensemble_read(gt_ensemble *e, int64_t sample);
/* n fields [n,H,W,targets], which lie in [n,H,W,channels], in physical units, in place. */
void gt_ensemble_undo(const gt_ensemble *e, float *fields, int64_t n, int channels);

#endif
