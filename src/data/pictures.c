/* SPDX-License-Identifier: Apache-2.0 */
#include "data/pictures.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SURVEY_MOST = 65536 };

gt_status gt_pictures_accept(const char *name, bool *accepted) {
    static const char *const other[] = {".jpg", ".jpeg", ".jpe",  ".jfif", ".jp2", ".bmp", ".dib",
                                        ".gif", ".tif",  ".tiff", ".webp", ".tga", ".ppm", ".pgm",
                                        ".pbm", ".pnm",  ".pcx",  ".ico",  ".apng"};
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    *accepted = dot && !strcasecmp(dot, ".png");
    for (size_t i = 0; dot && i < sizeof other / sizeof *other; i++)
        if (!strcasecmp(dot, other[i]))
            return gt_fail(GT_FORMAT, "'%s' is a picture of a kind that cannot be read; convert it to PNG", name);
    return GT_OK;
}

static gt_status compare(const gt_pictures *p, const gt_png_info *found) {
    char is[32], first[32];
    const gt_png_info *s = &p->shape;
    if (found->bits != 8 || found->palette || (found->channels != 1 && found->channels != 3))
        return gt_fail(GT_FORMAT, "%d x %d pixels, %s; 8-bit grey or 8-bit RGB is needed: convert it", found->width,
                       found->height, gt_png_describe(found, is));
    if (found->height != s->height || found->width != s->width || found->channels != s->channels)
        return gt_fail(GT_FORMAT,
                       "%d x %d pixels, %s, while the first picture ('%s') has %d x %d, %s; all must be alike",
                       found->width, found->height, gt_png_describe(found, is), p->names[0], s->width, s->height,
                       gt_png_describe(s, first));
    return GT_OK;
}

static gt_status name_picture(const gt_pictures *p, int64_t i, gt_status st) {
    return st ? gt_wrap(st, "'%s': '%s'", p->path, p->names[i]) : GT_OK;
}

static gt_status survey_one(gt_pictures *p, int64_t i) {
    uint8_t head[GT_PNG_HEAD_BYTES];
    size_t n = 0;
    gt_png_info found = {0};
    gt_status st = p->peek(p->state, i, head, &n);
    if (!st) st = gt_png_head(head, n, &found);
    if (!st && i == 0) p->shape = found;
    if (!st) st = compare(p, &found);
    return name_picture(p, i, st);
}

gt_status gt_pictures_survey(gt_pictures *p, gt_source *s) {
    if (p->count == 0) return gt_fail(GT_FORMAT, "'%s' holds no PNG pictures", p->path);
    int64_t looks = p->count < SURVEY_MOST ? p->count : SURVEY_MOST;
    for (int64_t k = 0; k < looks; k++) {
        gt_status st = survey_one(p, (int64_t)((__int128)k * p->count / looks));
        if (st) return st;
    }
    s->count = p->count;
    s->height = p->shape.height;
    s->width = p->shape.width;
    s->channels = p->shape.channels;
    return GT_OK;
}

gt_status gt_pictures_read(const gt_pictures *p, int64_t i, uint8_t *pixels) {
    void *bytes = NULL;
    size_t n = 0;
    gt_png_info found = {0};
    gt_status st = p->load(p->state, i, &bytes, &n);
    if (!st) st = gt_png_head(bytes, n, &found);
    if (!st) st = compare(p, &found);
    if (!st) st = gt_png_decode(bytes, n, &found, pixels);
    free(bytes);
    return name_picture(p, i, st);
}
