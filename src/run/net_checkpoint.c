/* SPDX-License-Identifier: Apache-2.0
 * Tensors of a network from a checkpoint: see net_checkpoint.h. */
#include "run/net_checkpoint.h"

#include <stdio.h>
#include <stdlib.h>

gt_status gt_net_read_checkpoint(const gt_net *net, const gt_checkpoint_file *f, const char *group,
                                 gt_tensors_read which, float *block) {
    size_t largest = gt_net_largest(net);
    float *scratch = calloc(largest + 1, sizeof *scratch);
    if (!scratch) return gt_fail(GT_NOMEM, "out of memory for a tensor of %zu floats", largest);
    gt_status st = GT_OK;
    for (int k = 0; k < net->n_tensors && !st; k++) {
        const gt_tensor *t = &net->tensors[k];
        if (which == GT_READ_TRAINABLE && !t->trainable) continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", group, t->name);
        if (t->late && !gt_checkpoint_find(f, path)) {
            if (which == GT_READ_ALL)
                st = gt_fail(GT_FORMAT,
                             "%s: network %s has no %s yet: an older program wrote the file; resume its "
                             "run for some hundred steps, and such numbers are there",
                             gt_checkpoint_path(f), net->name, t->name);
            for (size_t i = 0; i < t->size; i++) block[t->offset + i] = t->init_mean;
            continue;
        }
        st = gt_checkpoint_read(f, path, scratch, t->size);
        if (!st) gt_tensor_from_file(t, scratch, block + t->offset);
    }
    free(scratch);
    return st;
}
