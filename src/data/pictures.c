/* SPDX-License-Identifier: Apache-2.0 */
#include "data/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/progress.h"

enum { SURVEY_MOST = 65536, SHORT_HEAD = 1024, DESCRIPTION_BYTES = 96 };

gt_status gt_pictures_accept(const char *name, bool *accepted) {
    static const char *const read[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"};
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    *accepted = false;
    for (size_t i = 0; dot && i < sizeof read / sizeof *read; i++) *accepted |= !strcasecmp(dot, read[i]);
    return *accepted || !gt_picture_is_name(name) ? GT_OK
                                                  : gt_fail(GT_FORMAT, "'%s' is a picture of a kind that cannot be read; convert it to PNG", name);
}

static const char *describe(const gt_picture *p, char text[DESCRIPTION_BYTES]) {
    char kind[48];
    snprintf(text, DESCRIPTION_BYTES, "%d x %d pixels, %s", p->width, p->height, gt_picture_describe(p, kind));
    return text;
}

static gt_status compare(const gt_pictures *p, const gt_picture *found) {
    char is[DESCRIPTION_BYTES], first[DESCRIPTION_BYTES];
    const gt_picture *s = &p->shape;
    if (found->height == s->height && found->width == s->width && found->channels == s->channels && found->type == s->type && found->alpha == s->alpha) return GT_OK;
    return gt_fail(GT_FORMAT, "%s, while the first picture ('%s') has %s; all must be alike (gantry dataset makes them so)", describe(found, is),
                   p->names[0], describe(s, first));
}

static gt_status name_picture(const gt_pictures *p, int64_t i, gt_status st) {
    return st ? gt_wrap(st, "'%s': '%s'", p->path, p->names[i]) : GT_OK;
}

static gt_status decode(const gt_pictures *p, int64_t i, gt_picture *out) {
    void *bytes = NULL;
    size_t n = 0;
    gt_status st = p->load(p->state, i, &bytes, &n);
    if (!st) st = gt_picture_decode(out, bytes, n, NULL);
    free(bytes);
    return st;
}

/* From as few bytes as tell: `buffer` has room for GT_PICTURE_HEAD_BYTES. */
static gt_status read_head(const gt_pictures *p, int64_t i, void *buffer, gt_picture_info *info) {
    static const size_t lengths[] = {SHORT_HEAD, GT_PICTURE_HEAD_BYTES};
    size_t n = 0;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        gt_status st = p->peek(p->state, i, buffer, lengths[k], &n);
        if (st) return st;
        st = gt_picture_head(info, buffer, n);
        if (!st || n < lengths[k]) return st;
    }
    void *bytes = NULL;
    gt_status st = p->load(p->state, i, &bytes, &n);
    if (!st) st = gt_picture_head(info, bytes, n);
    free(bytes);
    return st;
}

/* Its shape by decoding it. */
static gt_status read_shape(const gt_pictures *p, int64_t i, gt_picture *shape) {
    gt_status st = decode(p, i, shape);
    free(shape->samples);
    shape->samples = NULL;
    return st;
}

static gt_status survey_one(const gt_pictures *p, int64_t i, void *buffer) {
    gt_picture_info info = {0};
    gt_progress();
    gt_status st = read_head(p, i, buffer, &info);
    gt_picture found = {.height = info.height, .width = info.width, .channels = info.channels, .alpha = info.alpha, .type = gt_sample_of_bits(info.bits)};
    if (st) st = read_shape(p, i, &found); /* not all that can be read can be told from its head */
    if (!st) st = compare(p, &found);
    return name_picture(p, i, st);
}

static gt_status survey_first(gt_pictures *p) {
    return name_picture(p, 0, read_shape(p, 0, &p->shape));
}

gt_status gt_pictures_survey(gt_pictures *p, gt_stored *s) {
    if (p->count == 0) return gt_fail(GT_FORMAT, "'%s' holds no pictures", p->path);
    gt_status st = survey_first(p);
    void *buffer = malloc(GT_PICTURE_HEAD_BYTES);
    if (!buffer && !st) st = gt_fail(GT_NOMEM, "out of memory for opening '%s'", p->path);
    int64_t looks = p->count < SURVEY_MOST ? p->count : SURVEY_MOST;
    for (int64_t k = 0; k < looks && !st; k++) st = survey_one(p, (int64_t)((__int128)k * p->count / looks), buffer);
    free(buffer);
    s->count = p->count;
    s->height = p->shape.height;
    s->width = p->shape.width;
    s->channels = p->shape.channels;
    s->type = p->shape.type;
    return st;
}

gt_status gt_pictures_name_channels(const gt_pictures *p, gt_notes *notes) {
    if (notes->channel_names || !p->shape.alpha || (p->shape.channels != 2 && p->shape.channels != 4)) return GT_OK;
    notes->channel_names = strdup(p->shape.channels == 4 ? "R,G,B,A" : "grey,A");
    return notes->channel_names ? GT_OK : gt_fail(GT_NOMEM, "out of memory for opening '%s'", p->path);
}

gt_status gt_pictures_read(const gt_pictures *p, int64_t i, void *samples) {
    gt_picture found = {0};
    gt_status st = decode(p, i, &found);
    if (!st) st = compare(p, &found);
    if (!st) memcpy(samples, found.samples, gt_picture_bytes(&found));
    gt_picture_free(&found);
    return name_picture(p, i, st);
}
