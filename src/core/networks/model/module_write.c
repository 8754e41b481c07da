/* SPDX-License-Identifier: Apache-2.0
 * Writes modules; the names of their fields are those of PyTorch and of torch_utils.persistence
 * (docs/networks.md#pickled-modules). */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/status.h"
#include "networks/nets/door/layers.h"
#include "networks/model/door/module_write.h"

gt_module_writer gt_module_writer_of(gt_pickler *p, const gt_net *net, const float *block, const char *source) {
    gt_module_writer w = {p, net, block, source, calloc(gt_net_largest(net) + 1, sizeof(float))};
    if (!w.values) gt_fail(GT_NOMEM, "out of memory for a tensor of %s", net->name);
    return w;
}

/* ---- a key and its value ---- */

void gt_field_int(gt_pickler *p, const char *key, int64_t value) {
    gt_put_text(p, key);
    gt_put_int(p, value);
}

void gt_field_bool(gt_pickler *p, const char *key, bool value) {
    gt_put_text(p, key);
    gt_put_bool(p, value);
}

void gt_field_real(gt_pickler *p, const char *key, double value) {
    gt_put_text(p, key);
    gt_put_real(p, value);
}

void gt_field_text(gt_pickler *p, const char *key, const char *value) {
    gt_put_text(p, key);
    gt_put_text(p, value);
}

void gt_field_none(gt_pickler *p, const char *key) {
    gt_put_text(p, key);
    gt_put_op(p, 'N');
}

void gt_field_ints(gt_pickler *p, const char *key, int n, const int *values) {
    gt_put_text(p, key);
    gt_put_open(p, ']');
    for (int i = 0; i < n; i++) gt_put_int(p, values[i]);
    gt_put_close(p, 'e');
}

double gt_meant(float value) {
    char text[32];
    for (int digits = 1; digits < FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    return strtof(text, NULL) == value ? strtod(text, NULL) : (double)value;
}

void gt_field_filter(gt_pickler *p, const gt_resample_filter *filter) {
    gt_put_text(p, "resample_filter");
    gt_put_open(p, ']');
    for (int i = 0; i < filter->taps; i++) {
        float tap = filter->value[i];
        if (tap == floorf(tap) && fabsf(tap) < INT16_MAX) gt_put_int(p, (int64_t)tap);
        else gt_put_real(p, gt_meant(tap));
    }
    gt_put_close(p, 'e');
}

/* ---- modules ---- */

void gt_module_begin(const gt_module_writer *w, const char *class) {
    gt_put_name(w->p, "torch_utils.persistence _reconstruct_persistent_obj");
    gt_put_open(w->p, '}');
    gt_field_text(w->p, "type", "class");
    gt_field_int(w->p, "version", 6);
    gt_put_text(w->p, "module_src");
    gt_put_shared(w->p, w->source);
    gt_field_text(w->p, "class_name", class);
    gt_put_text(w->p, "state");
    gt_put_open(w->p, '}');
    gt_put_text(w->p, "_init_kwargs");
    gt_put_open(w->p, '}');
}

void gt_module_end(const gt_module_writer *w, const char *prefix) {
    gt_put_op(w->p, 'u'); /* arguments */
    gt_put_text(w->p, "_parameters");
    gt_put_ordered_dict(w->p);
    gt_put_op(w->p, '(');
    for (int i = 0; i < w->net->n_tensors; i++) {
        const gt_tensor *t = &w->net->tensors[i];
        gt_put_text(w->p, gt_text_of("%s%s", prefix, t->name).s);
        gt_tensor_to_file(t, w->block + t->offset, w->values);
        gt_put_tensor(w->p, w->values, t->file_shape.n, t->file_shape.d);
    }
    gt_put_op(w->p, 'u'); /* tensors */
    gt_put_op(w->p, 'u'); /* state */
    gt_put_op(w->p, 'u'); /* what is called with it */
    gt_put_op(w->p, '\x85');
    gt_put_op(w->p, 'R');
}
