/* SPDX-License-Identifier: Apache-2.0
 * Tensors of a network in checkpoints: see net_checkpoint.h. */
#include "networks/model/door/net_checkpoint.h"

#include <stdlib.h>

#include "base/door/progress.h"
#include "networks/nets/door/layers.h"
#include "run/door/checkpoint_internal.h"

/* Room for one tensor in file order. */
static float *make_room(const gt_net *net) {
    size_t largest = gt_net_largest(net);
    float *room = calloc(largest + 1, sizeof *room);
    if (!room) gt_fail(GT_NOMEM, "out of memory for a tensor of %zu floats", largest);
    return room;
}

static bool is_of(const gt_tensor *t, gt_tensors_of which) { return t->trainable || which != GT_TENSORS_TRAINABLE; }

static gt_text path_of(const char *group, const gt_tensor *t) { return gt_text_of("%s/%s", group, t->name); }

gt_status gt_net_write_checkpoint(const gt_net *net, gt_checkpoint *c, const char *group, gt_tensors_of which,
                                  const float *block) {
    GT_FREED float *room = make_room(net);
    if (!room) return checkpoint_stick(c, GT_NOMEM);
    gt_status st = GT_OK;
    for (int k = 0; k < net->n_tensors && !st; k++) {
        const gt_tensor *t = &net->tensors[k];
        if (!is_of(t, which)) continue;
        gt_tensor_to_file(t, block + t->offset, room);
        st = gt_checkpoint_tensor(c, path_of(group, t).s, &t->file_shape, room);
        gt_progress();
    }
    return st;
}

static gt_status read_tensor(const gt_net *net, const gt_checkpoint_file *f, const char *group, gt_tensors_of which,
                             const gt_tensor *t, float *room, float *to) {
    gt_text path = path_of(group, t);
    if (t->late && !gt_checkpoint_find(f, path.s)) {
        for (size_t i = 0; i < t->size; i++) to[i] = t->init_mean;
        return which == GT_TENSORS_ALL ? gt_fail(GT_FORMAT,
                                                 "%s: network %s has no %s yet: an older version wrote the file; "
                                                 "resume its run for a few hundred steps to create them",
                                                 gt_checkpoint_path(f), net->name, t->name)
                                       : GT_OK;
    }
    gt_status st = gt_checkpoint_read(f, path.s, room, t->size);
    if (!st) gt_tensor_from_file(t, room, to);
    return st;
}

gt_status gt_net_read_checkpoint(const gt_net *net, const gt_checkpoint_file *f, const char *group, gt_tensors_of which,
                                 float *block) {
    float *room = make_room(net);
    gt_status st = room ? GT_OK : GT_NOMEM;
    for (int k = 0; k < net->n_tensors && !st; k++) {
        const gt_tensor *t = &net->tensors[k];
        if (is_of(t, which)) st = read_tensor(net, f, group, which, t, room, block + t->offset);
    }
    free(room);
    return st;
}
