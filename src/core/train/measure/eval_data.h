/* SPDX-License-Identifier: Apache-2.0
 * The datasets that a network in training is evaluated on, for measurers: held-out pictures, test pictures, ... */
#ifndef GANTRY_TRAIN_MEASURE_EVAL_DATA_H
#define GANTRY_TRAIN_MEASURE_EVAL_DATA_H

#include "networks/nets/door/layers.h" /* gt_text */
#include "train/door/engine.h"
#include "train/door/measurer.h"
#include "train/door/values.h"

/* After the model is open: e->eval_data. */
gt_status gt_eval_data_open_all(gt_engine *e);
void gt_eval_data_close(gt_engine *e);
bool gt_eval_data_any(const gt_engine *e);

/* A series of each set: {"Loss", "_baseline"} is "Loss/test_baseline" of the test pictures. */
typedef struct gt_eval_series {
    const char *group, *suffix;
    bool held_out; /* not of pictures that are trained on: the steps log those */
} gt_eval_series;

/* Number i of the series that the n rows give over all sets that there are; false: there are no more. */
bool gt_eval_series_at(const gt_engine *e, const gt_eval_series *rows, int n, int i, gt_text *name);
/* Appends a value of a set that has such a series. `label`: what the line of the tick says behind the set's name; NULL:
 * the line does not show the value. */
void gt_eval_put(gt_values *values, int set, gt_eval_series series, const char *label, double value);

#endif
