/* SPDX-License-Identifier: Apache-2.0
 * Feature networks from files of weights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/weights.h"
#include "features/score/feature_net.h"
#include "networks/nets/door/layers.h"

typedef struct file {
    const gt_feature_net_kind *kind;
    const gt_weights *weights;
    char prefix[GT_WEIGHT_PREFIX_BYTES]; /* of names */
} file;

/* GT_FORMAT with `what` and the file that is wanted. */
static gt_status refuse(const file *f, const char *what) {
    return gt_fail(GT_FORMAT, "'%s': %s; the file %s is needed", gt_weights_path(f->weights), what, f->kind->file);
}

static gt_weight_wanted wanted_of(const file *f, const char *name, const gt_shape *shape) {
    gt_weight_wanted w = {.name = name, .prefix = f->prefix, .n_dims = shape->n};
    memcpy(w.dims, shape->d, (size_t)shape->n * sizeof *w.dims);
    return w;
}

static bool counts_batches(const char *name) {
    static const char end[] = ".num_batches_tracked";
    size_t n = strlen(name), m = strlen(end);
    return n > m && !strcmp(name + n - m, end);
}

/* Every tensor of the network is there, and no others. */
static gt_status check(const file *f, const gt_net *net) {
    char text[600];
    gt_weight_wanted *wanted = calloc((size_t)net->n_tensors, sizeof *wanted);
    if (!wanted) return gt_fail(GT_NOMEM, "out of memory for %s", f->kind->text);
    for (int i = 0; i < net->n_tensors; i++)
        wanted[i] = wanted_of(f, net->tensors[i].name, &net->tensors[i].file_shape);
    gt_status st = gt_weights_want(f->weights, f->kind->text, (size_t)net->n_tensors, wanted);
    free(wanted);
    if (st) return refuse(f, gt_message());
    for (size_t i = 0, skip = strlen(f->prefix); i < gt_weights_count(f->weights); i++) {
        const char *name = gt_weights_at(f->weights, i)->name;
        if (strncmp(name, f->prefix, skip)) continue; /* of another part of a larger state */
        if (gt_net_find(net, name + skip) || counts_batches(name)) continue;
        snprintf(text, sizeof text, "the file has the tensor '%s', which %s does not have", name, f->kind->text);
        return refuse(f, text);
    }
    return GT_OK;
}

static gt_status read_tensor(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    const file *f = arg;
    gt_weight_wanted wanted = wanted_of(f, tensor, shape);
    gt_status st = gt_weights_want(f->weights, f->kind->text, 1, &wanted);
    if (!st) st = gt_weights_read(f->weights, wanted.place, out);
    for (size_t i = 0, n = (size_t)gt_shape_size(shape); i < n && !st; i++)
        if (!isfinite(out[i]))
            st = gt_fail(GT_FORMAT, "'%s': '%s' has the weight %g", gt_weights_path(f->weights), tensor,
                         (double)out[i]);
    return st;
}

/* After opening has failed: of a program, which file to take instead. `kind` NULL: by the file's name. */
static gt_status refuse_program(gt_status st, const char *path, const gt_feature_net_kind *kind) {
    if (!gt_weights_is_program(path)) return st;
    char name[GT_NAME_BYTES];
    gt_path_name(path, name);
    for (int i = 0; !kind && gt_feature_net_at(i); i++)
        if (!strncasecmp(name, gt_feature_net_at(i)->name, 3)) kind = gt_feature_net_at(i);
    const gt_feature_net_kind *inception = gt_feature_net_find("inception"), *vgg16 = gt_feature_net_find("vgg16");
    gt_text take = kind ? gt_text_of("%s (%s)", kind->file, kind->text)
                        : gt_text_of("%s (%s) or %s (%s)", inception->file, inception->text, vgg16->file, vgg16->text);
    return gt_fail(GT_FORMAT, "'%s' is a program (TorchScript), which Gantry does not run; use the file %s", path,
                   take.s);
}

gt_status gt_feature_net_tell(const char *path, const gt_feature_net_kind **kind) {
    gt_status st;
    *kind = NULL;
    gt_weights *w = gt_weights_open(path, &st);
    if (!w) return refuse_program(st, path, NULL);
    for (int i = 0; gt_feature_net_at(i) && !gt_weights_fact(w, "gantry.recipe"); i++) {
        const gt_feature_net_kind *k = gt_feature_net_at(i);
        char prefix[GT_WEIGHT_PREFIX_BYTES];
        if (!gt_weights_prefix(w, k->mark, prefix)) continue;
        const gt_weight *mark = gt_weights_find(w, gt_text_of("%s%s", prefix, k->mark).s, NULL);
        const gt_weight *last = gt_weights_find(w, gt_text_of("%s%s", prefix, k->last).s, NULL);
        if (mark->n_dims == 4 && (!last || (last->n_dims && last->dims[0] == k->classes))) *kind = k;
    }
    gt_weights_close(w);
    return GT_OK;
}

gt_feature_net *gt_feature_net_open(const gt_feature_net_kind *kind, const char *path, const gt_feature_net_options *o,
                                    gt_status *status) {
    gt_weights *w = gt_weights_open(path, status);
    if (!w) {
        gt_wrap(*status, "%s (the file %s is needed: curl -LO %s)", kind->text, kind->file, kind->address);
        *status = refuse_program(*status, path, kind);
        return NULL;
    }
    file f = {.kind = kind, .weights = w};
    gt_weights_prefix(w, kind->mark, f.prefix);
    gt_net *net = gt_feature_net_declare(kind);
    *status = net ? check(&f, net) : GT_FAILED;
    gt_net_free(net);
    gt_feature_net *d = *status ? NULL : gt_feature_net_new(kind, o, read_tensor, &f, status);
    gt_weights_close(w);
    return d;
}
