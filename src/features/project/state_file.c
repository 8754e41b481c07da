/* SPDX-License-Identifier: Apache-2.0
 * The state of a projection as a file, going-on.h5: a checkpoint (checkpoint.h) of the model "projection", whose
 * checksum is verified before anything else is read. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "networks/model/door/model.h"
#include "run/door/state_row.h"
#include "features/project/step.h"

#define MODEL "projection"

static const gt_state_row step = {"/state/step", "steps", "Steps that were done", GT_STATE_IN(gt_projection, step)};

typedef struct part {
    const char *path;
    size_t n;
    float *data;
} part;
enum { PARTS = 5 };

static void list_parts(const gt_projector *p, const gt_projection *t, part list[PARTS]) {
    list[0] = (part){"/projection/params", p->floats, t->params};
    list[1] = (part){"/projection/exp_avg", p->floats, t->moments[0]};
    list[2] = (part){"/projection/exp_avg_sq", p->floats, t->moments[1]};
    list[3] = (part){"/projection/curve", 2 * (size_t)p->request->steps, t->curve};
    list[4] = (part){"/projection/path", (size_t)p->frames * p->w_floats, t->path};
}

static gt_status path_of(const gt_projection *t, char path[4200]) {
    int n = snprintf(path, 4200, "%s/going-on.h5", t->dir);
    return n < 4200 ? GT_OK : gt_fail(GT_USAGE, "--outdir: the path is too long");
}

gt_status gt_projection_write(const gt_projector *p, const gt_projection *t) {
    char path[4200], hex[33];
    gt_hash_hex(t->fingerprint, hex);
    gt_status st = path_of(t, path);
    if (st) return st;
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){
        .model = MODEL, .kernel_set = gt_kernel_set_arithmetic(p->net.model->kernels), .dataset = hex, .recipe = ""});
    if (!c) return GT_NOMEM;
    part list[PARTS];
    list_parts(p, t, list);
    gt_state_row_write(c, &step, t);
    for (int i = 0; i < PARTS; i++) gt_checkpoint_tensor(c, list[i].path, &GT_SHAPE((int64_t)list[i].n), list[i].data);
    st = gt_checkpoint_write(c, path);
    gt_checkpoint_free(c);
    return st;
}

static gt_status check_same(const gt_projection *t, const gt_checkpoint_file *f) {
    const gt_checkpoint_about *about = gt_checkpoint_info(f);
    char hex[33];
    gt_hash_hex(t->fingerprint, hex);
    if (strcmp(about->model, MODEL) || strcmp(about->dataset, hex))
        return gt_fail(GT_USAGE,
                       "'%s' belongs to a projection with another network, picture or options: choose another "
                       "--outdir, or start over with --overwrite",
                       gt_checkpoint_path(f));
    return GT_OK;
}

static gt_status read_state(const gt_projector *p, gt_projection *t, const gt_checkpoint_file *f) {
    part list[PARTS];
    list_parts(p, t, list);
    gt_status st = gt_state_row_read(f, &step, t);
    for (int i = 0; i < PARTS && !st; i++) st = gt_checkpoint_read(f, list[i].path, list[i].data, list[i].n);
    if (!st && (t->step < 0 || t->step > p->request->steps))
        st = gt_fail(GT_FORMAT, "'%s': its step is %lld", gt_checkpoint_path(f), (long long)t->step);
    return st;
}

gt_status gt_projection_read(const gt_projector *p, gt_projection *t, bool *found) {
    char path[4200];
    gt_status st = path_of(t, path);
    *found = !st && !access(path, F_OK);
    if (st || !*found) return st;
    gt_checkpoint_file *f = gt_checkpoint_open(path, &st);
    if (f) st = check_same(t, f);
    *found = !(p->request->overwrite && (st == GT_USAGE || st == GT_FORMAT));
    if (!*found) st = GT_OK;
    else if (!st) st = read_state(p, t, f);
    gt_checkpoint_close(f);
    return st == GT_FORMAT ? gt_wrap(st, "the state of a projection that was stopped cannot be used: remove it") : st;
}

gt_status gt_projection_forget(const gt_projection *t) {
    char path[4200];
    gt_status st = path_of(t, path);
    if (!st) gt_file_remove(path);
    return st;
}
