/* SPDX-License-Identifier: Apache-2.0
 * What the axes of an array of images mean, and which samples its numbers become. */
#include "data/array.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/memory.h"

enum { COLOURS_MOST = 4 };

/* ---- axes ---- */

const char *gt_dims_text(int n_dims, const int64_t *dims, char text[GT_DIMS_BYTES]) {
    size_t n = (size_t)snprintf(text, GT_DIMS_BYTES, "[");
    for (int i = 0; i < n_dims && i < GT_DIMS_MOST; i++)
        n += (size_t)snprintf(text + n, GT_DIMS_BYTES - n, "%s%" PRId64, i ? "," : "", dims[i]);
    snprintf(text + n, GT_DIMS_BYTES - n, "]");
    return text;
}

static gt_status tell_axes(gt_source_info *notes, const gt_axes *a, const char *is, const char *otherwise) {
    char channels[64] = "grey";
    if (a->channels > 1)
        snprintf(channels, sizeof channels, "%" PRId64 " channels that come %s", a->channels,
                 a->planes ? "first" : "last");
    return gt_notes_say(notes, "an array %s is read as %" PRId64 " pictures of %" PRId64 " x %" PRId64 " pixels, %s%s",
                        is, a->count, a->width, a->height, channels, otherwise);
}

/* Four axes, of which nobody says what they mean. */
static gt_status guess_layout(gt_axes *out, gt_source_info *notes, const int64_t *d, int64_t most, const char *is) {
    bool colours = d[1] <= COLOURS_MOST && d[2] > d[1] && d[3] > d[1] && d[3] > COLOURS_MOST, wide = d[3] > most;
    if (wide && !colours && d[1] > most)
        return gt_fail(GT_FORMAT,
                       "an array %s: neither its second nor its last axis can be channels (at most %" PRId64
                       "); declare it with gantry dataset --layout=nhwc or --layout=nchw",
                       is, most);
    bool planes = colours || wide, doubtful = d[3] > COLOURS_MOST && d[3] > d[1] && d[2] > d[1];
    bool third = d[2] <= COLOURS_MOST && d[0] > COLOURS_MOST && d[1] > COLOURS_MOST && d[3] > COLOURS_MOST;
    *out = planes ? (gt_axes){d[0], d[2], d[3], d[1], true} : (gt_axes){d[0], d[1], d[2], d[3], false};
    if (third) return tell_axes(notes, out, is, "; of [H,W,C,N] numpy.moveaxis(a, 3, 0) makes [N,H,W,C]");
    if (!doubtful) return GT_OK;
    return tell_axes(notes, out, is,
                     planes ? " (gantry dataset --layout=nhwc: last)" : " (gantry dataset --layout=nchw: first)");
}

/* Two axes: pictures in rows of numbers, of which two kinds are usual; rows shorter than any picture are points. */
static gt_status guess_rows(gt_axes *out, gt_source_info *notes, gt_array_layout layout, const int64_t *d,
                            const char *is) {
    enum { MNIST = 28, CIFAR = 32, SHORT = 4 * 4 };
    char example[48] = "28x28";
    int64_t side = llround(sqrt((double)d[1]));
    if (d[1] == MNIST * MNIST) {
        *out = (gt_axes){d[0], MNIST, MNIST, 1, false};
        return tell_axes(notes, out, is, "");
    }
    if (d[1] == 3 * CIFAR * CIFAR) {
        *out = (gt_axes){d[0], CIFAR, CIFAR, 3, layout != GT_ARRAY_NHWC};
        return tell_axes(notes, out, is, layout == GT_ARRAY_GUESS ? " (gantry dataset --shape=32x32x3: last)" : "");
    }
    if (d[1] < SHORT)
        return gt_fail(GT_FORMAT,
                       "an array %s: rows of %" PRId64
                       " numbers, not pictures: pictures are needed; for points: gantry gmm fit FILE",
                       is, d[1]);
    if (side * side != d[1] && (side = llround(sqrt((double)d[1] / 3)), 3 * side * side == d[1]))
        snprintf(example, sizeof example, "3x%" PRId64 "x%" PRId64, side, side);
    else if (side * side == d[1]) snprintf(example, sizeof example, "%" PRId64 "x%" PRId64, side, side);
    return gt_fail(GT_FORMAT,
                   "an array %s: declare the shape of the picture in a row with gantry dataset --shape=HxW or HxWxC, "
                   "such as --shape=%s; for points: gantry gmm fit",
                   is, example);
}

/* "28x28", "32x32x3", "3x32x32". Of three numbers the first or the last is that of the channels: a small one, else
 * where `planes` puts them. */
static gt_status read_shape(const char *text, gt_array_layout layout, gt_axes *out) {
    int64_t n[3];
    int count = 0, end = 0;
    for (const char *at = text; count < 3; count++, at++) {
        if (sscanf(at, "%9" SCNd64 "%n", &n[count], &end) != 1 || n[count] < 1) break;
        at += end;
        if (*at == 'x') continue;
        if (*at || ++count < 2) break;
        bool small_first = count == 3 && n[0] <= COLOURS_MOST && n[1] > n[0] && n[2] > n[0],
             small_last = count == 3 && n[2] <= COLOURS_MOST && n[0] > n[2],
             first = count == 3 && (small_first || (!small_last && layout == GT_ARRAY_NCHW));
        *out = first ? (gt_axes){.height = n[1], .width = n[2], .channels = n[0]}
                     : (gt_axes){.height = n[0], .width = n[1], .channels = count == 3 ? n[2] : 1};
        out->planes = layout == GT_ARRAY_GUESS ? first : layout == GT_ARRAY_NCHW;
        return GT_OK;
    }
    return gt_fail(
        GT_USAGE,
        "--shape=%s: give height and width, and the channels if there are several, as in 28x28, 32x32x3 or 3x32x32",
        text);
}

