/* SPDX-License-Identifier: Apache-2.0
 * Hashes of gradients and states: see replay_internal.h. */
#include "train/audit/replay_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/door/hash.h"
#include "base/door/memory.h"

static void say(gt_trace *t, const char *line) { t->over |= !t->line(t->arg, line); }

/* Each rank has the parts of the sum that it owns. */
static void trace_gradient_all(gt_engine *e, const gt_phase *p, gt_reducer *r, void *arg) {
    gt_trace *t = arg;
    const gt_net *net = e->model->nets[p->net];
    float *gradient = gt_reducer_gradient(r);
    int n;
    const gt_span *owned = gt_reducer_owned(r, &n);
    for (int i = 0; i < n && t->whole; i++)
        memcpy(t->whole + owned[i].offset, gradient + owned[i].offset, owned[i].size * sizeof *gradient);
    gt_reducer_collect_all(r, t->whole ? t->whole : gradient);
    for (int i = 0; i < net->n_tensors && t->whole; i++) {
        const gt_tensor *tensor = &net->tensors[i];
        char hex[33], line[512];
        if (!tensor->trainable) continue;
        gt_hash_hex(gt_hash(t->whole + tensor->offset, tensor->size * sizeof *gradient), hex);
        snprintf(line, sizeof line, "step %u phase %s gradient %s.%s %s", e->step, p->name, net->name, tensor->name,
                 hex);
        say(t, line);
    }
}

gt_status gt_trace_begin_all(gt_engine *e, gt_trace *t, gt_trace_line *line, void *arg) {
    size_t floats = 1;
    for (int i = 0; i < e->model->n_nets; i++)
        if (e->model->nets[i]->block_floats > floats) floats = e->model->nets[i]->block_floats;
    *t = (gt_trace){.line = line, .arg = arg, .bytes = floats * sizeof(float)};
    if (e->comm->rank == 0) t->whole = gt_block_alloc(t->bytes, "hashes of gradients");
    gt_status st = gt_comm_agree_all(e->comm, e->comm->rank || t->whole ? GT_OK : GT_NOMEM);
    e->trace_all = st ? NULL : trace_gradient_all;
    e->trace_arg = t;
    return st;
}

gt_status gt_trace_step_all(gt_engine *e, gt_trace *t, int *goes_on) {
    gt_sha256 root;
    char hex[GT_SHA256_TEXT], line[128];
    gt_status st = gt_engine_root_all(e, &root);
    if (st) return st;
    snprintf(line, sizeof line, "step %u state %s", e->step - 1, gt_sha256_text(&root, hex));
    if (e->comm->rank == 0) say(t, line);
    *goes_on = !t->over;
    gt_comm_broadcast_all(e->comm, goes_on, sizeof *goes_on, 0);
    return GT_OK;
}

void gt_trace_end(gt_engine *e, gt_trace *t) {
    e->trace_all = NULL;
    gt_block_free(t->whole, t->bytes);
}
