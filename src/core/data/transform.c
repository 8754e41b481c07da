/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * make_plan() decides from a picture's shape alone what becomes of it; gt_transformer_run() carries the plan out.
 * Colours are computed with doubles between 0 and 1, which is exact enough for 16 bits; pictures whose colours stay as
 * they are skip this. */
#include "data/door/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/sample.h"
#include "data/door/resize.h"
#include "data/door/source.h"

struct gt_transformer {
    gt_transform t;
    gt_resizer resizer;
};

typedef struct plan {
    bool dropped, flatten; /* flatten: alpha is laid over the background */
    int channels;
    bool alpha; /* of the result */
    gt_sample type;
    int top, left, crop_height, crop_width; /* taken from the picture ... */
    int inner_height, inner_width;          /* ... resized to this ... */
    int height, width;                      /* ... in the middle of this */
    bool black;                             /* around it; else background */
} plan;

typedef struct scale { /* between samples and 0..1 */
    double low, span;
} scale;

static scale scale_of(const gt_transform *t, gt_sample type) {
    bool given = (t->range[0] != 0 || t->range[1] != 0) && (!t->of_floats || type == GT_F32);
    double low = given ? t->range[0] : gt_sample_low(type), high = given ? t->range[1] : gt_sample_high(type);
    return (scale){low, high - low};
}

gt_status gt_transform_check(const gt_transform *t) {
    static const char *const names[] = {[GT_CROP_CENTER] = "center-crop", [GT_CROP_CENTER_WIDE] = "center-crop-wide"};
    if (t->crop && (!t->width || !t->height))
        return gt_fail(GT_USAGE, "--transform=%s needs --width and --height", names[t->crop]);
    if (t->pad && (!t->width || !t->height)) return gt_fail(GT_USAGE, "--pad needs --width and --height");
    if (t->pad && t->crop) return gt_fail(GT_USAGE, "--pad and --transform: only one of them");
    if (t->crop == GT_CROP_CENTER_WIDE && t->height > t->width)
        return gt_fail(
            GT_USAGE,
            "--transform=center-crop-wide makes pictures wider than high: --height=%d must not be more than --width=%d",
            t->height, t->width);
    return GT_OK;
}

/* ---- the plan ---- */

static gt_status plan_colours(const gt_transform *t, const gt_picture *in, plan *p) {
    int made = t->channels ? t->channels : in->channels;
    bool keeps_alpha = in->alpha && t->alpha == GT_ALPHA_KEEP;
    if (!t->channels && in->alpha && !keeps_alpha) made--;
    p->channels = made;
    p->alpha = keeps_alpha && made == in->channels;
    p->flatten = in->alpha && !p->alpha;
    if (made == in->channels && !p->flatten) return GT_OK;
    int colours = in->channels - in->alpha; /* what is left to make colours from */
    bool known = colours == 1 || colours == 3;
    if (made == colours) return GT_OK;
    if (!known || made > 4)
        return gt_fail(GT_FORMAT,
                       "%d channels cannot be made from %d: --channels only converts between grey (1), grey + alpha "
                       "(2), RGB (3) and RGBA (4)",
                       made, in->channels);
    p->alpha = made == 2 || made == 4;
    if (p->alpha && in->alpha) p->flatten = t->alpha != GT_ALPHA_KEEP; /* grey + alpha <-> RGBA */
    return GT_OK;
}

static int rounded(double x) { return x < 1 ? 1 : (int)rint(x); }

static void plan_shape(const gt_transform *t, const gt_picture *in, plan *p) {
    int h = in->height, w = in->width;
    p->top = p->left = 0;
    p->crop_height = h, p->crop_width = w;
    p->inner_height = p->height = t->height ? t->height : h;
    p->inner_width = p->width = t->width ? t->width : w;
    if (t->crop == GT_CROP_CENTER) {
        p->crop_height = p->crop_width = h < w ? h : w;
    } else if (t->crop == GT_CROP_CENTER_WIDE) {
        p->crop_height = (int)rint((double)((int64_t)t->width * h) / w);
        p->dropped = w < t->width || p->crop_height < t->height;
        p->height = t->width;
        p->black = true;
    } else if (t->pad) {
        double fit = fmin((double)t->width / w, (double)t->height / h);
        p->inner_height = rounded(fmin(h * fit, t->height));
        p->inner_width = rounded(fmin(w * fit, t->width));
    }
    p->top = (h - p->crop_height) / 2;
    p->left = (w - p->crop_width) / 2;
}

