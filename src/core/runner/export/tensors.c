/* SPDX-License-Identifier: Apache-2.0
 * Networks as named tensors beside texts: .safetensors and .npz. The network in use has the published names; all of
 * them (--all) have them behind the name of the network and a dot. The texts say what Gantry needs to make the model
 * again. */
#include <stdlib.h>

#include "files/codec/door/weights_write.h"
#include "gantry/job.h"
#include "networks/model/door/import.h"
#include "networks/nets/door/layers.h"
#include "run/door/checkpoint.h"
#include "runner/export/door/export.h"

typedef struct tensor { /* where the values of a gt_weight_out are */
    const gt_tensor *t;
    const float *block;
} tensor;

static void values(const void *arg, float *out) {
    const tensor *t = arg;
    gt_tensor_to_file(t->t, t->block + t->t->offset, out);
}

/* With --all behind the network's name and a dot. */
static const char *name_of(const gt_export_source *s, const gt_export_net *n, const gt_tensor *t, gt_arena *a) {
    const char *hidden = s->trained->model->small_stem, *stem = hidden && gt_is(t->name, hidden) ? GT_SMALL_STEM : "";
    bool all = s->request->all;
    return all || *stem ? gt_arena_printf(a, "%s%s%s%s", all ? n->name : "", all ? "." : "", stem, t->name) : t->name;
}

static gt_status list_tensors(const gt_export_source *s, gt_arena *a, gt_weights_out *w) {
    for (int i = 0; i < s->n_nets; i++) w->n += s->nets[i].net->n_tensors;
    gt_weight_out *out = gt_arena_array(a, (size_t)w->n, sizeof *out);
    tensor *places = gt_arena_array(a, (size_t)w->n, sizeof *places);
    if (!out || !places) return GT_NOMEM;
    w->weights = out;
    for (int i = 0; i < s->n_nets; i++) {
        const gt_export_net *n = &s->nets[i];
        for (int k = 0; k < n->net->n_tensors; k++, out++, places++) {
            const gt_tensor *t = &n->net->tensors[k];
            *places = (tensor){t, n->block};
            *out = (gt_weight_out){.n_dims = t->file_shape.n, .size = t->size, .values = values, .arg = places};
            out->name = name_of(s, n, t, a);
            for (int d = 0; d < t->file_shape.n; d++) out->dims[d] = t->file_shape.d[d];
        }
    }
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

static const char *names_of(const gt_export_source *s, gt_arena *a) {
    const char *names = s->nets[0].name;
    for (int i = 1; i < s->n_nets && names; i++) names = gt_arena_printf(a, "%s,%s", names, s->nets[i].name);
    return names;
}

gt_status gt_export_data_texts(const gt_checkpoint_data *d, gt_arena *a, gt_weights_out *w) {
    gt_weight_text *out = (gt_weight_text *)w->texts;
    GT_FREED char *classes = d->class_names ? gt_class_names_to_text(d->class_name, d->class_names) : NULL;
    if (!classes && d->class_names) return GT_NOMEM;
    if (classes) out[w->n_texts++] = (gt_weight_text){"gantry.class_names", gt_arena_printf(a, "%s", classes)};
    if (d->samples != GT_U8) out[w->n_texts++] = (gt_weight_text){"gantry.samples", gt_sample_type(d->samples)};
    if (d->has_range)
        out[w->n_texts++] = (gt_weight_text){"gantry.range",
                                             gt_arena_printf(a, "%.17g %.17g", d->range[0], d->range[1])};
    if (d->channels) out[w->n_texts++] = (gt_weight_text){"gantry.channels", d->channels};
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

gt_status gt_export_texts(const gt_export_source *s, gt_arena *a, gt_weights_out *w) {
    const gt_trained *t = s->trained;
    const gt_checkpoint_data *d = &t->data;
    gt_weight_text *out = gt_arena_array(a, GT_EXPORT_TEXTS_MOST, sizeof *out);
    GT_FREED char *recipe = gt_job_to_recipe_text(t->job);
    gt_status st = out && recipe ? GT_OK : GT_NOMEM;
    if (!st) {
        w->texts = out;
        out[w->n_texts++] = (gt_weight_text){"gantry.model", t->model->name};
        out[w->n_texts++] = (gt_weight_text){s->request->all ? "gantry.networks" : "gantry.network", names_of(s, a)};
        out[w->n_texts++] = (gt_weight_text){"gantry.recipe", gt_arena_printf(a, "%s", recipe)};
        out[w->n_texts++] = (gt_weight_text){"gantry.kernel_set", gt_kernel_set_arithmetic(t->model->kernels)};
        st = gt_export_data_texts(d, a, w);
        if (*s->inputs.s) out[w->n_texts++] = (gt_weight_text){"gantry.inputs", s->inputs.s};
        if (*d->pictures) out[w->n_texts++] = (gt_weight_text){"gantry.pictures", d->pictures};
    }
    return st || gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

static gt_status write_tensors(const gt_export_source *s,
                               gt_status (*write)(const char *path, const gt_weights_out *w)) {
    gt_weights_out w = {0};
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = a ? list_tensors(s, a, &w) : GT_NOMEM;
    if (!st) st = gt_export_texts(s, a, &w);
    if (!st)
        ((gt_weight_text *)w.texts)[w.n_texts++] = (gt_weight_text){"format", "pt"}; /* readers in PyTorch expect it */
    if (st) st = gt_fail(GT_NOMEM, "out of memory for '%s'", s->request->out);
    return st ? st : write(s->request->out, &w);
}

static gt_text inputs(const gt_export_source *s) {
    const char *pixels = s->trained->model->pixels;
    return pixels ? gt_text_of("pixels of %s", pixels) : (gt_text){""};
}

static gt_status write_safetensors(const gt_export_source *s) { return write_tensors(s, gt_safetensors_write); }
static gt_status write_npz(const gt_export_source *s) { return write_tensors(s, gt_npz_write); }

const gt_export_form gt_export_form_safetensors = {
    .name = "safetensors", .help = "PyTorch, JAX and others", .inputs = inputs, .write = write_safetensors};
const gt_export_form gt_export_form_npz = {.name = "npz", .help = "NumPy", .inputs = inputs, .write = write_npz};
