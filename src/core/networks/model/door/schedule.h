/* SPDX-License-Identifier: Apache-2.0
 * How the learning rate changes during a run: a factor that is a function of how far the run is, so that a run that
 * goes on has the same rates. The schedule "plateau" looks at a loss besides; what it remembers is a gt_plateau. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_SCHEDULE_H
#define GANTRY_NETWORKS_MODEL_DOOR_SCHEDULE_H

#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/status.h"

enum { GT_SCHEDULE_STEPS = 32 };

/* clang-format off */
#define GT_SCHEDULE_KINDS(X) \
    X(GT_SCHEDULE_CONSTANT, "constant") X(GT_SCHEDULE_STEP, "step") X(GT_SCHEDULE_COSINE, "cosine") \
    X(GT_SCHEDULE_ONE_CYCLE, "one-cycle") X(GT_SCHEDULE_PLATEAU, "plateau")
/* clang-format on */
typedef enum gt_schedule_kind { GT_SCHEDULE_KINDS(GT_CONSTANT) } gt_schedule_kind;

typedef struct gt_schedule {
    gt_schedule_kind kind;
    double warmup; /* the rate grows linearly in so many epochs; not with one-cycle, which begins low itself */
    double length; /* epochs after which cosine and one-cycle are at their end */
    double factor; /* step: the rate is multiplied by this number at each of ...; plateau: after `patience` */
    double at[GT_SCHEDULE_STEPS]; /* ... these epochs */
    int n_at;
    double patience; /* plateau: so many epochs may pass without a smaller loss */
} gt_schedule;

/* "10,20": rising numbers, into s->at. GT_USAGE: another text. */
gt_status gt_schedule_parse(const char *text, gt_schedule *s);

/* What the rate of the update is multiplied by that begins after `epoch` and moves the run by `step` epochs.
 * cosine: (1 + cos(pi t)) / 2 (Loshchilov and Hutter, "SGDR", eq. 5, without restarts). one-cycle: from 1/25 to 1 in
 * the first 0.3 of the length, then down to 1/250,000, both along half a cosine (Smith and Topin, "Super-Convergence",
 * as PyTorch's OneCycleLR has it: the largest rate is that of the last step of the first part, the smallest that of the
 * last step). plateau: gt_plateau.factor is a further factor. */
double gt_schedule_rate(const gt_schedule *s, double epoch, double step);

/* A weight that grows from one value to another, once or in cycles: linear annealing (Bowman et al., "Generating
 * Sentences from a Continuous Space", section 3.1) and cyclical annealing (Fu et al., "Cyclical Annealing Schedule",
 * eq. 6 and 7, where `hold` = `length` is their R = 0.5). Lengths are in the unit of `at`. */
typedef struct gt_growth {
    double from, to;
    double length;  /* of a growth; 0: the weight is `to` from the beginning */
    double hold;    /* for so long it is `to` before the next growth begins */
    int64_t cycles; /* growths; after the last one it stays `to`; 0: one */
} gt_growth;
double gt_growth_at(const gt_growth *g, double at);

/* What the schedule plateau remembers. It is in checkpoints. */
typedef struct gt_plateau {
    double factor; /* of the rate */
    double best;   /* the smallest loss of an epoch */
    double since;  /* epochs since that epoch, or since the factor has changed */
    double sum, n; /* losses of the samples of this epoch: their sum and number */
} gt_plateau;

gt_plateau gt_plateau_begin(void);
/* The end of an epoch, with the loss that the schedule watches. A loss is smaller than the best one where it is so by
 * more than a ten-thousandth of it; when more than s->patience epochs have passed without one, the factor is multiplied
 * by s->factor: PyTorch's ReduceLROnPlateau. Returns 1 where that has happened, else 0. Sum and number become 0. */
int gt_plateau_look(gt_plateau *p, const gt_schedule *s, double loss);

#endif
