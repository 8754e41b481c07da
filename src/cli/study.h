/* SPDX-License-Identifier: Apache-2.0
 * The studies of gantry study: a file each, and a row in study.c. */
#ifndef GANTRY_CLI_STUDY_H
#define GANTRY_CLI_STUDY_H

#include "gantry/file.h"
#include "cli/encoding.h"
#include "gantry/latent_loss.h"

/* A row: a study without words, or one of the latents of a run's model and the images of a dataset. All ranks run it,
 * and return the same. */
typedef struct study {
    const char *name;
    gt_status (*run)(cli_session *s);
    gt_status (*of_latents)(cli_encoding *e, gt_latent_loss *l, int64_t images); /* of the first so many images */
    int64_t images;                                                              /* without --images; 0: all */
} study;

typedef struct study_fields {
    const char *outdir, *classes;
    int64_t images, samples, seed, threads;
    double mean, deviation;
    const study *study; /* that was asked for */
    bool overwrite;
} study_fields;

gt_status study_kl(cli_session *s);
gt_status study_dimensions_all(cli_encoding *e, gt_latent_loss *l, int64_t images);
gt_status study_gradients_all(cli_encoding *e, gt_latent_loss *l, int64_t images);

/* Makes OUTDIR, and writes the text into OUTDIR/NAME. */
gt_status study_write(const cli_session *s, const char *name, gt_buffer *text);

#endif
