/* SPDX-License-Identifier: Apache-2.0
 * The items of a dataset, or a picture by itself: pixels, label, mask. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contents/contents.h"
#include "codec/door/sample.h"
#include "data/door/source.h"

static const gt_weight_type types[] = {[GT_U8] = GT_WEIGHT_U8, [GT_U16] = GT_WEIGHT_U16, [GT_F32] = GT_WEIGHT_F32};

static gt_status give_array(const contents_sink *to, const contents_array *a, const void *values) {
    size_t n = 1;
    for (int i = 0; i < a->n_dims; i++) n *= (size_t)a->dims[i]; /* of a picture that is in memory */
    gt_status st = to->head(to->arg, a);
    return st ? st : contents_give(to, a->type, values, n);
}

static gt_status give_picture(const contents_sink *to, const char *name, const gt_picture *p, int n_dims) {
    const int64_t dims[] = {p->height, p->width, p->channels};
    return give_array(to, &(contents_array){.name = name, .type = types[p->type], .n_dims = n_dims, .dims = dims},
                      p->samples);
}

/* As networks see it: numbers of a vector are float32, whatever the file has. */
static gt_status give_label(const contents_sink *to, const gt_source *s, int64_t i) {
    int64_t class = gt_source_class(s, i), width = gt_source_get_info(s)->label_width;
    const double *vector = gt_source_vector(s, i);
    if (class >= 0) return give_array(to, &(contents_array){.name = "label", .type = GT_WEIGHT_I64}, &class);
    if (!vector) return GT_OK;
    float *numbers = calloc((size_t)width, sizeof *numbers);
    if (!numbers) return gt_fail(GT_NOMEM, "out of memory for a label");
    for (int64_t k = 0; k < width; k++) numbers[k] = (float)vector[k];
    gt_status st = give_array(
        to, &(contents_array){.name = "label", .type = GT_WEIGHT_F32, .n_dims = 1, .dims = &width}, numbers);
    free(numbers);
    return st;
}

static gt_status pour_sample(const gt_contents *c, int64_t i, const contents_sink *to) {
    gt_source *s = c->state;
    gt_picture p, mask = {0};
    gt_status st = gt_source_read(s, i, &p);
    if (!st) st = give_picture(to, "pixels", &p, 3);
    if (!st) st = give_label(to, s, i);
    if (!st && gt_source_get_info(s)->masks && !(st = gt_source_mask(s, i, &p, &mask)))
        st = give_picture(to, "mask", &mask, 2);
    gt_picture_free(&p);
    gt_picture_free(&mask);
    return st;
}

static gt_status describe_sample(const gt_contents *c, int64_t i, char *text, size_t room) {
    gt_source *s = c->state;
    gt_picture_info p;
    char name[GT_ITEM_NAME_BYTES];
    gt_status st = gt_source_head(s, i, &p);
    if (!st)
        snprintf(text, room, "%" PRId64 " %.4000s  %s [%d,%d,%d]", i, gt_source_name(s, i, name),
                 gt_weight_type_name(types[gt_sample_of_bits(p.bits)]), p.height, p.width, p.channels);
    return st;
}

static void close_source(void *state) { gt_source_close(state); }

gt_status contents_of_samples(gt_contents *c) {
    gt_source *s;
    gt_status st = gt_source_open(
        &s, c->path, &(gt_source_options){.lone_picture = true, .by_code_points = true, .every_label = true});
    if (st) return st;
    const gt_source_info *info = gt_source_get_info(s);
    c->kind = strcmp(info->source, "picture") ? "dataset" : "picture";
    c->state = s;
    c->close = close_source;
    c->count = info->count;
    c->pour = pour_sample;
    c->describe = describe_sample;
    c->main_thread_only = info->main_thread_only;
    return GT_OK;
}
