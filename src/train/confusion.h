/* SPDX-License-Identifier: Apache-2.0
 * A confusion matrix that the sheets of a run show: confusion.png, of the test pictures, or else of the validation
 * pictures: of the set that was evaluated last. */
#ifndef GANTRY_TRAIN_CONFUSION_H
#define GANTRY_TRAIN_CONFUSION_H

#include "train/journal.h"

typedef struct gt_confusion {
    int64_t *of; /* [classes,classes]; NULL: none */
} gt_confusion;

void gt_confusion_take(gt_confusion *c, int64_t *matrix); /* takes over what malloc has given */
/* `names` of the classes; NULL: none. A picture that cannot be written is a warning. */
void gt_confusion_draw(const gt_confusion *c, const gt_engine *e, gt_journal *j, const char *const *names);
void gt_confusion_free(gt_confusion *c);

#endif
