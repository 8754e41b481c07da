/* SPDX-License-Identifier: Apache-2.0
 * Facts about the pictures that the networks of a checkpoint were trained on, beside the fingerprint of the files: the
 * group /data. Each fact is written only where it is known, and readers must do without any of them. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/text.h"
#include "files/codec/door/sample.h"
#include "run/door/checkpoint_internal.h"

enum { TEXT_MOST = 1 << 20 };

#define PICTURES "/data/pictures"
#define READABLE "/data/readable"
#define UNREAD "/data/unread"
#define SAMPLES "/data/samples"
#define RANGE "/data/range"
#define CHANNELS "/data/channels"
#define LABELS "/data/labels"
#define CLASS_NAMES "/data/class_names"

static void put_class_names(gt_checkpoint *c, const gt_checkpoint_data *d) {
    GT_FREED char *text = gt_class_names_to_text(d->class_name, d->class_names);
    if (!text) checkpoint_stick(c, GT_NOMEM);
    else if (strlen(text) < TEXT_MOST) gt_checkpoint_text(c, CLASS_NAMES, text);
}

/* For readers of attributes, clean as in the JSON text. */
static void put_class_attribute(gt_checkpoint *c, const gt_checkpoint_data *d) {
    GT_FREED char **name = calloc((size_t)d->class_names, sizeof *name);
    bool whole = name != NULL;
    for (int i = 0; i < d->class_names && whole; i++) {
        whole = (name[i] = strdup(d->class_name[i])) != NULL;
        if (whole) gt_utf8_clean(name[i]);
    }
    if (whole) checkpoint_attribute_texts(c, "class_names", (const char *const *)name, d->class_names);
    else checkpoint_stick(c, gt_fail(GT_NOMEM, "out of memory for names of classes"));
    for (int i = 0; name && i < d->class_names; i++) free(name[i]);
}

void gt_checkpoint_put_data(gt_checkpoint *c, const gt_checkpoint_data *d) {
    if (*d->pictures) gt_checkpoint_text(c, PICTURES, d->pictures);
    if (*d->readable) gt_checkpoint_text(c, READABLE, d->readable);
    if (*d->readable) gt_checkpoint_text(c, UNREAD, d->unread);
    if (d->samples != GT_U8) gt_checkpoint_text(c, SAMPLES, gt_sample_type(d->samples));
    if (d->has_range) gt_checkpoint_doubles(c, RANGE, &GT_SHAPE(2), d->range);
    if (d->channels && strlen(d->channels) < TEXT_MOST) gt_checkpoint_text(c, CHANNELS, d->channels);
    if (d->vectors) gt_checkpoint_text(c, LABELS, "vectors");
    checkpoint_put_fields(c, d);
    if (!d->class_names) return;
    put_class_names(c, d);
    put_class_attribute(c, d);
}

gt_sample_format gt_checkpoint_samples(const gt_checkpoint_data *d) {
    gt_sample_format usual = {d->samples, {gt_sample_low(d->samples), gt_sample_high(d->samples)}};
    return d->has_range ? (gt_sample_format){d->samples, {d->range[0], d->range[1]}} : usual;
}

/* Hexadecimal digits, `least` or more; "": there is no such entry. */
static gt_status get_digits(const gt_checkpoint_file *f, const char *path, size_t least, char *out, size_t room) {
    if (!gt_checkpoint_find(f, path)) return GT_OK;
    gt_status st = gt_checkpoint_get_text(f, path, out, room);
    size_t digits = st ? 0 : strspn(out, "0123456789abcdef");
    if (!st && (digits < least || out[digits]))
        st = gt_fail(GT_FORMAT, "'%s': '%s' is not a fingerprint", gt_checkpoint_path(f), path);
    return st;
}

static gt_status get_pictures(const gt_checkpoint_file *f, gt_checkpoint_data *out) {
    gt_status st = get_digits(f, PICTURES, sizeof out->pictures - 1, out->pictures, sizeof out->pictures);
    if (!st) st = get_digits(f, READABLE, sizeof out->readable - 1, out->readable, sizeof out->readable);
    return st ? st : get_digits(f, UNREAD, 1, out->unread, sizeof out->unread);
}

static gt_status get_samples(const gt_checkpoint_file *f, gt_checkpoint_data *out) {
    char text[16];
    if (!gt_checkpoint_find(f, SAMPLES)) return GT_OK;
    gt_status st = gt_checkpoint_get_text(f, SAMPLES, text, sizeof text);
    if (st) return st;
    for (gt_sample type = GT_U8; type <= GT_F32; type++)
        if (!strcmp(text, gt_sample_type(type))) return out->samples = type, GT_OK;
    return gt_fail(GT_FORMAT, "'%s': '%s' is not a type of samples", gt_checkpoint_path(f), SAMPLES);
}

static gt_status get_range(const gt_checkpoint_file *f, gt_checkpoint_data *out) {
    if (!gt_checkpoint_find(f, RANGE)) return GT_OK;
    gt_status st = gt_checkpoint_read_doubles(f, RANGE, out->range, 2);
    if (st) return st;
    if (!isfinite(out->range[0]) || !isfinite(out->range[1]) || out->range[0] >= out->range[1])
        return gt_fail(GT_FORMAT, "'%s': '%s' is not a range: %g, %g", gt_checkpoint_path(f), RANGE, out->range[0],
                       out->range[1]);
    out->has_range = true;
    return GT_OK;
}

/* *text NULL: there is none. */
static gt_status get_text(const gt_checkpoint_file *f, const char *path, gt_arena *a, char **text) {
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, path);
    *text = NULL;
    if (!e) return GT_OK;
    if (e->size > TEXT_MOST)
        return gt_fail(GT_FORMAT, "'%s': '%s' has %zu bytes", gt_checkpoint_path(f), path, e->size);
    *text = gt_arena_alloc(a, e->size + 1);
    return *text ? gt_checkpoint_get_text(f, path, *text, e->size + 1) : GT_NOMEM;
}

/* For people: what would not stay within a line of a terminal becomes question marks. */
static gt_status get_channels(const gt_checkpoint_file *f, gt_arena *a, gt_checkpoint_data *out) {
    char *text;
    gt_status st = get_text(f, CHANNELS, a, &text);
    for (char *c = text; !st && text && *c; c++)
        if (iscntrl((unsigned char)*c)) *c = '?';
    out->channels = st ? NULL : text;
    return st;
}

static gt_status get_class_names(const gt_checkpoint_file *f, gt_arena *a, gt_checkpoint_data *out) {
    char *text;
    gt_status st = get_text(f, CLASS_NAMES, a, &text);
    if (!st && text) st = gt_class_names_from_text(text, a, &out->class_name, &out->class_names);
    return st ? gt_wrap(st, "'%s': '%s'", gt_checkpoint_path(f), CLASS_NAMES) : GT_OK;
}

gt_status gt_checkpoint_get_data(const gt_checkpoint_file *f, gt_arena *a, gt_checkpoint_data *out) {
    *out = (gt_checkpoint_data){.vectors = gt_checkpoint_find(f, LABELS) != NULL};
    gt_status st = get_pictures(f, out);
    if (!st) st = get_samples(f, out);
    if (!st) st = get_range(f, out);
    if (!st) st = get_channels(f, a, out);
    if (!st) st = checkpoint_get_fields(f, a, out);
    return st ? st : get_class_names(f, a, out);
}