static gt_status make_plan(const gt_transform *t, const gt_picture *in, plan *p) {
    *p = (plan){.type = t->depth ? (gt_sample)(t->depth - GT_DEPTH_U8) : in->type};
    plan_shape(t, in, p);
    return p->dropped ? GT_OK : plan_colours(t, in, p);
}

gt_status gt_transform_shape(const gt_transform *t, const gt_picture *picture, gt_transformed *out) {
    plan p;
    gt_status st = make_plan(t, picture, &p);
    *out = (gt_transformed){
        .shape = {.height = p.height, .width = p.width, .channels = p.channels, .type = p.type, .alpha = p.alpha},
        .dropped = p.dropped,
        .laid = p.flatten,
        .enlarged = !p.dropped && (p.inner_height > p.crop_height || p.inner_width > p.crop_width)};
    return st;
}

/* ---- samples ---- */

static double load_sample(const gt_picture *p, size_t i) {
    switch (p->type) {
    case GT_U8: return ((const uint8_t *)p->samples)[i];
    case GT_U16: return ((const uint16_t *)p->samples)[i];
    default: return ((const float *)p->samples)[i];
    }
}

static void store_sample(gt_picture *p, size_t i, double x) {
    double most = gt_sample_high(p->type), whole = x > 0 ? rint(x > most ? most : x) : 0; /* NaN: 0 */
    switch (p->type) {
    case GT_U8: ((uint8_t *)p->samples)[i] = (uint8_t)whole; break;
    case GT_U16: ((uint16_t *)p->samples)[i] = (uint16_t)whole; break;
    default: ((float *)p->samples)[i] = (float)x;
    }
}

static double luma(const double c[3]) { return (c[0] * 19595 + c[1] * 38470 + c[2] * 7471) / 65536; } /* ITU-R BT.601 */

static double background_of(const gt_transform *t, int colours, int channel) {
    return colours == 3 ? t->background[channel] : luma(t->background);
}

/* What transparent pictures are laid over: white where nobody says a colour, since most drawings are dark. */
static double ground_of(const gt_transform *t, int colours, int channel) {
    return t->alpha == GT_ALPHA_FLATTEN ? background_of(t, colours, channel) : 1;
}

/* One pixel between 0 and 1 (changed on the way) becomes one of p->channels. */
static void recolour_pixel(const gt_transform *t, const plan *p, const gt_picture *in, double *from, double *to) {
    int colours = in->channels - in->alpha, made = p->channels - p->alpha;
    double alpha = in->alpha ? from[colours] : 1;
    for (int c = 0; c < colours && p->flatten; c++) from[c] = from[c] * alpha + ground_of(t, colours, c) * (1 - alpha);
    for (int c = 0; c < made; c++) to[c] = made == colours ? from[c] : made == 1 ? luma(from) : from[0];
    if (p->alpha) to[made] = p->flatten ? 1 : alpha;
}

/* ---- steps: each makes a picture of the next shape from the one before ---- */

typedef gt_status step(gt_transformer *w, const plan *p, gt_picture *in, gt_picture *out);

/* *picture becomes what `make` makes of it in this shape. */
static gt_status take_step(gt_transformer *w, const plan *p, step *make, const gt_picture *shape, gt_picture *picture) {
    gt_picture out;
    gt_status st = gt_picture_new(&out, shape->height, shape->width, shape->channels, shape->type);
    if (st) return st;
    out.alpha = shape->alpha;
    st = make(w, p, picture, &out);
    gt_picture_free(picture);
    *picture = out;
    return st;
}

static size_t pixels_of(const gt_picture *p) { return (size_t)p->height * (size_t)p->width; }

static size_t samples_of(const gt_picture *p) { return pixels_of(p) * (size_t)p->channels; }

static gt_status recolour_picture(gt_transformer *w, const plan *p, gt_picture *in, gt_picture *out) {
    scale s = scale_of(&w->t, in->type);
    double from[GT_PICTURE_MAX_CHANNELS], to[GT_PICTURE_MAX_CHANNELS];
    size_t read = (size_t)in->channels, made = (size_t)out->channels;
    for (size_t i = 0; i < pixels_of(in); i++) {
        for (size_t c = 0; c < read; c++) from[c] = (load_sample(in, i * read + c) - s.low) / s.span;
        recolour_pixel(&w->t, p, in, from, to);
        for (size_t c = 0; c < made; c++) store_sample(out, i * made + c, s.low + to[c] * s.span);
    }
    return GT_OK;
}

