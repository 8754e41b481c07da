/* SPDX-License-Identifier: Apache-2.0
 * Classifying pictures: the logits of a trained classifier, and its scores on a whole dataset. The results do not
 * depend on the number of ranks. */
#ifndef GANTRY_CLASSIFY_H
#define GANTRY_CLASSIFY_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/kernels.h"
#include "gantry/model.h"

typedef struct gt_classifying gt_classifying;

/* Of a checkpoint; of a run's directory the newest one. `pool` and `kernels` as in gt_encoder_open() (encode.h). */
gt_classifying *gt_classifying_open(const char *checkpoint, gt_pool *pool, const gt_kernel_set *kernels);
const gt_model *gt_classifying_model(const gt_classifying *c);
struct gt_checkpoint_data;
/* What the classifier was trained on, as far as its file says. */
const struct gt_checkpoint_data *gt_classifying_data(const gt_classifying *c);

/* Of a model in training, with these parameters. NULL: see gt_message(); GT_USAGE: the model is not a classifier. It
 * takes its turn in an arena of *room bytes, which become more if it needs more: to be given before the first
 * gt_classifying_prepare(). */
gt_classifying *gt_classifying_new(gt_model *m, const float *params, gt_pool *pool, size_t *room);
void gt_classifying_use_arena(gt_classifying *c, void *memory); /* c may be NULL */
/* Pictures that are classified at a time: by the size of the pictures alone, so that no logit depends on the ranks or
 * on how many pictures there are. Large pictures come in small batches, which need less memory. */
int gt_classifying_batch(const gt_model *m);
void gt_classifying_close(gt_classifying *c); /* NULL is fine */
/* After the parameters changed, or others used the arena. */
gt_status gt_classifying_prepare(gt_classifying *c);
/* images [batch,H,W,C] in -1..1; logits [batch,classes], valid until the next call. */
gt_status gt_classifying_run(gt_classifying *c, const float *images, const float **logits);

/* Of a picture. */
typedef struct gt_classified {
    int32_t truth;     /* -1: the picture has no class */
    int32_t best;      /* the class of the largest logit */
    int32_t place;     /* of the truth among the logits in falling order, from 0; -1 without truth */
    float loss;        /* cross-entropy; NaN without truth */
    float probability; /* of the best class */
} gt_classified;

enum { GT_TOP = 5 };

typedef struct gt_scores {
    int64_t count; /* pictures with a class */
    int classes;
    double loss, accuracy, top; /* means; top: the truth is among the GT_TOP largest logits */
    int64_t *confusion;         /* [classes,classes]: rows are the truth */
} gt_scores;

/* All pictures of `ds`, in its order. On rank 0 *all, and *probabilities [count,classes] where wanted (not NULL), are
 * malloc'ed; elsewhere and after an error they are NULL. */
gt_status gt_classify_dataset_all(gt_comm *c, gt_classifying *with, gt_dataset *ds, gt_classified **all,
                                  float **probabilities);
/* What rank 0 makes of them. Free out->confusion. */
gt_status gt_classify_score(const gt_classified *all, int64_t n, int classes, gt_scores *out);

/* Mean and standard deviation of each channel over all pixels of all images of `ds`, black being 0 and white 1: info's
 * `channels` numbers each, the same on all ranks. */
gt_status gt_channel_moments_all(gt_comm *comm, gt_dataset *ds, double *mean, double *std);

#endif
