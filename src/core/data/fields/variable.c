/* SPDX-License-Identifier: Apache-2.0
 * Variables of files at large, and those that are pictures of a source. */
#include "data/fields/variable.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/sample.h"

/* "pr" of "out/pr.npz", as far as it can stand in a list of names. */
static const char *base_name(gt_arena *a, const char *file, const char *name) {
    const char *slash = strrchr(file, '/'), *text = *name ? name : slash ? slash + 1 : file;
    slash = strrchr(text, '/');
    if (*name && slash) text = slash + 1;
    const char *dot = *name ? NULL : strrchr(text, '.');
    char *out = gt_arena_printf(a, "%.*s", (int)(dot && dot > text ? (size_t)(dot - text) : strlen(text)), text);
    for (char *c = out; c && *c; c++)
        if (*c == ',' || *c == ':' || *c == '=' || (unsigned char)*c < ' ') *c = '_';
    return out;
}

/* The names of the source's channels where there are as many, else numbers. */
static gt_status name_channels(gt_arena *a, gt_variable *v) {
    const char *given = v->pictures ? gt_source_get_info(v->pictures)->channel_names : NULL;
    int names = given && *given ? 1 : 0;
    for (const char *c = given; c && *c; c++) names += *c == ',';
    v->channel = gt_arena_array(a, (size_t)v->channels, sizeof *v->channel);
    for (int k = 0; v->channel && k < v->channels; k++) {
        size_t n = names == v->channels ? strcspn(given, ",") : 0;
        v->channel[k] = n                 ? gt_arena_printf(a, "%.*s", (int)n, given)
                        : v->channels > 1 ? gt_arena_printf(a, "%s_%d", v->name, k)
                                          : v->name;
        if (n && given[n]) given += n + 1;
    }
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

static gt_status open_pictures(const char *array, gt_variable *v) {
    gt_picture shape;
    const gt_source_options options = {
        .array = array, .lone_picture = true, .by_code_points = true, .again_and_again = true};
    gt_status st = gt_source_open(&v->pictures, v->file, &options);
    bool cut;
    if (st) return st;
    const gt_source_info *info = gt_source_get_info(v->pictures);
    v->count = info->count;
    v->main_thread_only = info->main_thread_only;
    v->stamp = gt_source_stamp(v->pictures);
    st = gt_item_wrap(v->pictures, 0, gt_item_shape(v->pictures, 0, 0, &shape, &cut));
    v->height = shape.height, v->width = shape.width, v->channels = shape.channels;
    return st;
}

gt_status gt_variable_open(gt_arena *a, const gt_named_array *part, gt_variable *v) {
    gt_status st = GT_OK;
    bool claimed = false;
    *v = (gt_variable){.units = "", .standard_name = "", .long_name = "", .mapping = ""};
    v->file = gt_arena_printf(a, "%s", part->file);
    if (!v->file) return GT_NOMEM;
    if (gt_h5_is(v->file)) {
        v->stamp = gt_file_stamp(v->file);
        st = gt_variable_open_h5(a, part->name, v, &claimed);
        if (st) return gt_wrap(st, "'%s'", v->file);
    }
    if (!claimed) st = open_pictures(part->name, v);
    if (!claimed && !st && !(v->name = base_name(a, v->file, part->name))) st = GT_NOMEM;
    if (claimed && !(v->name = base_name(a, v->file, v->name))) st = GT_NOMEM;
    return st ? st : name_channels(a, v);
}

static gt_status read_picture(const gt_variable *v, int64_t i, float *out) {
    gt_picture p;
    size_t pixels = (size_t)v->height * (size_t)v->width, channels = (size_t)v->channels;
    gt_status st = gt_source_read(v->pictures, i, &p);
    if (st) return st;
    if (p.height != v->height || p.width != v->width || p.channels != v->channels)
        st = gt_item_wrap(v->pictures, i,
                          gt_fail(GT_FORMAT,
                                  "%d x %d pixels with %d channels, but the first picture has %d x %d with %d", p.width,
                                  p.height, p.channels, v->width, v->height, v->channels));
    for (size_t k = 0; k < pixels && !st; k++)
        for (size_t c = 0; c < channels; c++) {
            size_t at = k * channels + c;
            out[c * pixels + k] = p.type == GT_F32   ? ((const float *)p.samples)[at]
                                  : p.type == GT_U16 ? ((const uint16_t *)p.samples)[at]
                                                     : ((const uint8_t *)p.samples)[at];
        }
    for (size_t k = 0; k < channels * pixels && !st; k++)
        if (!isfinite(out[k])) out[k] = NAN; /* missing, as in NetCDF */
    gt_picture_free(&p);
    return st;
}

gt_status gt_variable_read(const gt_variable *v, int64_t i, float *out) {
    if (v->pictures) return read_picture(v, i, out);
    gt_status st = gt_variable_read_h5(v, i, out);
    return st ? gt_wrap(st, "'%s': %s: sample %lld", v->file, v->name, (long long)i) : GT_OK;
}

void gt_variable_close(gt_variable *v) {
    gt_source_close(v->pictures);
    gt_variable_close_h5(v);
    v->pictures = NULL;
}
