/* SPDX-License-Identifier: Apache-2.0
 * The pictures that are projected: finds them, and gives each the size and the channels of the generator's pictures
 * (spec 6.3). */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gantry/log.h"
#include "gantry/source.h"
#include "gantry/transform.h"
#include "use/project/step.h"

enum { FILE_MOST = 1 << 30 };

/* ---- which there are ---- */

/* The last part of a path without its ending, with nothing in it that does not belong in a file name. */
static char *stem_of(const char *path) {
    char name[GT_NAME_BYTES];
    gt_path_name(path, name);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = 0;
    for (char *p = name; *p; p++)
        if (*p == '/' || (unsigned char)*p < ' ') *p = '_';
    return strdup(*name && strcmp(name, "..") ? name : "target");
}

static bool taken(const gt_targets *t, const char *name) {
    for (int64_t i = 0; i < t->n; i++)
        if (!strcmp(t->list[i].name, name)) return true;
    return false;
}

static gt_status add_target(gt_targets *t, size_t *room, gt_target target, const char *path) {
    gt_status st = gt_grow(&t->list, room, (size_t)t->n + 1, sizeof *t->list, "the list of targets");
    char *stem = st ? NULL : stem_of(path);
    if (!stem) return st ? st : gt_fail(GT_NOMEM, "out of memory for the list of targets");
    target.name = stem;
    for (int k = 2; taken(t, target.name) && target.name; k++) {
        if (target.name != stem) free(target.name);
        if (asprintf(&target.name, "%s-%d", stem, k) < 0) target.name = NULL;
    }
    if (target.name != stem) free(stem);
    if (!target.name) return gt_fail(GT_NOMEM, "out of memory for the list of targets");
    t->list[t->n++] = target;
    return GT_OK;
}

static gt_status add_file(gt_targets *t, size_t *room, const char *path) {
    char *file = strdup(path);
    gt_status st = file ? add_target(t, room, (gt_target){.file = file}, path)
                        : gt_fail(GT_NOMEM, "out of memory for the list of targets");
    if (st) free(file);
    return st;
}

static gt_status add_source(gt_targets *t, size_t *room, const char *spec) {
    gt_source *s;
    gt_status st = gt_source_open(&s, spec, NULL);
    if (st) return gt_wrap(st, "--target");
    int at = t->n_sources++;
    t->sources[at] = s;
    int64_t count = gt_source_get_info(s)->count;
    for (int64_t i = 0; i < count && !st; i++) {
        char buffer[GT_ITEM_NAME_BYTES];
        st = add_target(t, room, (gt_target){.source = at, .item = i}, gt_source_name(s, i, buffer));
    }
    return st;
}

/* The first bytes tell. */
static bool is_picture(const char *path) {
    enum { HEAD = 64 };
    char head[HEAD];
    off_t bytes;
    int fd;
    if (gt_is_directory(path) || gt_file_open_regular(path, &fd, &bytes)) return false;
    size_t n = bytes < HEAD ? (size_t)bytes : HEAD;
    bool is = !gt_read_at(fd, 0, head, n) && !gt_picture_recognise(head, n);
    close(fd);
    return is;
}

static void hash_names(gt_targets *t) {
    gt_buffer b = {0};
    for (int64_t i = 0; i < t->n; i++) gt_buffer_add(&b, t->list[i].name, strlen(t->list[i].name) + 1);
    t->names = gt_hash(b.data, b.n);
    gt_buffer_free(&b);
}

gt_status gt_targets_open(gt_targets *t, const gt_project_request *r) {
    size_t room = 0;
    *t = (gt_targets){.sources = calloc((size_t)r->n_targets + 1, sizeof *t->sources)};
    gt_status st = t->sources ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the list of targets");
    for (int i = 0; i < r->n_targets && !st; i++)
        st = is_picture(r->targets[i]) ? add_file(t, &room, r->targets[i]) : add_source(t, &room, r->targets[i]);
    if (!st) hash_names(t);
    return st;
}

void gt_targets_close(gt_targets *t) {
    for (int64_t i = 0; i < t->n; i++) {
        free(t->list[i].name);
        free(t->list[i].file);
    }
    for (int i = 0; i < t->n_sources; i++) gt_source_close(t->sources[i]);
    free(t->list);
    free(t->sources);
    *t = (gt_targets){0};
}

/* ---- each as the generator's pictures are ---- */

static gt_status decode(const gt_targets *t, const gt_target *target, gt_picture *p) {
    void *bytes;
    size_t n;
    if (!target->file) return gt_source_read(t->sources[target->source], target->item, p);
    gt_status st = gt_file_read(target->file, FILE_MOST, &bytes, &n);
    if (st) return st;
    st = gt_picture_decode(p, bytes, n, 0);
    free(bytes);
    return st ? gt_wrap(st, "'%s'", target->file) : GT_OK;
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

/* As the reference tool does: colours stay as they are, however transparent. */
static void drop_alpha(gt_picture *p) {
    size_t sample = gt_sample_bytes(p->type), pixel = (size_t)p->channels * sample, kept = pixel - sample;
    char *samples = p->samples;
    for (size_t i = 0; i < (size_t)p->height * (size_t)p->width; i++)
        memmove(samples + i * kept, samples + i * pixel, kept);
    p->channels--;
    p->alpha = false;
}

static gt_status adapt(gt_picture *p, const gt_model *m) {
    bool dropped;
    if (p->alpha && m->channels % 2) drop_alpha(p);
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

/* Samples to -1..1. */
static gt_status scale(const gt_picture *p, float **image) {
    size_t n = (size_t)p->height * (size_t)p->width * (size_t)p->channels;
    double low = gt_sample_low(p->type), span = gt_sample_high(p->type) - low;
    *image = malloc(n * sizeof **image);
    if (!*image) return gt_fail(GT_NOMEM, "out of memory for a target");
    for (size_t i = 0; i < n; i++) {
        double v = p->type == GT_U8    ? ((const uint8_t *)p->samples)[i]
                   : p->type == GT_U16 ? ((const uint16_t *)p->samples)[i]
                                       : (double)((const float *)p->samples)[i];
        (*image)[i] = (float)((v - low) / span * 2 - 1);
        if (!isfinite((*image)[i])) return gt_fail(GT_FORMAT, "it holds values that are not numbers");
    }
    return GT_OK;
}

gt_status gt_targets_read(const gt_targets *t, int64_t i, const gt_model *m, bool say, float **image) {
    const gt_target *target = &t->list[i];
    gt_picture p;
    char was[48], is[48];
    *image = NULL;
    gt_status st = decode(t, target, &p);
    if (st) return gt_wrap(st, "--target");
    gt_picture_describe(&p, was);
    int height = p.height, width = p.width;
    cut(&p, m->height, m->width);
    bool cropped = p.height != height || p.width != width;
    bool resized = p.height != m->height || p.width != m->width;
    st = adapt(&p, m);
    if (st) return gt_wrap(st, "--target: '%s'", target->name);
    gt_picture_describe(&p, is);
    if (say && (cropped || resized || strcmp(was, is)))
        gt_log(GT_WARNING, "'%s', %dx%d pixels, %s, is %s%sto %dx%d, %s", target->name, width, height, was,
               cropped ? "cropped to its middle and " : "", resized ? "resized (Lanczos) " : "converted ", m->width,
               m->height, is);
    st = scale(&p, image);
    gt_picture_free(&p);
    if (!st) return GT_OK;
    free(*image);
    *image = NULL;
    return gt_wrap(st, "--target: '%s'", target->name);
}
