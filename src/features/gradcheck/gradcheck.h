/* SPDX-License-Identifier: Apache-2.0
 * Are a model's gradients the derivatives of its losses? Central differences at some elements of each tensor.
 *
 * Everything but the loss is float32, so the loss has noise: the smallest changes of parameters change the loss by
 * steps that look like chance. The model: the loss that is computed is f(w) + e, and the e of different w are
 * independent, with the standard deviation s. s is measured (More and Wild, "Estimating Computational Noise", section
 * 3) from differences of fourth order along lines in which all parameters move, s^2 = mean(difference^2) / 70. With the
 * central differences d(h) = (f(w+h) - f(w-h)) / 2h the derivative is (4 d(h/2) - d(h)) / 3, whose noise has the
 * standard deviation sqrt(65/18) s / h = 1.90 s / h. Four of them may be noise: an error is what is left of the
 * distance between gradient and derivative without them. A step is chosen for each tensor so that noise and the
 * curvature's part are small. An element at which differences of steps h and h/2 disagree lies near a kink (the edge of
 * a ReLU, another maximum) and is left out, after smaller steps have been tried; so is an element whose derivative is
 * lost in the noise. Neither decision looks at whether the gradient is right. A gradient that is not a finite number is
 * wrong in any case, and so is an element beside which the loss is not finite at all steps. */
#ifndef GANTRY_FEATURES_GRADCHECK_GRADCHECK_H
#define GANTRY_FEATURES_GRADCHECK_GRADCHECK_H

#include "gantry/dataset.h"
#include "gantry/family.h"
#include "gantry/memory.h"
#include "gantry/model.h"
#include "gantry/shape.h"

typedef struct gt_gradcheck_options {
    int elements;        /* of each tensor */
    const char *tensors; /* only tensors whose names have this in them; "": all */
    gt_pool *pool;
} gt_gradcheck_options;

typedef struct gt_gradcheck_tensor {
    const char *name;
    int elements, checked, kinks, lost; /* elements = checked + kinks + lost */
    double step, noise;                 /* of the tensor; noise: of a derivative with that step */
    double error;                       /* the largest relative error beyond what may be noise; 0: none; INFINITY: the
                                           gradient or the difference is not a finite number */
    double apart;                       /* of that element: the relative error with the noise */
    int64_t worst_element;              /* in memory order */
    double gradient, difference;        /* of that element */
    double may_be_noise;                /* of the distance between these two */
} gt_gradcheck_tensor;

/* Of elements without an error beyond the noise the one with the largest distance counts. */
static inline bool gt_gradcheck_is_worse(double error, double apart, const gt_gradcheck_tensor *than) {
    return error > than->error || (error >= than->error && apart > than->apart);
}

typedef struct gt_gradcheck {
    double loss, noise; /* the loss of the slice, and the noise of the loss */
    int n;
    gt_gradcheck_tensor *tensors;
} gt_gradcheck;

/* Moves all parameters a little away from their first values, so that zeros and ones are not where they are alike. */
void gt_gradcheck_move(gt_model *m);

/* ---- samples of a job ---- */

typedef struct gt_gradcheck_samples { /* images of a dataset, for all phases of a model */
    const gt_job *job;
    gt_model *model;
    gt_dataset *data;
    int n;
    float *images, *labels;
    uint8_t *masks; /* NULL: the model takes none */
} gt_gradcheck_samples;

/* Reads n images that are spread over the data, at most as many as a slice of the job has; exactly as many where
 * samples of a slice belong together. Memory of the arena. */
gt_status gt_gradcheck_samples_read(gt_arena *a, const gt_job *job, gt_model *m, gt_dataset *data, int n,
                                    gt_gradcheck_samples *out);

/* Checks the gradients of a phase of the model for these samples, at the present parameters, which are as they were in
 * the end. `of` gets results in the arena; each(arg, tensor) is called after each tensor, unless NULL. */
gt_status gt_gradcheck_phase(gt_phase *p, gt_gradcheck_samples *s, const gt_gradcheck_options *o, gt_arena *arena,
                             void (*each)(void *arg, const gt_gradcheck_tensor *t), void *arg, gt_gradcheck *of);

/* ---- loss_terms.c ---- */

/* The loss of a graph that computes gradients, for those who check the gradients by differences.
 *
 * Two things are made of the graph. The loss becomes terms whose elements the caller sums up in double precision. And
 * decisions are held: on which side of its edge each ReLU is, which pixel of a window is the largest, what
 * gt_stop_gradient() holds back. A loss with held decisions is smooth, and at the place where they were made it has the
 * derivative of the loss itself; differences meet no kinks. */

enum { GT_LOSS_TERMS = 16 };

typedef struct gt_loss_terms {
    gt_graph *graph; /* of the terms alone; lies in memory of the graph that it was made of */
    int n;           /* the loss is the sum over terms of factor[i] times the sum of output i's elements */
    const char *output[GT_LOSS_TERMS];
    double factor[GT_LOSS_TERMS];
    int n_held; /* values that held decisions need: inputs of `graph`, and outputs of the graph that shows them */
    const char **held;
} gt_loss_terms;

/* Makes the values that decisions depend on outputs of `g`, and of `copy`, which was built like g, the terms of the
 * noted losses (gt_note_loss). Scalar inputs in the list `ones`, which ends with NULL, must be 1. Both graphs must last
 * as long as *out. GT_USAGE: the graph has no loss, or too many terms. */
gt_status gt_loss_alone(gt_graph *g, gt_graph *copy, const char *const *ones, gt_loss_terms *out);

#endif