static gt_status axes_of_shape(gt_axes *out, const gt_source_options *o, int n_dims, const int64_t *dims,
                               const char *is) {
    int64_t row = 1, all;
    bool fits = n_dims >= 2;
    gt_status st = read_shape(o->shape, o->layout, out);
    if (st) return st;
    for (int i = 1; i < n_dims && fits; i++) fits = !__builtin_mul_overflow(row, dims[i], &row);
    if (!fits || __builtin_mul_overflow(out->height, out->width, &all) ||
        __builtin_mul_overflow(all, out->channels, &all) || all != row)
        return gt_fail(GT_USAGE, "--shape=%s: each picture of an array %s has %" PRId64 " numbers", o->shape, is, row);
    out->count = dims[0];
    return GT_OK;
}

gt_status gt_axes_of_array(gt_axes *out, gt_source_info *notes, const gt_source_options *options, int n_dims,
                           const int64_t *dims, int64_t channels_most) {
    char is[GT_DIMS_BYTES];
    const int64_t *d = dims;
    gt_dims_text(n_dims, dims, is);
    if (options->shape && *options->shape) return axes_of_shape(out, options, n_dims, dims, is);
    if (n_dims == 2) return guess_rows(out, notes, options->layout, d, is);
    if (n_dims != 3 && n_dims != 4)
        return gt_fail(GT_FORMAT, "an array of %d axes, %s; images are [N,H,W], [N,H,W,C] or [N,C,H,W]", n_dims, is);
    if (n_dims == 4 && options->layout == GT_ARRAY_GUESS) return guess_layout(out, notes, d, channels_most, is);
    bool planes = n_dims == 4 && options->layout == GT_ARRAY_NCHW;
    *out = n_dims == 3 ? (gt_axes){d[0], d[1], d[2], 1, false}
           : planes    ? (gt_axes){d[0], d[2], d[3], d[1], true}
                       : (gt_axes){d[0], d[1], d[2], d[3], false};
    bool one = n_dims == 3 && d[2] <= COLOURS_MOST && d[0] > COLOURS_MOST && d[1] > COLOURS_MOST;
    return one ? tell_axes(notes, out, is, ", and not for one picture [H,W,C]") : GT_OK;
}

void gt_pixels_of_planes(const gt_picture *shape, const void *planes, void *samples) {
    size_t channels = (size_t)shape->channels, pixels = (size_t)shape->height * (size_t)shape->width;
    size_t size = gt_sample_bytes(shape->type);
    for (size_t k = 0; k < pixels; k++)
        for (size_t c = 0; c < channels; c++)
            memcpy((char *)samples + (k * channels + c) * size, (const char *)planes + (c * pixels + k) * size, size);
}

/* ---- numbers ---- */

bool gt_numbers_vary(const gt_number_kind *k) {
    return k->letter == 'i' || (k->letter == 'u' && k->bytes > (int)sizeof(uint16_t));
}

void gt_numbers_look(gt_number_kind *k, double number) {
    if (!k->found || number < k->low) k->low = number;
    if (!k->found || number > k->high) k->high = number;
    k->found = true;
}

gt_status gt_sample_of_numbers(const gt_number_kind *k, gt_source_info *notes, gt_sample *out) {
    enum { EXACT = 1 << 24 }; /* whole numbers that float32 holds */
    const char *word = k->letter == 'u' ? "uint" : k->letter == 'i' ? "int" : "float";
    if (k->letter == 'f') {
        *out = GT_F32;
        return k->bytes <= (int)sizeof(float)
                   ? GT_OK
                   : gt_notes_say(notes, "numbers of type float%d become float32", 8 * k->bytes);
    }
    if (k->letter == 'b') {
        *out = GT_U8;
        notes->booleans = strstr(k->array, "mask") ? "masks" : "pictures";
        gt_status st = gt_notes_set_range(notes, 0, 1);
        return st ? st : gt_notes_say(notes, "False is black and True is white: the range is 0 .. 1");
    }
    if (!gt_numbers_vary(k)) {
        *out = k->bytes == 1 ? GT_U8 : GT_U16;
        return GT_OK;
    }
    bool whole = k->low >= 0 && k->high <= gt_sample_high(GT_U16), exact = k->low >= -EXACT && k->high <= EXACT;
    *out = !whole ? GT_F32 : k->high <= gt_sample_high(GT_U8) ? GT_U8 : GT_U16;
    return gt_notes_say(notes, "numbers of type %s%d, from %.15g to %.15g, become %s samples%s", word, 8 * k->bytes,
                        k->low, k->high, gt_sample_name(*out), exact ? "" : ", rounded");
}
