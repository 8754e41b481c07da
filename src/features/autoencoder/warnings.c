/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong in the training of autoencoders. */
#include <math.h>
#include <stdio.h>

#include "features/autoencoder/loss.h"
#include "run/door/runlog.h"

/* Where the divergence costs nothing, means and variances grow until float32 ends, and the decoder sees noise. Latents
 * that carry much have some ten nats a dimension. */
static bool unbounded_latent(const gt_tick_view *v) {
    const double much = 1e5;
    double kl = gt_stat_mean(v->values, v->n, "Loss/KL");
    snprintf(v->text, GT_WARNING_TEXT,
             "the divergence is %.3g nats per image: its weight, --beta, is 0 or too small, so the latent is unbounded "
             "and pictures drown in noise",
             kl);
    return kl > much;
}

const gt_warning gt_autoencoder_warnings[] = {
    {"unbounded-latent", unbounded_latent, 3, true, "a larger --beta|another --model (ae has a latent without noise)"},
    {0},
};
