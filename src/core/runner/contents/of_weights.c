/* SPDX-License-Identifier: Apache-2.0
 * The tensors of networks in files of other programs. */
#include "runner/contents/contents.h"

static void close_weights(void *state) { gt_weights_close(state); }

static gt_status pour_tensor(const gt_contents *c, int64_t i, const gt_part_sink *to) {
    return gt_weights_pour(c->state, (size_t)c->arrays[i].place, to->values, to->arg);
}

gt_status contents_of_weights(gt_contents *c, gt_weights *w) {
    c->kind = "network";
    c->state = w;
    c->close = close_weights;
    c->pour = pour_tensor;
    c->main_thread_only = true;
    gt_status st = GT_OK;
    for (size_t i = 0; i < gt_weights_count(w) && !st; i++) {
        const gt_weight *t = gt_weights_at(w, i);
        st = contents_add(c, &(gt_part_array){t->name, t->type, t->n_dims, t->dims, (int64_t)i});
    }
    return st;
}
