/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong in the training of classifiers. Limits are wide: a good run should see no warning. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "features/classifier/classifier.h"
#include "run/door/runlog.h"

static double value_of(const gt_tick_view *v, const char *name) { return gt_stat_mean(v->values, v->n, name); }

/* Since the lowest loss of validation the loss of training has fallen, and that of validation has risen, by a tenth. */
static bool overfitting(const gt_tick_view *v) {
    const double part = 0.1, least = 0.02;
    double now = value_of(v, "Loss/validation"), train = value_of(v, "Loss/train");
    double *lowest = &v->usual[0], *train_then = &v->usual[1], *known = &v->usual[2];
    const char *name = "validation";
    if (isnan(now)) now = value_of(v, name = "Loss/test"), name = "test";
    if (isnan(now) || isnan(train)) return false;
    if (*known == 0 || now < *lowest) {
        *lowest = now;
        *train_then = train;
        *known = 1;
    }
    snprintf(v->text, GT_WARNING_TEXT,
             "the loss of %s has risen from %.3g to %.3g, while the training loss has fallen from %.3g to %.3g", name,
             *lowest, now, *train_then, train);
    return now > (1 + part) * *lowest + least && train < (1 - part) * *train_then;
}

/* The loss does not fall, and is not much better than that of a guess. */
static bool stuck(const gt_tick_view *v) {
    const double fall = 0.995, much = 0.8;
    double now = value_of(v, "Loss/train"), *lowest = &v->usual[0];
    if (isnan(now)) return false;
    bool falls = *lowest == 0 || now < fall * *lowest;
    if (falls) *lowest = now;
    snprintf(v->text, GT_WARNING_TEXT, "the training loss stays at %.4g; guessing gives %.4g", now, v->guess_loss);
    return !v->early && !falls && now > much * v->guess_loss;
}

/* Three standard deviations of a guess are no better than a guess. */
static bool chance(const gt_tick_view *v) {
    double now = value_of(v, "Accuracy/train"), p = v->guess_accuracy, n = 0;
    for (int i = 0; i < v->n; i++)
        if (!strcmp(v->values[i].name, "Accuracy/train")) n = v->values[i].num;
    if (isnan(now) || !(n > 0) || v->early) return false;
    snprintf(v->text, GT_WARNING_TEXT,
             "the training accuracy is %.3f; always naming the most frequent class reaches %.3f", now, p);
    return now <= p + 3 * sqrt(p * (1 - p) / n);
}

static bool dead_units(const gt_tick_view *v) {
    const double many = 0.5;
    const gt_stat_value *worst = NULL;
    for (int i = 0; i < v->n; i++)
        if (!strncmp(v->values[i].name, "Dead/", 5) && (!worst || v->values[i].mean > worst->mean))
            worst = &v->values[i];
    if (!worst || !(worst->mean > many) || v->early) return false;
    snprintf(v->text, GT_WARNING_TEXT, "%.0f %% of the units of layer %s are zero for all checked images",
             100 * worst->mean, worst->name + 5);
    return true;
}

const gt_warning gt_classifier_warnings[] = {
    {"over-fitting", overfitting, 3, false,
     "stop here (--early-stopping)|more data|--weight-decay|--dropout|--random-crop|--random-flip"},
    {"stuck", stuck, 5, false, "another --lrate (often a smaller one)|--init=he|--bn=slice"},
    {"chance", chance, 5, false,
     "another --lrate; check whether labels and images belong together (gantry predict draws rightly and wrongly "
     "classified images)"},
    {"dead-units", dead_units, 3, false, "a smaller --lrate|--init=he|--bn=slice|--activation=lrelu"},
    {0},
};
