/* SPDX-License-Identifier: Apache-2.0
 * The pictures that are projected: finds them, and gives each the size and the channels of the generator's pictures
 * (docs/mathematics/projection.md#target). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "files/codec/door/picture.h"
#include "base/door/memory.h"
#include "gantry/source.h"
#include "features/project/step.h"
#include "runner/door/adapt.h"

/* ---- which there are ---- */

/* The last part of a path without its ending, with nothing in it that does not belong in a file name. */
static const char *stem_of(const char *path, char name[GT_NAME_BYTES]) {
    gt_path_name(path, name);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = 0;
    for (char *p = name; *p; p++)
        if (*p == '/' || (unsigned char)*p < ' ') *p = '_';
    return *name && strcmp(name, "..") ? name : "target";
}

static bool taken(const gt_targets *t, const char *name) {
    for (int64_t i = 0; i < t->n; i++)
        if (!strcmp(t->list[i].name, name)) return true;
    return false;
}

static gt_status add_target(gt_targets *t, size_t *room, gt_target target, const char *path) {
    char part[GT_NAME_BYTES], name[GT_NAME_BYTES + 16];
    const char *stem = stem_of(path, part);
    snprintf(name, sizeof name, "%s", stem);
    for (int k = 2; taken(t, name); k++) snprintf(name, sizeof name, "%s-%d", stem, k);
    gt_status st = gt_grow(&t->list, room, (size_t)t->n + 1, sizeof *t->list, "the list of targets");
    if (st || !(target.name = gt_arena_printf(t->arena, "%s", name))) return GT_NOMEM;
    t->list[t->n++] = target;
    return GT_OK;
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
    GT_BUFFER gt_buffer b = {0};
    for (int64_t i = 0; i < t->n; i++) gt_buffer_add(&b, t->list[i].name, strlen(t->list[i].name) + 1);
    t->names = gt_hash(b.data, b.n);
}

gt_status gt_targets_open(gt_targets *t, const gt_project_request *r) {
    size_t room = 0;
    *t = (gt_targets){.arena = gt_arena_new()};
    if (t->arena) t->sources = gt_arena_array(t->arena, (size_t)r->n_targets, sizeof *t->sources);
    gt_status st = t->sources ? GT_OK : GT_NOMEM;
    for (int i = 0; i < r->n_targets && !st; i++)
        if (!gt_synth_of_path(r->targets[i]) && access(r->targets[i], F_OK))
            st = gt_fail(GT_FAILED, "'%s': %s", r->targets[i], strerror(errno));
    for (int i = 0; i < r->n_targets && !st; i++)
        st = is_picture(r->targets[i]) ? add_target(t, &room, (gt_target){.file = r->targets[i]}, r->targets[i])
                                       : add_source(t, &room, r->targets[i]);
    if (!st) hash_names(t);
    return st;
}

void gt_targets_close(gt_targets *t) {
    for (int i = 0; i < t->n_sources; i++) gt_source_close(t->sources[i]);
    free(t->list);
    gt_arena_free(t->arena);
    *t = (gt_targets){0};
}

/* ---- each as the generator's pictures are ---- */

static gt_status decode(const gt_targets *t, const gt_target *target, gt_picture *p) {
    return target->file ? gt_read_picture(target->file, p)
                        : gt_source_read(t->sources[target->source], target->item, p);
}

gt_status gt_targets_read(const gt_targets *t, int64_t i, const gt_trained *net, bool say, float **image) {
    gt_picture p;
    *image = NULL;
    gt_status st = decode(t, &t->list[i], &p);
    if (!st) st = gt_adapt_picture(&p, t->list[i].name, net, say, image);
    return st ? gt_wrap(st, "--target") : GT_OK;
}
