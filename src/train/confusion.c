/* SPDX-License-Identifier: Apache-2.0 */
#include "train/confusion.h"

#include <stdio.h>
#include <stdlib.h>

#include "gantry/figure.h"
#include "gantry/log.h"

void gt_confusion_take(gt_confusion *c, int64_t *matrix) {
    free(c->of);
    c->of = matrix;
}

void gt_confusion_draw(const gt_confusion *c, const gt_engine *e, gt_journal *j, const char *const *names) {
    char path[4200];
    if (!c->of) return;
    snprintf(path, sizeof path, "%s/confusion.png", j->dir);
    gt_status st = gt_confusion_write(path, c->of, e->model->label_dim, names);
    gt_log_outcome(&j->pictures_failing, st != GT_OK, "pictures");
}

void gt_confusion_free(gt_confusion *c) { gt_confusion_take(c, NULL); }