/* The result has the usual range of its type. */
static gt_status change_type(gt_transformer *w, const plan *p, gt_picture *in, gt_picture *out) {
    (void)p;
    scale from = scale_of(&w->t, in->type);
    double low = gt_sample_low(out->type), span = gt_sample_high(out->type) - low;
    for (size_t i = 0; i < samples_of(out); i++)
        store_sample(out, i, low + span * ((load_sample(in, i) - from.low) / from.span));
    return GT_OK;
}

/* ---- colours weighed by alpha ---- */

/* 8 bits: as Pillow does it, a b / 255 rounded, and the way back cut off. */
static void weigh_bytes(uint8_t *p, size_t pixels, int channels) {
    for (size_t i = 0; i < pixels; i++, p += channels)
        for (int c = 0; c < channels - 1; c++) {
            unsigned v = (unsigned)p[c] * p[channels - 1] + 128;
            p[c] = (uint8_t)(((v >> 8) + v) >> 8);
        }
}

static void unweigh_bytes(uint8_t *p, size_t pixels, int channels) {
    for (size_t i = 0; i < pixels; i++, p += channels) {
        unsigned alpha = p[channels - 1];
        for (int c = 0; c < channels - 1 && alpha != 0 && alpha != 255; c++) {
            unsigned v = 255u * p[c] / alpha;
            p[c] = (uint8_t)(v > 255 ? 255 : v);
        }
    }
}

/* Floats between 0 and 1. */
static void weigh_floats(float *p, size_t pixels, int channels, bool back) {
    for (size_t i = 0; i < pixels; i++, p += channels) {
        float alpha = p[channels - 1];
        for (int c = 0; c < channels - 1; c++) p[c] = !back ? p[c] * alpha : alpha > 0 ? p[c] / alpha : 0;
    }
}

/* ---- size ---- */

static gt_resize_job job_of(const gt_transformer *w, const plan *p, const gt_picture *in) {
    return (gt_resize_job){.filter = w->t.filter,
                           .in_height = p->crop_height,
                           .in_width = p->crop_width,
                           .height = p->inner_height,
                           .width = p->inner_width,
                           .channels = in->channels,
                           .in_stride = (size_t)in->width * (size_t)in->channels};
}

static gt_status resize_bytes(gt_transformer *w, const plan *p, gt_picture *in, gt_picture *out) {
    gt_resize_job job = job_of(w, p, in);
    size_t start = (size_t)p->top * job.in_stride + (size_t)p->left * (size_t)in->channels;
    if (in->alpha) weigh_bytes(in->samples, pixels_of(in), in->channels);
    gt_status st = gt_resize(&w->resizer, &job, GT_U8, (const uint8_t *)in->samples + start, out->samples);
    if (!st && in->alpha) unweigh_bytes(out->samples, pixels_of(out), out->channels);
    return st;
}

/* Through floats between 0 and 1. */
static gt_status resize_floats(gt_transformer *w, const plan *p, gt_picture *in, gt_picture *out) {
    gt_resize_job job = job_of(w, p, in);
    scale s = scale_of(&w->t, in->type);
    size_t n = samples_of(in), made = samples_of(out);
    size_t start = (size_t)p->top * job.in_stride + (size_t)p->left * (size_t)in->channels;
    GT_FREED float *from = malloc(n * sizeof *from), *to = malloc(made * sizeof *to);
    gt_status st = from && to ? GT_OK : gt_fail(GT_NOMEM, "out of memory for resizing");
    for (size_t i = 0; i < n && !st; i++) from[i] = (float)((load_sample(in, i) - s.low) / s.span);
    if (!st && in->alpha) weigh_floats(from, pixels_of(in), in->channels, false);
    if (!st) st = gt_resize(&w->resizer, &job, GT_F32, from + start, to);
    if (!st && in->alpha) weigh_floats(to, pixels_of(out), out->channels, true);
    for (size_t i = 0; i < made && !st; i++) store_sample(out, i, s.low + to[i] * s.span);
    return st;
}

