/* SPDX-License-Identifier: Apache-2.0
 * gantry latent: its options, the dimensions that its pictures show, and the pictures that a decoder makes. */
#ifndef GANTRY_CLI_LATENT_H
#define GANTRY_CLI_LATENT_H

#include "cli/encoding.h"
#include "gantry/generate.h"

typedef struct latent_fields {
    const char *outdir, *classes, *traverse, *dims, *layer, *network, *class;
    double scale;
    int64_t interpolate, threads;
    bool overwrite;
} latent_fields;

typedef struct latent_dims {
    int n;
    const int *dim;           /* [n]; at least one */
    const double *divergence; /* [n]: from N(0,1), mean over the data; NULL: not known */
} latent_dims;

/* Chooses the dimensions of latents of d numbers: those of --dims, else those whose divergence is largest over the data
 * (the largest first), else the first ones. e->all without log-variances, or e NULL: there are no divergences. */
gt_status latent_choose_dims(const cli_session *s, const cli_encoding *e, int d, latent_dims *out);
void latent_tell_dims(const latent_dims *dims, int d); /* on stdout, where there are others */

/* Are --traverse, --scale and --dims of their kind? Before any work. */
gt_status latent_check_options(cli_session *s);

/* Draw, with this label of all images where the generator takes labels, OUTDIR/traversal.png and
 * OUTDIR/interpolation.png; under each image its latent, as far as the dimensions show.
 */
gt_status latent_draw_traversal(const cli_session *s, const latent_dims *dims, gt_generator *g, const float *label);
gt_status latent_draw_interpolation(const cli_encoding *e, const latent_dims *dims, gt_generator *g,
                                    const float *label);

#endif
