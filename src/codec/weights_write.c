/* SPDX-License-Identifier: Apache-2.0
 * What the writers of weights_write.h share. */
#include "codec/weights_write.h"

#include <stdlib.h>

const float *gt_weight_values(const gt_weight_out *w, float *scratch) {
    if (w->data) return w->data;
    w->values(w->arg, scratch);
    return scratch;
}

float *gt_weights_scratch(const gt_weights_out *w) {
    size_t most = 1;
    for (int i = 0; i < w->n; i++)
        if (!w->weights[i].data && w->weights[i].size > most) most = w->weights[i].size;
    return calloc(most, sizeof(float));
}

size_t gt_weights_bytes(const gt_weights_out *w) {
    size_t bytes = 0;
    for (int i = 0; i < w->n; i++) bytes += w->weights[i].size * sizeof(float);
    return bytes;
}