/* `in` in the middle of black or of the background. */
static gt_status surround(gt_transformer *w, const plan *p, gt_picture *in, gt_picture *out) {
    scale s = scale_of(&w->t, out->type);
    int colours = out->channels - out->alpha;
    for (size_t i = 0; i < samples_of(out); i++) {
        int c = (int)(i % (size_t)out->channels);
        /* transparent outside */
        double v = p->black ? 0 : c < colours ? background_of(&w->t, colours == 3 ? 3 : 1, c) : 0;
        store_sample(out, i, s.low + v * s.span);
    }
    gt_picture_paste(in, 0, 0, in->height, in->width, out);
    return GT_OK;
}

/* inner_height x inner_width of the crop of `in`. */
static gt_status reshape_picture(gt_transformer *w, const plan *p, gt_picture *in, gt_picture *out) {
    bool resized = p->crop_height != p->inner_height || p->crop_width != p->inner_width;
    if (resized) return (in->type == GT_U8 ? resize_bytes : resize_floats)(w, p, in, out);
    gt_picture_paste(in, p->top, p->left, p->crop_height, p->crop_width, out);
    return GT_OK;
}

static bool same_size(const gt_picture *p, int height, int width) { return p->height == height && p->width == width; }

static gt_status carry_out(gt_transformer *w, const plan *p, gt_picture *picture) {
    gt_picture next = *picture; /* its shape after the next step */
    gt_status st = GT_OK;
    bool whole = same_size(picture, p->crop_height, p->crop_width);
    scale from = scale_of(&w->t, picture->type), to = scale_of(&(gt_transform){0}, p->type);
    next.channels = p->channels;
    next.alpha = p->alpha;
    if (p->channels != picture->channels || p->flatten) st = take_step(w, p, recolour_picture, &next, picture);
    next.height = p->inner_height, next.width = p->inner_width;
    if (!st && (!whole || !same_size(picture, next.height, next.width)))
        st = take_step(w, p, reshape_picture, &next, picture);
    next.height = p->height, next.width = p->width;
    if (!st && !same_size(picture, p->height, p->width)) st = take_step(w, p, surround, &next, picture);
    next.type = p->type;
    bool usual = !w->t.depth || (from.low == to.low && from.span == to.span);
    return st || (p->type == picture->type && usual) ? st : take_step(w, p, change_type, &next, picture);
}

gt_transformer *gt_transformer_new(const gt_transform *t) {
    gt_transformer *w = calloc(1, sizeof *w);
    if (!w) gt_fail(GT_NOMEM, "out of memory for a transform");
    else w->t = *t;
    return w;
}

void gt_transformer_free(gt_transformer *w) {
    if (!w) return;
    gt_resizer_free(&w->resizer);
    free(w);
}

gt_status gt_transformer_mask(gt_transformer *w, const gt_picture *picture, gt_picture *mask) {
    plan p;
    gt_picture out;
    gt_status st = make_plan(&w->t, picture, &p);
    if (st || p.dropped) return st;
    if ((st = gt_picture_new(&out, p.height, p.width, 1, GT_U8))) return st;
    uint8_t *to = out.samples;
    const uint8_t *from = mask->samples;
    int top = (p.height - p.inner_height) / 2, left = (p.width - p.inner_width) / 2;
    memset(to, GT_MASK_IGNORE, gt_picture_bytes(&out));
    for (int64_t y = 0; y < p.inner_height; y++)
        for (int64_t x = 0; x < p.inner_width; x++) {
            int64_t row = p.top + (2 * y + 1) * p.crop_height / (2 * p.inner_height),
                    column = p.left + (2 * x + 1) * p.crop_width / (2 * p.inner_width);
            to[(top + y) * p.width + left + x] = from[row * mask->width + column];
        }
    gt_picture_free(mask);
    *mask = out;
    return GT_OK;
}

gt_status gt_transformer_run(gt_transformer *w, gt_picture *picture, bool *dropped) {
    plan p;
    const char *note = picture->note;
    gt_status st = make_plan(&w->t, picture, &p);
    *dropped = p.dropped;
    if (!st && !p.dropped) st = carry_out(w, &p, picture);
    if (st || p.dropped) gt_picture_free(picture);
    else picture->note = note;
    return st;
}
