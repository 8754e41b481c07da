/* SPDX-License-Identifier: Apache-2.0
 * Pictures that somebody gives, as the pictures of a generator are (docs/mathematics/projection.md#target). */
#include "runner/door/adapt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/picture.h"
#include "files/codec/door/sample.h"
#include "gantry/log.h"
#include "data/door/transform.h"
#include "networks/model/door/model.h"
#include "run/door/checkpoint.h"

enum { FILE_MOST = 1 << 30 };

gt_status gt_read_picture(const char *file, gt_picture *p) {
    GT_FREED void *bytes = NULL;
    size_t n;
    *p = (gt_picture){0};
    gt_status st = gt_file_read(file, FILE_MOST, &bytes, &n);
    if (st) return st;
    st = gt_picture_decode(p, bytes, n, 0);
    return st ? gt_wrap(st, "'%s'", file) : GT_OK;
}

/* The middle of the picture in the proportions of the network's pictures, square as a rule; at least a pixel. */
static void cut(gt_picture *p, int height, int width) {
    int64_t h = p->height, w = p->width;
    if (h * width > w * height) h = w * height / width;
    else w = h * width / height;
    h += !h, w += !w;
    size_t pixel = (size_t)p->channels * gt_sample_bytes(p->type), line = (size_t)w * pixel;
    const char *from = (const char *)p->samples +
                       ((size_t)((p->height - h) / 2) * (size_t)p->width + (size_t)((p->width - w) / 2)) * pixel;
    for (int64_t y = 0; y < h; y++)
        memmove((char *)p->samples + (size_t)y * line, from + (size_t)y * (size_t)p->width * pixel, line);
    p->height = (int)h, p->width = (int)w;
}

static gt_status adapt(gt_picture *p, const gt_model *m) {
    bool dropped;
    gt_transform t = {.width = m->width,
                      .height = m->height,
                      .filter = GT_FILTER_LANCZOS,
                      .channels = m->channels,
                      .depth = GT_DEPTH_KEEP};
    gt_transformer *w = gt_transformer_new(&t);
    if (!w) {
        gt_picture_free(p);
        return GT_NOMEM;
    }
    gt_status st = gt_transformer_run(w, p, &dropped);
    gt_transformer_free(w);
    return st;
}

/* Samples to -1..1. A picture of the data's depth has the numbers of the data, as `gantry generate` writes them. */
static gt_status scale(const gt_picture *p, const gt_sample_format *data, float **image) {
    size_t n = (size_t)p->height * (size_t)p->width * (size_t)p->channels;
    bool alike = p->type == data->type && p->type != GT_U8;
    double low = alike ? data->range[0] : gt_sample_low(p->type),
           span = (alike ? data->range[1] : gt_sample_high(p->type)) - low;
    *image = malloc(n * sizeof **image);
    if (!*image) return gt_fail(GT_NOMEM, "out of memory for a picture");
    for (size_t i = 0; i < n; i++) {
        double v = p->type == GT_U8    ? ((const uint8_t *)p->samples)[i]
                   : p->type == GT_U16 ? ((const uint16_t *)p->samples)[i]
                                       : (double)((const float *)p->samples)[i];
        (*image)[i] = (float)((v - low) / span * 2 - 1);
        if (!isfinite((*image)[i])) return gt_fail(GT_FORMAT, "it holds values that are not numbers");
    }
    return GT_OK;
}

gt_status gt_adapt_picture(gt_picture *p, const char *name, const gt_trained *t, bool say, float **image) {
    char was[48], is[48];
    const gt_model *m = t->model;
    gt_sample_format data = gt_checkpoint_samples(&t->data);
    *image = NULL;
    gt_picture_describe(p, was);
    const char *note = p->note;
    bool laid = p->alpha && m->channels % 2;
    int height = p->height, width = p->width;
    cut(p, m->height, m->width);
    bool cropped = p->height != height || p->width != width;
    bool resized = p->height != m->height || p->width != m->width;
    gt_status st = adapt(p, m);
    if (st) return gt_wrap(st, "'%s'", name);
    gt_picture_describe(p, is);
    if (say && note) gt_warn("'%s': %s", name, note);
    if (say && (cropped || resized || strcmp(was, is)))
        gt_warn("'%s', %dx%d pixels, %s, is %s%s%sto %dx%d, %s", name, width, height, was,
                laid ? "laid over white, " : "", cropped ? "cropped to its middle and " : "",
                resized ? "resized (Lanczos) " : "converted ", m->width, m->height, is);
    st = scale(p, &data, image);
    gt_picture_free(p);
    if (!st) return GT_OK;
    free(*image);
    *image = NULL;
    return gt_wrap(st, "'%s'", name);
}
