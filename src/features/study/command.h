/* SPDX-License-Identifier: Apache-2.0
 * The studies of gantry study, and what they share. */
#ifndef GANTRY_FEATURES_STUDY_COMMAND_H
#define GANTRY_FEATURES_STUDY_COMMAND_H

#include "command/door/cli.h"

typedef struct study_fields {
    const char *outdir, *classes, *lrates, *input, *filter;
    int64_t images, samples, seed, threads, steps, stride, pad, window;
    double mean, deviation;
    const struct study *study; /* that was asked for */
    bool overwrite;
} study_fields;

void study_print_files(const cli_session *s, const char *name); /* NAME.png, .svg and .csv in --outdir */

/* ---- layers by numbers (study_layers.c); rank 0 alone calls these ---- */

/* "1,2/3,4:5,6/7,8": a comma between numbers, a slash between lines, a colon between channels. */
gt_status study_check_numbers(const gt_option *o, const char *value);
gt_status study_conv(cli_session *s);
gt_status study_pooling(cli_session *s);

#endif
