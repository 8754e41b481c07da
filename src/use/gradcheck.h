/* SPDX-License-Identifier: Apache-2.0
 * Are a model's gradients the derivatives of its losses? Central differences at some elements of each tensor.
 *
 * Everything but the loss is float32, so the loss has noise: the smallest changes of parameters change the loss by
 * steps that look like chance. The noise is measured (More and Wild, "Estimating Computational Noise", section 3: from
 * differences of high order), and a step is chosen for each tensor so that noise / step and the curvature's part are
 * small. An element at which differences of steps h and h/2 disagree lies near a kink (the edge of a ReLU, another
 * maximum) and is left out, after smaller steps have been tried; so is an element whose derivative is lost in the
 * noise. Neither decision looks at whether the gradient is right. */
#ifndef GANTRY_USE_GRADCHECK_H
#define GANTRY_USE_GRADCHECK_H

#include "gantry/model.h"

typedef struct gt_gradcheck_options {
    int elements;        /* of each tensor */
    const char *tensors; /* only tensors whose names have this in them; "": all */
    gt_pool *pool;
} gt_gradcheck_options;

typedef struct gt_gradcheck_tensor {
    const char *name;
    int elements, checked, kinks, lost; /* elements = checked + kinks + lost */
    double step, noise;                 /* of the tensor; noise: of a derivative with that step */
    double worst;                       /* largest relative error, less what may be noise; 0: none was checked */
    int64_t worst_element;              /* in memory order */
    double gradient, difference, error; /* of that element; error: with the noise */
} gt_gradcheck_tensor;

typedef struct gt_gradcheck {
    double loss, noise; /* the loss of the slice, and the noise of the loss */
    int n;
    gt_gradcheck_tensor *tensors;
} gt_gradcheck;

/* Checks the gradients of a phase of the model for the samples of `slice`, at the present parameters, which are as they
 * were in the end. `of` gets results in the arena; each(arg, tensor) is called after each tensor, unless NULL. */
gt_status gt_gradcheck_phase(gt_phase *p, const gt_slice_input *slice, const gt_gradcheck_options *o, gt_arena *arena,
                             void (*each)(void *arg, const gt_gradcheck_tensor *t), void *arg, gt_gradcheck *of);

/* Moves all parameters a little away from their first values, so that zeros and ones are not where they are alike. */
void gt_gradcheck_move(gt_model *m);

#endif
