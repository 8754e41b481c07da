/* SPDX-License-Identifier: Apache-2.0
 * Makes films of gantry walk again, or single frames of them, of their records. */
#include <stdio.h>
#include <string.h>

#include "dist/door/dist.h"
#include "gantry/text.h"
#include "features/walk/walk.h"
#include "runner/record/door/maker.h"
#include "runner/generator/door/origin.h"

enum { FILM, FRAME };

static gt_status read_makes(const gt_record *r, int *makes) {
    static const char *const names[] = {"film", "frame"};
    *makes = -1;
    gt_status st = gt_record_get_choice(r, "makes", names, 2, makes);
    return !st && *makes < 0 ? gt_fail(GT_FORMAT, "its record is not one of a walk") : st;
}

/* "#3,#0": numbers, never names. */
static gt_status read_classes(const gt_record *r, gt_condition *c) {
    c->class = "";
    gt_status st = gt_record_get_text(r, "classes", &c->class);
    if (!st && c->class[strspn(c->class, "#,0123456789")]) st = gt_fail(GT_FORMAT, "its record has classes by name");
    return !st && c->label && *c->class ? gt_fail(GT_FORMAT, "its record has classes and a label") : st;
}

/* Each frame of a film has a byte of the file at least. */
static gt_status read_frames(const gt_again *a, int makes, gt_walk_request *q) {
    const gt_record *r = a->record;
    int64_t columns = 1, rows = 1, frame = 0;
    gt_status st = gt_record_get_int(r, "columns", 1, a->most, &columns);
    if (!st) st = gt_record_get_int(r, "rows", 1, a->most / columns, &rows);
    if (!st) st = gt_record_get_int(r, "frames", 1, makes == FILM ? a->bytes : UINT32_MAX, &q->frames);
    if (!st && makes == FRAME) st = gt_record_get_int(r, "frame", 0, q->frames - 1, &frame);
    if (!st) st = gt_record_get_bool(r, "loop", &q->loop);
    q->grid = columns * rows > 1 ? (gt_grid){(int)columns, (int)rows, false} : (gt_grid){0};
    if (makes == FRAME) q->from = frame, q->count = 1;
    return !st && !q->frames ? gt_fail(GT_FORMAT, "its record lacks its number of frames") : st;
}

static gt_status read_film(const gt_record *r, gt_film_of *film) {
    film->fps = 30;
    gt_status st = gt_record_get_double(r, "fps", 0.01, 240, &film->fps);
    if (!st) st = gt_record_get_bool(r, "lossless", &film->lossless);
    return st ? st : gt_record_get_double(r, "quality", 0, 100, &film->quality);
}

static gt_status read_request(const gt_again *a, gt_arena *arena, gt_walk_request *q) {
    enum { MOST_SEEDS = 1 << 20 };
    static const char *const spaces[] = {GT_WALK_SPACES(GT_NAME)};
    const gt_record *r = a->record;
    int makes = FILM, space = GT_WALK_ANY;
    *q = (gt_walk_request){.checkpoint = a->network, .styles = "", .again = a, .stop = a->stop};
    gt_status st = gt_origin_options(r, &q->options);
    q->options.pool = a->pool;
    if (!st) st = gt_origin_condition(r, arena, &q->condition);
    if (!st) st = read_classes(r, &q->condition);
    if (!st) st = read_makes(r, &makes);
    if (!st) st = gt_record_get_ranges(r, "seeds", MOST_SEEDS, arena, &q->seeds, &q->n);
    if (!st) st = gt_record_get_choice(r, "space", spaces, 3, &space);
    if (!st) st = gt_record_get_text(r, "styles", &q->styles);
    if (!st && *q->styles) st = gt_layers_check(q->styles);
    if (!st) st = read_frames(a, makes, q);
    if (!st) st = read_film(r, &q->film);
    if (!st && (!q->n || a->seeds)) st = gt_fail(GT_FORMAT, "its record lacks the seeds that it passes");
    q->space = (gt_walk_space)space;
    q->film.path = makes == FRAME ? gt_arena_printf(arena, "%s/", a->folder)
                                  : gt_arena_printf(arena, "%s/film%s", a->folder, a->ending);
    q->film.ffmpeg = a->ffmpeg;
    return st ? st : gt_given_edits(a, &q->edit);
}

static gt_status make_all(gt_comm *comm, const gt_again *a) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_walk_request q;
    gt_status st = arena ? read_request(a, arena, &q) : GT_NOMEM;
    if (!st && !comm->rank && gt_film_kind_of(q.film.path) == GT_FILM_MP4 && !a->ffmpeg)
        st = gt_fail(GT_UNDECIDED, "MP4 needs the program ffmpeg, which is not installed");
    st = gt_comm_agree_all(comm, st);
    return st ? st : gt_walk_all(comm, &q);
}

static gt_status path_of(const gt_again *a, int64_t i, char *path, size_t bytes) {
    int makes;
    (void)i;
    gt_status st = read_makes(a->record, &makes);
    if (!st && makes == FRAME) snprintf(path, bytes, "%s/frame00000.png", a->folder);
    else if (!st) snprintf(path, bytes, "%s/film%s", a->folder, a->ending);
    return st;
}

static void say(const gt_record *r, char *text, size_t bytes) {
    int64_t frame = -1, frames = 0;
    char which[64], seeds[GT_ORIGIN_LIST], classes[GT_ORIGIN_LIST];
    gt_origin_list(r, "seeds", seeds);
    gt_origin_list(r, "classes", classes);
    gt_record_get_int(r, "frame", 0, INT64_MAX, &frame);
    gt_record_get_int(r, "frames", 0, INT64_MAX, &frames);
    if (frame >= 0) snprintf(which, sizeof which, "frame %lld of ", (long long)frame);
    else *which = 0;
    snprintf(text, bytes, "%sa walk through seeds %s%s%s in %lld frames", which, seeds, *classes ? ", classes " : "",
             classes, (long long)frames);
}

const gt_maker gt_maker_walk = {"walk", make_all, path_of, say};
